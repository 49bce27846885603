package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// handOverTo gives leadership to the node that the operator names, or to the most current voter that answers, and
// returns who leads then.
func (s *Store) handOverTo(ctx context.Context, o operation) (leader string, err error) {
	self := s.config.NodeID
	if o.Node == self || o.Node == "" && o.From != "" && o.From != self {
		return self, nil
	}
	heir, err := s.successor(ctx, o.Node)
	if err != nil {
		return "", err
	}
	// Raft gives up on a successor that does not catch up within an election's time, and leads on.
	err = await(ctx, s.raft.LeadershipTransferToServer(heir.ID, heir.Address))
	switch {
	case err != nil && (ctx.Err() != nil || s.raft.State() != raft.Leader):
		return "", classifyRaft(err)
	case err != nil:
		return "", rejectOperation(RefusedHandOver, "node %s did not take leadership over, %s still leads: %v", heir.ID, self, err)
	}
	s.logger.Info("leadership handed over as asked", "to", string(heir.ID))
	leader, err = s.awaitLeader(ctx)
	switch {
	case err != nil:
		return "", err
	case leader == self, o.Node != "" && leader != o.Node:
		return "", rejectOperation(RefusedHandOver, "node %s did not win the election, %s leads now: try again", heir.ID, leader)
	}
	return leader, nil
}

// successor finds the voter that is to lead next.
func (s *Store) successor(ctx context.Context, id string) (raft.Server, error) {
	if id == "" {
		if s.otherVoters() == 0 {
			return raft.Server{}, rejectOperation(RefusedUnreachable, "node %s is the only voter, there is nobody to hand leadership to", s.config.NodeID)
		}
		members, _ := s.askMembersAnew(ctx)
		heir, ok := s.heir(members)
		if !ok {
			return raft.Server{}, rejectOperation(RefusedUnreachable, "no other voter answers, there is nobody to hand leadership to")
		}
		return heir, nil
	}
	members, _ := s.askMembersAnew(ctx)
	i := slices.IndexFunc(members, func(m MemberStatus) bool { return m.ID == id })
	if i < 0 {
		return raft.Server{}, noSuchNode(id, members)
	}
	switch m := members[i]; {
	case m.Suffrage != voterName:
		return raft.Server{}, rejectOperation(RefusedNotVoter, "node %s has no vote, so it can't lead", id)
	case !m.Reachable:
		return raft.Server{}, rejectOperation(RefusedUnreachable, "node %s does not answer at %s: %s", id, m.RaftAddr, m.Error)
	case m.State == stateHanging:
		return raft.Server{}, rejectOperation(RefusedUnreachable, "node %s can't lead: %s", id, m.Error)
	default:
		return raft.Server{ID: raft.ServerID(m.ID), Address: raft.ServerAddress(m.RaftAddr)}, nil
	}
}

// awaitLeader waits until this node, which has just handed over, knows who leads.
func (s *Store) awaitLeader(ctx context.Context) (string, error) {
	for {
		news := s.leaderNews.listen()
		if _, id := s.raft.LeaderWithID(); id != "" {
			return string(id), nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return "", fmt.Errorf("wait for the next leader: %w", ctx.Err())
		}
	}
}

func rejectOperation(code fsm.RejectionCode, format string, args ...any) *fsm.Rejection {
	return &fsm.Rejection{Code: code, Message: fmt.Sprintf(format, args...)}
}
