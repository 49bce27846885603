package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
	"aiproxy/store/peer"
)

// Store is a node's part of the cluster. Open makes it, Shutdown ends it.
type Store struct {
	config  Config
	logger  *slog.Logger
	started time.Time

	node    atomic.Pointer[nodeFile]
	disk    *disk
	peers   *peer.Transport
	network *raft.NetworkTransport
	raft    *raft.Raft
	caller  *caller
	// leaderNews rings whenever this node learns of a leader or that there is none.
	leaderNews bell

	// nodeChange is held while the node file is changed.
	nodeChange sync.Mutex
	founding   founding
	book       addressBook
	// conflicts are the seeds that belong to another cluster, nil before the first look.
	conflicts atomic.Pointer[[]string]
	// admission serialises changes of membership on the leader.
	admission sync.Mutex
	// settled is set while this node leads and has applied all that earlier leaders decided.
	settled atomic.Bool
	// settledTerm is the last term in which this node has led and committed an entry.
	settledTerm atomic.Uint64
	// ownReads are checks of reads by this node as the leader, askedReads those that ask the leader.
	ownReads, askedReads *readChecks
	progress             *progress
	nudges               chan struct{}
	probes               *probes
	// caughtUp is set once this node has applied all that the leader had at some moment after the start.
	caughtUp atomic.Bool
	// joinFault is the reason why the cluster refuses this node, if it does.
	joinFault     atomic.Pointer[string]
	leaderChanges atomic.Uint64
	// commits is how long this node, as the leader, took to write and apply commands.
	commits durations

	// removed is set once this node knows that it is not in its cluster any more, doubted when it is told to ask.
	removed atomic.Bool
	doubted chan struct{}

	// hangs is set while this node's disk hangs, hangNews rings when that begins.
	hangs     atomic.Bool
	hangNews  bell
	hangCount atomic.Uint64
	// toldFault is when a failed write was last logged. Only watchDisk uses it.
	toldFault time.Time

	stop   context.CancelFunc
	tasks  tasks
	closed sync.Once
}

