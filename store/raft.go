package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// transportTimeout bounds one Raft exchange; snapshots get more, by their size.
	transportTimeout = 10 * time.Second
	transportPool    = 3
	maxAppendEntries = 256
)

// openRaft starts the Raft group's local member.
func (s *Store) openRaft() error {
	// A wrapper that lacks WithPreVote would silently turn pre-vote off, so Raft gets the transport as it is.
	s.network = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream:                  s.peers.Raft(s.config.Address),
		MaxPool:                 transportPool,
		Timeout:                 transportTimeout,
		Logger:                  raftLogger(s.logger),
		MsgpackUseNewTimeFormat: true,
	})
	var err error
	s.raft, err = raft.NewRaft(s.raftConfig(), s.disk.machine, s.disk.cache, s.disk.raft, s.disk.snapshots, s.network)
	if err != nil {
		return errors.Join(fmt.Errorf("start raft: %w", err), s.network.Close())
	}
	return nil
}

func (s *Store) raftConfig() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(s.config.NodeID)
	c.HeartbeatTimeout = s.config.scaled(heartbeatTimeout)
	c.ElectionTimeout = s.config.scaled(electionTimeout)
	c.LeaderLeaseTimeout = s.config.scaled(leaseTimeout)
	c.MaxAppendEntries = maxAppendEntries
	c.BatchApplyCh = true
	c.SnapshotInterval = 30 * time.Second
	// A removed node stays up and says so, rather than going silent.
	c.ShutdownOnRemove = false
	c.NoSnapshotRestoreOnStart = s.disk.mirrored
	c.NoLegacyTelemetry = true
	c.Logger = raftLogger(s.logger)
	return c
}

// observe logs and counts changes of leader.
func (s *Store) observe(ctx context.Context) {
	events := make(chan raft.Observation, 16)
	observer := raft.NewObserver(events, false, func(o *raft.Observation) bool {
		_, ok := o.Data.(raft.LeaderObservation)
		return ok
	})
	s.raft.RegisterObserver(observer)
	defer s.raft.DeregisterObserver(observer)
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-events:
			s.noteLeader(event)
		}
	}
}

func (s *Store) noteLeader(event raft.Observation) {
	leader, ok := event.Data.(raft.LeaderObservation)
	if !ok {
		return
	}
	s.leaderNews.ring()
	if leader.LeaderID == "" {
		s.logger.Warn("cluster has no leader")
		return
	}
	s.leaderChanges.Add(1)
	s.logger.Info("cluster has a leader", "leader", leader.LeaderID, "address", leader.LeaderAddr, "term", s.raft.CurrentTerm())
}
