package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// pathReadIndex is the peer call that asks the leader how far a read must wait.
const pathReadIndex = "/peer/v1/read-index"

// errUnconfirmed means that too few voters said that this node leads: another one may lead by now.
var errUnconfirmed = errors.New("leadership is not confirmed")

type readIndexReply struct {
	Index uint64 `json:"index"`
}

// AwaitLatest returns once the View of this node includes every write that was acknowledged anywhere before the call: a
// read of the View is linearizable then. It waits for five seconds at most, an election among them. Its errors wrap
// fsm.ErrNoLeader, when no leader that a quorum confirms could be asked, or fsm.ErrBehind.
func (s *Store) AwaitLatest(ctx context.Context) error {
	if s.removed.Load() {
		return fmt.Errorf("%w that this node may ask: %s", fsm.ErrNoLeader, s.removedText())
	}
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	for {
		index, err := s.readIndex(ctx)
		if err == nil {
			return s.AwaitIndex(ctx, index)
		}
		if !pause(ctx, retryPause) {
			return fmt.Errorf("%w: %w", fsm.ErrNoLeader, err)
		}
	}
}

// AwaitIndex returns once the View of this node includes the entry at index, which is that of a receipt or of another
// View. Its errors wrap fsm.ErrBehind and tell how far the node is.
func (s *Store) AwaitIndex(ctx context.Context, index uint64) error {
	if err := s.disk.machine.WaitIndex(ctx, index); err != nil {
		return fmt.Errorf("%w: %w", fsm.ErrBehind, err)
	}
	return nil
}

// readIndex returns the index that a read begun before the call must wait for.
func (s *Store) readIndex(ctx context.Context) (uint64, error) {
	if s.leads() {
		return s.ownReads.ask(ctx)
	}
	return s.askedReads.ask(ctx)
}

// askReadIndex asks the leader, and stops waiting for it when this node learns that it leads no more.
func (s *Store) askReadIndex(ctx context.Context) (uint64, error) {
	leader := s.knownLeader(ctx)
	if leader == "" {
		return 0, fmt.Errorf("%w: no leader is known", errNotLeader)
	}
	ctx, cancel, err := s.whileLed(ctx, leader)
	if err != nil {
		return 0, err
	}
	defer cancel()
	return s.caller.readIndex(ctx, string(leader))
}

// confirmedIndex is the leader's answer: how far it had committed, once a majority has said after that moment that it
// leads. Raft's own VerifyLeader will not do, because an answer to a heartbeat from before the question counts there as
// well: a leader that was paused finds such answers waiting when it wakes, whoever leads by then.
func (s *Store) confirmedIndex(ctx context.Context) (uint64, error) {
	term := s.raft.CurrentTerm()
	// An entry of its own term must be committed, or the leader may not know all that its predecessors have committed.
	if !s.leads() || s.settledTerm.Load() != term {
		return 0, fmt.Errorf("%w, or not for long enough", errNotLeader)
	}
	index := s.raft.CommitIndex()
	if err := s.confirmTerm(ctx, term); err != nil {
		return 0, err
	}
	if !s.leads() || s.raft.CurrentTerm() != term {
		return 0, fmt.Errorf("%w any more", errNotLeader)
	}
	return s.lastForState(index)
}

// confirmTerm returns nil once a majority of the voters, this node among them, has answered that it is in term and takes
// this node for its leader. A voter leaves a term before it helps to elect the leader of a later one, so none can have
// been elected before this call began.
func (s *Store) confirmTerm(ctx context.Context, term uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	servers := s.servers()
	answers := make(chan error, len(servers))
	voters, confirmed := 0, 0
	for _, server := range servers {
		switch {
		case server.Suffrage != raft.Voter:
		case server.ID == raft.ServerID(s.config.NodeID):
			voters++
			confirmed++
		default:
			voters++
			go func() { answers <- s.confirms(ctx, server, term) }()
		}
	}
	needed, failed := voters/2+1, error(nil)
	for left := voters - confirmed; confirmed < needed; left-- {
		if left == 0 {
			return fmt.Errorf("%w by %d of %d voters, %d are needed: %w", errUnconfirmed, confirmed, voters, needed, failed)
		}
		if err := <-answers; err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		confirmed++
	}
	return nil
}

// confirms asks one voter. It returns when ctx ends.
func (s *Store) confirms(ctx context.Context, voter raft.Server, term uint64) error {
	pong, err := s.caller.ping(ctx, string(voter.Address))
	switch {
	case err != nil:
		return fmt.Errorf("node %s: %w", voter.ID, err)
	case pong.NodeID != string(voter.ID):
		return fmt.Errorf("node %s: another node answers at its address", voter.ID)
	case pong.Term != term || pong.Leader != s.config.NodeID:
		return fmt.Errorf("node %s is in term %d and takes %q for the leader", voter.ID, pong.Term, pong.Leader)
	}
	return nil
}

// lastForState is the last entry up to index that reaches the state machine, which alone can be waited for: Raft keeps
// its own to itself. There are a few of those in a row at most.
func (s *Store) lastForState(index uint64) (uint64, error) {
	for ; index > s.View().Index; index-- {
		var entry raft.Log
		if err := s.disk.cache.GetLog(index, &entry); err != nil {
			return 0, fmt.Errorf("read log entry %d: %w", index, err)
		}
		if entry.Type == raft.LogCommand || entry.Type == raft.LogConfiguration {
			break
		}
	}
	return index, nil
}

// serveReadIndex answers a node that has a read to serve. It never asks another node for the index.
func (s *Store) serveReadIndex(w http.ResponseWriter, r *http.Request) {
	if !s.fromMember(w, r) {
		return
	}
	ctx, cancel := callerContext(r, applyTimeout)
	defer cancel()
	if !s.leads() {
		refuse(w, s.notLeader())
		return
	}
	index, err := s.ownReads.ask(ctx)
	if err != nil {
		refuse(w, &callError{Code: codeNotLeader, Message: "node " + s.config.NodeID + " can't say how far to wait: " + err.Error()})
		return
	}
	answer(w, readIndexReply{Index: index})
}

// readIndex asks the leader how far a read must wait.
func (c *caller) readIndex(ctx context.Context, leader string) (uint64, error) {
	var reply readIndexReply
	if _, err := c.call(ctx, http.MethodGet, leader, pathReadIndex, nil, &reply); err != nil {
		return 0, fmt.Errorf("ask the leader at %s: %w", leader, err)
	}
	return reply.Index, nil
}
