package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// strayInterval is the time between two looks of a leader for records of nodes that are not in the cluster.
const strayInterval = 5 * time.Second

// removeMember removes the node from Raft's configuration and its record from the state. The caller holds admission.
// A leader that is to remove itself hands over instead, so that a live one sees the removal through.
func (s *Store) removeMember(ctx context.Context, o operation) error {
	now := s.raft.GetConfiguration()
	if now.Error() != nil {
		return classifyRaft(now.Error())
	}
	members, _ := s.askMembersAnew(ctx)
	i := slices.IndexFunc(members, func(m MemberStatus) bool { return m.ID == o.Node })
	if i < 0 {
		if _, recorded := s.View().Member(o.Node); !recorded {
			return noSuchNode(o.Node, members)
		}
		return s.forget(ctx, o.Node)
	}
	if refusal := judgeLoss(o, members); refusal != nil {
		s.logger.Warn("node not removed", "member", o.Node, "code", string(refusal.Code), "reason", refusal.Message)
		return refusal
	}
	if o.Node == s.config.NodeID {
		leader, err := s.handOverTo(ctx, operation{})
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: leadership has gone to %s, which is to remove %s", errNotLeader, leader, o.Node)
	}
	// The judgement holds for this configuration only. If it has changed meanwhile, the request is judged anew.
	if err := await(ctx, s.raft.RemoveServer(raft.ServerID(o.Node), now.Index(), enqueueTimeout)); err != nil {
		return classifyRaft(err)
	}
	s.logger.Warn("node removed from the cluster", "member", o.Node, "address", members[i].RaftAddr)
	s.sendWord(members[i])
	return s.forget(ctx, o.Node)
}

// sendWord lets the removed node know, if it can be reached. It finds out by itself later if not.
func (s *Store) sendWord(removed MemberStatus) {
	s.tasks.start(func() {
		ctx, cancel := context.WithTimeout(context.Background(), standingTimeout)
		defer cancel()
		if err := s.caller.tellRemoved(ctx, removed.RaftAddr); err != nil {
			s.logger.Info("removed node does not know yet, it finds out when it asks", "member", removed.ID, "reason", err)
		}
	})
}

// forget deletes the record of a node that is not in Raft's configuration any more. Its errors never mean that nothing
// has changed.
func (s *Store) forget(ctx context.Context, id string) error {
	err := s.propose(ctx, fsm.MemberDelete, fsm.Name{Name: id})
	if rejected, ok := errors.AsType[*fsm.Rejection](err); ok && rejected.Code == fsm.RejectedNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("forget removed node %s: %w", id, err)
	}
	return nil
}

// forgetStrays forgets members that Raft's configuration does not have: a removal may have ended between its two steps,
// here or at an earlier leader. The caller holds admission, or nobody else decides yet.
func (s *Store) forgetStrays(ctx context.Context) error {
	servers := s.servers()
	if len(servers) == 0 {
		return nil
	}
	for _, m := range s.View().Members {
		if hasServer(servers, m.ID) {
			continue
		}
		if err := s.forget(ctx, m.ID); err != nil {
			return err
		}
	}
	return nil
}

// sweepStrays forgets strays for as long as this node leads.
func (s *Store) sweepStrays(ctx context.Context) {
	for pause(ctx, strayInterval) {
		if !s.admission.TryLock() {
			continue
		}
		err := s.forgetStrays(ctx)
		s.admission.Unlock()
		if err != nil && ctx.Err() == nil {
			s.logger.Warn("record of a removed node not deleted yet", "error", err)
		}
	}
}

func hasServer(servers []raft.Server, id string) bool {
	return slices.ContainsFunc(servers, func(server raft.Server) bool { return server.ID == raft.ServerID(id) })
}

// judgeLoss refuses to take the vote of a node without which the others could not decide. The change itself needs the
// majority of those left, so what force overrides is only doubt in voters that answer, never the lack of them.
func judgeLoss(o operation, members []MemberStatus) *fsm.Rejection {
	var left, healthy, answering int
	var doubtful []string
	voter := false
	for _, m := range members {
		switch {
		case m.Suffrage != voterName:
			continue
		case m.ID == o.Node:
			voter = true
			continue
		}
		left++
		if m.Reachable {
			answering++
		}
		if m.Healthy {
			healthy++
		} else {
			doubtful = append(doubtful, m.ID)
		}
	}
	need := left/2 + 1
	who := strings.Join(doubtful, ", ")
	switch {
	case !voter, healthy >= need && left > 0:
		return nil
	case left == 0:
		return rejectOperation(RefusedLastVoter, "node %s is the last voter, without it there is no cluster: stop it if it is not "+
			"needed, or let another node join and get its vote first", o.Node)
	case answering < need:
		return rejectOperation(RefusedQuorum, "without the vote of node %s the cluster would need %d of %d voters and %d would answer, so it could "+
			"decide nothing any more: bring back or remove %s first", o.Node, need, left, answering, who)
	case o.Force:
		return nil
	default:
		return rejectOperation(RefusedQuorum, "without the vote of node %s the cluster would need %d of %d voters and %d would be healthy: "+
			"wait until %s has caught up, or force it, since %d of them answer", o.Node, need, left, healthy, who, answering)
	}
}

func noSuchNode(id string, members []MemberStatus) *fsm.Rejection {
	known := make([]string, 0, len(members))
	for _, m := range members {
		known = append(known, m.ID)
	}
	return rejectOperation(fsm.RejectedNotFound, "there is no node %s in the cluster, it was removed before or never joined; its nodes "+
		"are %s", id, strings.Join(known, ", "))
}
