package store

import (
	"context"
	"errors"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// mustLoseVote tells that this node has a vote that it shall not have.
func (s *Store) mustLoseVote() bool {
	if !s.config.NonVoter {
		return false
	}
	for _, server := range s.servers() {
		if server.ID == raft.ServerID(s.config.NodeID) {
			return server.Suffrage == raft.Voter
		}
	}
	return false
}

// demote takes the vote of a member that wants none, if it has one and the others can decide without it. The caller
// holds admission.
func (s *Store) demote(ctx context.Context, m fsm.Member) *callError {
	now := s.raft.GetConfiguration()
	if now.Error() != nil {
		return s.notLeader()
	}
	voter := false
	for _, server := range now.Configuration().Servers {
		voter = voter || server.ID == raft.ServerID(m.ID) && server.Suffrage == raft.Voter
	}
	if !voter {
		return nil
	}
	members, _ := s.askMembersAnew(ctx)
	if refusal := judgeLoss(operation{Node: m.ID}, members); refusal != nil {
		return &callError{Code: codeQuorum, Message: "node " + m.ID + " keeps its vote for now: " + refusal.Message}
	}
	if err := await(ctx, s.raft.DemoteVoter(raft.ServerID(m.ID), now.Index(), enqueueTimeout)); err != nil {
		return s.changeFailed(m, err)
	}
	s.logger.Info("node wants no vote and has none any more", "member", m.ID)
	return nil
}

// isQuorumAtRisk tells that the leader found a change unsafe for the moment.
func isQuorumAtRisk(err error) bool {
	refused, ok := errors.AsType[*callError](err)
	return ok && refused.Code == codeQuorum
}
