package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
	"aiproxy/store/peer"
)

const (
	// standingPause is the mean time between two looks at whether this node may have been removed.
	standingPause = 500 * time.Millisecond
	// standingTimeout bounds one question for this node's standing, and the word of a removal.
	standingTimeout = time.Second
)

// stateRemoved is the state of a node that is not in its cluster any more.
const stateRemoved = "removed"

// standingReply says whether the asking node belongs to the cluster.
type standingReply struct {
	Member bool `json:"member"`
}

// noticeRemoval finds out when this node was removed from its cluster. Its own log can't tell: it may end before the
// node was added again, or hold a removal that was never committed. So a node in doubt asks, and only a leader that has
// applied all and still leads answers.
func (s *Store) noticeRemoval(ctx context.Context) {
	told := false
	for !s.removed.Load() && s.awaitDoubt(ctx, &told) {
		if !told && !s.inDoubt() {
			continue
		}
		member, known := s.askStanding(ctx)
		if known && !member {
			s.noteRemoval()
			return
		}
		told = told && !known
	}
}

// awaitDoubt waits until it is time to look whether there is doubt, or this node is told that there is. It tells
// whether ctx is still alive.
func (s *Store) awaitDoubt(ctx context.Context, told *bool) bool {
	timer := time.NewTimer(s.config.scaled(standingPause))
	defer timer.Stop()
	select {
	case <-s.doubted:
		*told = true
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// inDoubt tells that this node hears no leader, or is not in the configuration that it has.
func (s *Store) inDoubt() bool {
	servers := s.servers()
	if s.node.Load().ClusterID == "" || len(servers) == 0 || s.raft.State() == raft.Leader {
		return false
	}
	_, leader := s.raft.LeaderWithID()
	return leader == "" || !hasServer(servers, s.config.NodeID)
}

// askStanding asks the cluster's leader whether this node belongs to the cluster. known false means that no leader
// could say.
func (s *Store) askStanding(ctx context.Context) (member, known bool) {
	for _, address := range s.acquaintances() {
		reply, err := s.askLeader(ctx, address)
		if err == nil {
			return reply.Member, true
		}
		if ctx.Err() != nil {
			break
		}
	}
	return false, false
}

// askLeader asks the node at the address, and the leader that it names.
func (s *Store) askLeader(ctx context.Context, address string) (standingReply, error) {
	ctx, cancel := context.WithTimeout(ctx, standingTimeout)
	defer cancel()
	reply, err := s.caller.standing(ctx, address)
	refused, ok := errors.AsType[*callError](err)
	if ok && refused.Code == codeNotLeader && refused.Leader != "" && refused.Leader != s.config.Address {
		return s.caller.standing(ctx, refused.Leader)
	}
	return reply, err
}

// acquaintances are the addresses at which this node may find its cluster.
func (s *Store) acquaintances() []string {
	addresses := s.config.otherSeeds()
	for _, m := range s.View().Members {
		if m.ID != s.config.NodeID && m.Address != s.config.Address && !slices.Contains(addresses, m.Address) {
			addresses = append(addresses, m.Address)
		}
	}
	return addresses
}

// noteRemoval takes this node out of everything that the cluster does, for good: the cluster refuses it from here on,
// because its log may have gone another way. It goes on serving its last state until it is stopped, unless it has only
// just been started, in which case it ends with the reason.
func (s *Store) noteRemoval() {
	if !s.removed.CompareAndSwap(false, true) {
		return
	}
	s.logger.Error("this node was removed from its cluster, it serves its last state until it is stopped; to bring it back, "+
		"move its data directory away and start it with seeds",
		"cluster_id", s.node.Load().ClusterID, "data_dir", s.config.Dir)
	if err := s.changeNode(func(n *nodeFile) { n.Removed = true }); err != nil {
		s.logger.Warn("removal not noted on disk, the next start will have to ask again", "error", err)
	}
	s.peers.PauseRaft("node " + s.config.NodeID + " was removed from its cluster")
	s.raft.Shutdown() // It stands for no election any more. Nobody waits for its end but Shutdown.
	if !s.caughtUp.Load() {
		s.config.OnFault(errors.New(s.node.Load().removedText(" " + s.config.Dir)))
	}
}

// removedText says why this node takes no part in the cluster. It holds no path: everybody may read /cluster/status.
func (s *Store) removedText() string { return s.node.Load().removedText("") }

// removedRefusal answers who wants this node to change anything.
func (s *Store) removedRefusal() *fsm.Rejection {
	return rejectOperation(RefusedRemoved, "%s; ask a node of the cluster", s.removedText())
}

// removedText takes the path of the data directory, after a space, or nothing.
func (n *nodeFile) removedText(dir string) string {
	return fmt.Sprintf("node %s was removed from cluster %s: to bring it back, move its data directory%s away and start it with "+
		"--seed-nodes; it joins anew and gets its state from the others", n.NodeID, n.ClusterID, dir)
}

// serveStanding answers a node that doubts whether it belongs to the cluster.
func (s *Store) serveStanding(w http.ResponseWriter, r *http.Request) {
	if !s.fromMember(w, r) {
		return
	}
	if !s.leads() || !s.settled.Load() {
		refuse(w, s.notLeader())
		return
	}
	ctx, cancel := callerContext(r, standingTimeout)
	defer cancel()
	term, now := s.raft.CurrentTerm(), s.raft.GetConfiguration()
	if now.Error() != nil || now.Index() > s.raft.AppliedIndex() {
		refuse(w, &callError{Code: codeForming, Message: "the configuration is changing"})
		return
	}
	// Not Raft's VerifyLeader, which would believe a leader that was paused: see confirmedIndex. The verdict is for good.
	if s.settledTerm.Load() != term || s.confirmTerm(ctx, term) != nil {
		refuse(w, s.notLeader())
		return
	}
	caller, _ := peer.IdentityFrom(r.Context())
	member := hasServer(now.Configuration().Servers, caller.NodeID)
	if record, recorded := s.View().Member(caller.NodeID); member && recorded && record.InstanceID != caller.InstanceID {
		// Another instance has taken its place, if it is there: a record alone may come from a backup.
		found, err := s.peers.Probe(ctx, record.Address)
		if err != nil || found.InstanceID != record.InstanceID {
			refuse(w, &callError{Code: codeForming, Message: "the record of node " + caller.NodeID + " is of another instance"})
			return
		}
		member = false
	}
	answer(w, standingReply{Member: member})
}

// serveDoubt hears that this node was removed. It does not take that on trust, but asks the leader.
func (s *Store) serveDoubt(w http.ResponseWriter, r *http.Request) {
	if !s.fromMember(w, r) {
		return
	}
	select {
	case s.doubted <- struct{}{}:
	default:
	}
	answer(w, struct{}{})
}

// standing asks a node whether the caller belongs to the cluster.
func (c *caller) standing(ctx context.Context, address string) (standingReply, error) {
	var reply standingReply
	_, err := c.call(ctx, http.MethodGet, address, pathStanding, nil, &reply)
	return reply, err
}

// tellRemoved tells a node to ask for its standing.
func (c *caller) tellRemoved(ctx context.Context, address string) error {
	_, err := c.call(ctx, http.MethodPost, address, pathDoubt, nil, &struct{}{})
	return err
}