// Open opens the data directory, starts the peers' port and forms, joins or rejoins the cluster in the background.
// The view is that of the last run until the cluster has been heard.
func Open(c Config) (*Store, error) {
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("store configuration: %w", err)
	}
	node, err := openNodeFile(c.Dir, c.NodeID)
	if err != nil {
		return nil, err
	}
	s := &Store{config: c, logger: c.Logger, started: time.Now(), nudges: make(chan struct{}, 1), doubted: make(chan struct{}, 1)}
	if s.disk, err = openDisk(&c); err != nil {
		return nil, err
	}
	if err := s.disk.forgetUnfinishedBootstrap(node); err != nil {
		return nil, errors.Join(err, s.disk.close())
	}
	if err := s.disk.verifyOwner(node); err != nil {
		return nil, errors.Join(err, s.disk.close())
	}
	if err := s.settleNode(node); err != nil {
		return nil, errors.Join(err, s.disk.close())
	}
	if c.NonVoter && !s.disk.existing && len(c.otherSeeds()) == 0 {
		err := errors.New("a node without a vote can't start a cluster: name nodes to join in --seed-nodes, or leave out --non-voter")
		return nil, errors.Join(err, s.disk.close())
	}
	if err := s.openPeers(); err != nil {
		return nil, errors.Join(err, s.disk.close())
	}
	if err := s.openRaft(); err != nil {
		return nil, errors.Join(err, s.peers.Close(), s.disk.close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.start(ctx)
	return s, nil
}

// start begins the store's tasks. Each ends when ctx does.
func (s *Store) start(ctx context.Context) {
	s.progress = newProgress(s.caller.waitApplied, &s.tasks)
	s.probes = newProbes(s.caller.ping, s.raft.CommitIndex, &s.tasks)
	bound := s.config.scaled(heartbeatTimeout)
	s.ownReads = &readChecks{check: s.confirmedIndex, timeout: bound, tasks: &s.tasks}
	s.askedReads = &readChecks{check: s.askReadIndex, timeout: bound, tasks: &s.tasks}
	for _, task := range []func(context.Context){
		s.serve, s.serveCalls, s.superviseLeadership, s.observe, s.form, s.catchUp, s.watchDisk, s.noticeRemoval, s.watchSeeds,
		s.tendMirror, s.trimHeavyLog,
	} {
		s.tasks.start(func() { task(ctx) })
	}
}

// View returns the current state. It never blocks and is never nil; the caller must not change what it points to.
func (s *Store) View() *fsm.View { return s.disk.machine.View() }

// Watch returns the current state and a channel that is closed once there is a newer one.
func (s *Store) Watch() (*fsm.View, <-chan struct{}) { return s.disk.machine.Watch() }

// Clients is the listener of the clients' connections on the node's port.
func (s *Store) Clients() net.Listener { return s.peers.Clients() }

// identity is what this node says of itself in every handshake.
func (s *Store) identity() peer.Identity {
	n := s.node.Load()
	return peer.Identity{
		ClusterID:  n.ClusterID,
		NodeID:     n.NodeID,
		InstanceID: n.InstanceID,
		Version:    s.config.Version,
		Address:    s.config.Address,
	}
}

func (s *Store) openPeers() error {
	var err error
	s.peers, err = peer.New(peer.Config{
		Secret: s.config.Secret, PreviousSecrets: s.config.PreviousSecrets,
		Self:      s.identity,
		ClientTLS: s.config.ClientTLS,
		NodeAt:    s.memberAt,
		MovedTo:   s.movedTo,
		Met:       s.met,
		Dial:      s.config.Dial,
		Now:       s.config.Now,
		Logger:    s.logger.With("component", "peer"),
	})
	if err != nil {
		return fmt.Errorf("open peer transport: %w", err)
	}
	s.caller = &caller{client: s.peers.Client()}
	return nil
}

// memberAt returns the ID of the member recorded at the address, or "".
func (s *Store) memberAt(address string) string {
	for _, m := range s.View().Members {
		if m.Address == address {
			return m.ID
		}
	}
	return ""
}

// serve accepts connections on the node's port. The port is the node: without it, it must not go on.
func (s *Store) serve(ctx context.Context) {
	if err := s.peers.Serve(s.config.Listener); err != nil && ctx.Err() == nil {
		s.config.OnFault(fmt.Errorf("serve %s: %w", s.config.Address, err))
	}
}

func (s *Store) serveCalls(ctx context.Context) {
	if err := s.peers.ServeCalls(s.callHandler()); err != nil && ctx.Err() == nil && !errors.Is(err, http.ErrServerClosed) {
		s.config.OnFault(fmt.Errorf("serve peer calls: %w", err))
	}
}

// settleNode makes the node file fit what is on disk beside it.
func (s *Store) settleNode(was nodeFile) error {
	n, err := was.settled(s.config.Dir, s.disk.existing, len(s.config.otherSeeds()) > 0)
	if err != nil {
		return err
	}
	if n.InstanceID != was.InstanceID {
		s.logger.Warn("node has no raft state, it joins anew as another instance", "cluster_id", was.ClusterID)
	}
	s.node.Store(&was)
	return s.replaceNode(n)
}

// changeNode changes this node's file, on disk first. Changes exclude each other.
func (s *Store) changeNode(change func(*nodeFile)) error {
	s.nodeChange.Lock()
	defer s.nodeChange.Unlock()
	n := *s.node.Load()
	change(&n)
	return s.replaceNode(n)
}

// replaceNode makes n this node's file, on disk first. Where several goroutines may, changeNode calls it.
func (s *Store) replaceNode(n nodeFile) error {
	if n == *s.node.Load() {
		return nil
	}
	if err := n.write(s.config.Dir); err != nil {
		return err
	}
	s.node.Store(&n)
	return nil
}

// Shutdown hands leadership over if this node has it, stops Raft, closes the port and the databases. Membership
// stays. It returns after ctx at the latest, with what did not end in time.
func (s *Store) Shutdown(ctx context.Context) error {
	var err error
	s.closed.Do(func() { err = s.shutdown(ctx) })
	return err
}

func (s *Store) shutdown(ctx context.Context) error {
	// 1. Another node leads before this one goes, so that writes wait milliseconds rather than an election.
	s.handOver(ctx)
	// 2. No task starts anything new.
	s.stop()
	// 3. Raft stops before what it writes to.
	raftErr := s.stopRaft(ctx)
	// 4. The port closes, with all connections, which unblocks tasks that wait for a peer.
	peersErr := s.peers.Close()
	tasksErr := within(ctx, "end tasks", func() error { s.tasks.end(); return nil })
	if raftErr != nil || tasksErr != nil {
		// Closing databases under a running Raft would be worse than leaving that to the end of the process.
		return errors.Join(raftErr, peersErr, tasksErr)
	}
	return errors.Join(peersErr, s.disk.close())
}

// stopRaft stops Raft. Its streams close before it is waited for: it waits for its own exchanges, and a peer that hangs
// would hold one up for transportTimeout. While the disk hangs, so does Raft, and is not waited for.
func (s *Store) stopRaft(ctx context.Context) error {
	stopped := s.raft.Shutdown()
	if s.hangs.Load() {
		return errors.Join(s.network.Close(), errHanging)
	}
	return errors.Join(s.network.Close(), within(ctx, "stop raft", stopped.Error))
}

// handOver transfers leadership to the most current voter that answers, if there is one. Raft's own choice may fall on
// one that hangs, on which it would wait for an election's time in vain.
func (s *Store) handOver(ctx context.Context) {
	if !s.leads() || s.otherVoters() == 0 {
		return
	}
	members, _ := s.askMembersAnew(ctx) // One that was stopped a moment ago must not be waited for.
	heir, ok := s.heir(members)
	if !ok {
		s.logger.Info("leadership not handed over, no other voter answers")
		return
	}
	err := within(ctx, "transfer leadership", func() error {
		return s.raft.LeadershipTransferToServer(heir.ID, heir.Address).Error()
	})
	if err != nil {
		s.logger.Info("leadership not handed over, an election follows", "error", err)
		return
	}
	s.logger.Info("leadership handed over")
}

// heir is the other voter with the longest log among those that answer.
func (s *Store) heir(members []MemberStatus) (heir raft.Server, ok bool) {
	var longest uint64
	for _, m := range members {
		if m.ID == s.config.NodeID || m.Suffrage != voterName || !m.Reachable || m.State == stateHanging {
			continue
		}
		if ok && m.LastIndex <= longest {
			continue
		}
		heir = raft.Server{ID: raft.ServerID(m.ID), Address: raft.ServerAddress(m.RaftAddr)}
		longest, ok = m.LastIndex, true
	}
	return heir, ok
}

func (s *Store) otherVoters() int {
	n := 0
	for _, server := range s.servers() {
		if server.Suffrage == raft.Voter && server.ID != raft.ServerID(s.config.NodeID) {
			n++
		}
	}
	return n
}

// servers is Raft's latest configuration, which may not be committed yet.
func (s *Store) servers() []raft.Server {
	future := s.raft.GetConfiguration()
	if future.Error() != nil {
		return nil
	}
	return future.Configuration().Servers
}

// within runs f and waits for it until ctx ends.
func within(ctx context.Context, what string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
}
