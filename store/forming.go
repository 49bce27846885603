package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
	"aiproxy/store/peer"
)

const (
	// joinPause is the mean wait between two rounds of asking.
	joinPause = 300 * time.Millisecond
	// joinTimeout bounds one question for admission: the asked leader dials back and writes to the log meanwhile.
	joinTimeout = 10 * time.Second
	// maxReferrals bounds how often one question follows a node's word on who leads.
	maxReferrals = 3
)

// form brings this node into its cluster: state on disk continues, seeds are joined or, where that is expected, found a
// cluster with this node, neither starts a new cluster.
func (s *Store) form(ctx context.Context) {
	seeds := s.config.otherSeeds()
	switch {
	case s.disk.existing:
		s.announce(ctx)
	case len(seeds) > 0:
		s.logger.Info("joining cluster", "seeds", seeds)
		s.join(ctx, true, func() []string { return seeds })
	default:
		if err := s.bootstrap(); err != nil && ctx.Err() == nil {
			s.config.OnFault(fmt.Errorf("start a new cluster: %w", err))
		}
	}
}

// bootstrap starts a cluster of which this node is the only voter. Its ID is on disk before Raft has any state, and
// that the node is founding it until Raft has some.
func (s *Store) bootstrap() error {
	err := s.changeNode(func(n *nodeFile) {
		if n.ClusterID == "" {
			n.ClusterID, n.Founding = newID(), true
		}
		n.Pledge = pledge{}
	})
	if err != nil {
		return err
	}
	return s.bootstrapRaft()
}

// bootstrapRaft gives Raft its first state, for the cluster that the node file names.
func (s *Store) bootstrapRaft() error {
	self := raft.Server{
		Suffrage: raft.Voter, ID: raft.ServerID(s.config.NodeID), Address: raft.ServerAddress(s.config.Address),
	}
	if err := s.raft.BootstrapCluster(raft.Configuration{Servers: []raft.Server{self}}).Error(); err != nil {
		return err
	}
	return s.changeNode(func(n *nodeFile) { n.Founding = false })
}

// announce tells the cluster of this node's address and version if they changed since the last run. Nothing is read
// from the state while it is replayed but the addresses to ask at; the leader decides whether there is news.
func (s *Store) announce(ctx context.Context) {
	known, ok := s.View().Member(s.config.NodeID)
	if ok && sameMember(known, s.self()) && !s.mustLoseVote() || s.alone() {
		return
	}
	s.join(ctx, false, func() []string {
		switch {
		case s.removed.Load():
			return nil
		case s.raft.State() != raft.Leader:
			return s.acquaintances()
		case s.mustLoseVote() && s.otherVoters() > 0:
			s.handOver(ctx) // A leader can't take its own vote.
			return s.acquaintances()
		default:
			return nil // A leader records itself.
		}
	})
}

// alone tells that this node's configuration holds no other server.
func (s *Store) alone() bool {
	servers := s.servers()
	return len(servers) == 1 && servers[0].ID == raft.ServerID(s.config.NodeID)
}

// join asks the targets for admission, round after round, until one grants it or there are none. A first admission
// that is refused for good ends the process: a node outside the cluster serves nobody.
func (s *Store) join(ctx context.Context, first bool, targets func() []string) {
	said := map[string]string{}
	for {
		addresses := targets()
		if len(addresses) == 0 {
			s.joinFault.Store(nil)
			return
		}
		for _, address := range addresses {
			err := s.askFollowing(ctx, address)
			if err == nil || ctx.Err() != nil {
				return
			}
			text := err.Error()
			if first || isPermanent(err) || isQuorumAtRisk(err) {
				// A member that only has news and finds nobody to tell is not refused.
				s.joinFault.Store(&text)
			}
			if first && isPermanent(err) {
				s.config.OnFault(fmt.Errorf("join via %s: %w", address, err))
				return
			}
			if said[address] != text {
				said[address] = text
				s.tellUnheard(first, address, text)
			}
		}
		if first && s.foundTogether(ctx) || !pause(ctx, joinPause) {
			return
		}
	}
}

// tellUnheard says why a node's question for admission, or its news of itself, came to nothing so far.
func (s *Store) tellUnheard(first bool, address, reason string) {
	if first {
		s.logger.Warn("not admitted yet", "seed", address, "reason", reason)
		return
	}
	s.logger.Warn("cluster does not know this node's address and version yet", "asked", address, "reason", reason)
}

// isPermanent tells that no retry can make the cluster admit this node as it is.
func isPermanent(err error) bool {
	if refused, ok := errors.AsType[*callError](err); ok {
		return refused.Code.permanent()
	}
	handshake, ok := errors.AsType[*peer.RefusedError](err)
	return ok && handshake.Code == peer.CodeCluster
}

// askFollowing asks the node at address for admission, and the leader that it names.
func (s *Store) askFollowing(ctx context.Context, address string) error {
	for range maxReferrals {
		reply, err := s.ask(ctx, address)
		var refused *callError
		switch {
		case err == nil:
			return s.admitted(reply)
		case errors.Is(err, peer.ErrSelf):
			return s.askedItself(address)
		case errors.As(err, &refused) && refused.Code == codeNotLeader && refused.Leader != "" && refused.Leader != address:
			address = refused.Leader
		default:
			return err
		}
	}
	return fmt.Errorf("no leader found within %d referrals", maxReferrals)
}

// askedItself explains why the address to ask at is this node's own.
func (s *Store) askedItself(address string) error {
	if address == s.config.Address {
		return fmt.Errorf("the nodes still take this node at %s for their leader, an election has to pass first", address)
	}
	return fmt.Errorf("seed %s is this node itself: name other nodes in --seed-nodes, or none to start a new cluster", address)
}

// ask asks one node for admission, once it has shown that it answers at all: the decision may take long, and a seed that
// hangs must not keep the next one waiting as long.
func (s *Store) ask(ctx context.Context, address string) (joinReply, error) {
	probeCtx, cancelProbe := context.WithTimeout(ctx, dialBackTimeout)
	defer cancelProbe()
	found, err := s.peers.Probe(probeCtx, address)
	if err != nil {
		return joinReply{}, err
	}
	if found.ClusterID != "" {
		s.noteCluster(address) // Before it may admit this node: no other may be promised meanwhile.
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	return s.caller.join(ctx, address, joinRequest{Member: s.self(), NonVoter: s.config.NonVoter})
}

func (s *Store) admitted(reply joinReply) error {
	var first bool
	err := s.changeNode(func(n *nodeFile) {
		first = n.ClusterID == ""
		n.ClusterID, n.Pledge = reply.ClusterID, pledge{}
	})
	if err != nil {
		return err
	}
	s.joinFault.Store(nil)
	if first {
		s.logger.Info("joined cluster", "cluster_id", reply.ClusterID, "leader", reply.Leader)
	}
	return nil
}

// joinRequest asks for admission, or announces a change of address or version.
type joinRequest struct {
	Member fsm.Member `json:"member"`
	// NonVoter tells that the node wants no vote, and gives up the one that it may have.
	NonVoter bool `json:"non_voter,omitempty"`
}

// joinReply grants it.
type joinReply struct {
	ClusterID string `json:"cluster_id"`
	// Leader is the ID of the node that granted it.
	Leader string `json:"leader"`
}
