package store

import (
	"context"
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

// promoteJoiners gives a vote to nodes that have caught up and stayed so, while this node leads.
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
			if !s.caughtUpWithUs(ctx, server) {
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

// caughtUpWithUs asks the node how far it is.
func (s *Store) caughtUpWithUs(ctx context.Context, server raft.Server) bool {
	ctx, cancel := context.WithTimeout(ctx, s.config.scaled(heartbeatTimeout))
	defer cancel()
	goal := s.View().Index
	pong, err := s.caller.ping(ctx, string(server.Address))
	return err == nil && pong.NodeID == string(server.ID) && pong.FSMIndex+promoteLag >= goal && pong.FSMIndex > 0
}

func (s *Store) promote(ctx context.Context, server raft.Server) {
	if err := await(ctx, s.raft.AddVoter(server.ID, server.Address, 0, enqueueTimeout)); err != nil {
		s.logger.Warn("node not promoted yet", "member", string(server.ID), "error", err)
		return
	}
	s.logger.Info("node has caught up and votes now", "member", string(server.ID))
}
