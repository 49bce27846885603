package store

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// promoteInterval is the time between two looks at a node without a vote.
	promoteInterval = 200 * time.Millisecond
	// promoteLooks is how many looks in a row must find the node caught up.
	promoteLooks = 5
	// promoteLag is the number of log entries that a caught-up node may be behind.
	promoteLag = 64
)

// promoteJoiners gives a vote to nodes that want one, have caught up and stayed so, while this node leads.
func (s *Store) promoteJoiners(ctx context.Context) {
	ticker := time.NewTicker(s.config.scaled(promoteInterval))
	defer ticker.Stop()
	looks := map[raft.ServerID]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, server := range s.servers() {
			if server.Suffrage != raft.Nonvoter {
				delete(looks, server.ID)
				continue
			}
			if !s.deservesVote(ctx, server) {
				looks[server.ID] = 0
				continue
			}
			if looks[server.ID]++; looks[server.ID] >= promoteLooks {
				s.promote(ctx, server)
				delete(looks, server.ID)
			}
		}
	}
}

// deservesVote asks the node how far it is, and whether it wants a vote at all.
func (s *Store) deservesVote(ctx context.Context, server raft.Server) bool {
	ctx, cancel := context.WithTimeout(ctx, s.config.scaled(heartbeatTimeout))
	defer cancel()
	goal := s.View().Index
	pong, err := s.caller.ping(ctx, string(server.Address))
	known, ok := s.View().Member(string(server.ID))
	return err == nil && ok && !pong.NonVoter && pong.NodeID == known.ID && pong.InstanceID == known.InstanceID &&
		pong.FSMIndex+promoteLag >= goal && pong.FSMIndex > 0
}

// promote gives the node its vote, if it is still the one that was looked at: a join may just have replaced it or
// changed its address.
func (s *Store) promote(ctx context.Context, server raft.Server) {
	now := s.raft.GetConfiguration()
	if now.Error() != nil || !slices.Contains(now.Configuration().Servers, server) {
		return
	}
	if err := await(ctx, s.raft.AddVoter(server.ID, server.Address, now.Index(), enqueueTimeout)); err != nil {
		s.logger.Warn("node not promoted yet", "member", string(server.ID), "error", err)
		return
	}
	s.logger.Info("node has caught up and votes now", "member", string(server.ID))
}
