package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// barrierTimeout bounds the enqueueing of the barrier that opens a span of leadership.
const barrierTimeout = 2 * time.Minute

// leadPause is the mean wait before a leader tries again what failed at the beginning of its span.
const leadPause = time.Second

// superviseLeadership runs leader's work while this node leads. It makes no Raft call itself, so it always drains
// Raft's channel, and it awaits the end of one span before it begins the next. A repeated true means that leadership
// was lost and won again.
func (s *Store) superviseLeadership(ctx context.Context) {
	end := func() {}
	defer func() { end() }()
	for {
		select {
		case <-ctx.Done():
			return
		case leads := <-s.raft.LeaderCh():
			end()
			end = func() {}
			if leads {
				end = s.beginSpan(ctx)
			} else {
				s.tasks.start(func() { s.replaceFailed(ctx) })
			}
		}
	}
}

// beginSpan starts a span of leadership and returns what ends it.
func (s *Store) beginSpan(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var span sync.WaitGroup
	span.Go(func() {
		for !s.led(ctx) && pause(ctx, leadPause) {
		}
	})
	return func() {
		cancel()
		span.Wait()
	}
}

// led leads, and tells whether there is nothing left to lead. What goes wrong while leadership lasts, such as a disk
// that is slow for a while, is tried again: a leader that does not do its work would be worse than none.
func (s *Store) led(ctx context.Context) bool {
	err := s.lead(ctx)
	if err == nil || ctx.Err() != nil || errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrLeadershipLost) {
		return true
	}
	s.logger.Warn("leader's work failed, it is tried again", "error", err)
	return false
}

// lead does what a leader has to do for the cluster, until ctx ends.
func (s *Store) lead(ctx context.Context) error {
	// All of earlier terms must be applied here before anything is decided.
	term := s.raft.CurrentTerm()
	if err := await(ctx, s.raft.Barrier(barrierTimeout)); err != nil {
		return fmt.Errorf("barrier: %w", err)
	}
	if s.raft.CurrentTerm() != term {
		return raft.ErrLeadershipLost // The span of the later term begins anew.
	}
	s.settledTerm.Store(term)
	if err := s.initialise(ctx); err != nil {
		return err
	}
	if err := s.recordSelf(ctx); err != nil {
		return err
	}
	if err := s.forgetStrays(ctx); err != nil {
		return err
	}
	s.caughtUp.Store(true)
	s.settled.Store(true)
	defer s.settled.Store(false)

	var jobs sync.WaitGroup
	defer jobs.Wait()
	jobs.Go(func() { s.promoteJoiners(ctx) })
	jobs.Go(func() { s.raiseLevels(ctx) })
	jobs.Go(func() { s.sweepStrays(ctx) })
	s.answerNudges(ctx)
	return nil
}

// initialise gives a new cluster its identity and first configuration.
func (s *Store) initialise(ctx context.Context) error {
	if s.View().ClusterID != "" {
		return nil
	}
	clusterID := s.node.Load().ClusterID
	first, err := s.config.Init(clusterID)
	if err != nil {
		return fmt.Errorf("make first configuration: %w", err)
	}
	err = s.propose(ctx, fsm.ClusterInit, first)
	if rejected, ok := errors.AsType[*fsm.Rejection](err); ok {
		s.config.OnFault(fmt.Errorf("the configuration can't be a cluster's first: %w", rejected))
		return nil
	}
	if err != nil {
		return fmt.Errorf("initialise cluster: %w", err)
	}
	s.logger.Info("new cluster started", "cluster_id", clusterID, "instances", len(first.Instances))
	return nil
}

// recordSelf keeps the leader's own member record and Raft address true.
func (s *Store) recordSelf(ctx context.Context) error {
	self := raft.Server{ID: raft.ServerID(s.config.NodeID), Address: raft.ServerAddress(s.config.Address)}
	for _, server := range s.servers() {
		if server.ID == self.ID && server.Address != self.Address {
			if err := await(ctx, s.raft.AddVoter(self.ID, self.Address, 0, enqueueTimeout)); err != nil {
				return fmt.Errorf("change own address: %w", err)
			}
		}
	}
	return s.recordMember(ctx, s.self())
}

// self is this node as a member.
func (s *Store) self() fsm.Member {
	return fsm.Member{
		ID: s.config.NodeID, InstanceID: s.node.Load().InstanceID, Address: s.config.Address,
		Version: s.config.Version, FeatureLevel: s.level(), JoinedAt: s.config.now().UTC(),
	}
}

// recordMember writes the member's record if it differs from the one there is.
func (s *Store) recordMember(ctx context.Context, m fsm.Member) error {
	if known, ok := s.View().Member(m.ID); ok {
		if sameMember(known, m) {
			return nil
		}
		if known.InstanceID == m.InstanceID {
			m.JoinedAt = known.JoinedAt
		}
	}
	return s.propose(ctx, fsm.MemberSet, m)
}

// sameMember compares all but the time of joining.
func sameMember(a, b fsm.Member) bool {
	a.JoinedAt, b.JoinedAt = time.Time{}, time.Time{}
	return a == b
}

// propose writes a command of the leader's own. It does not wait for the other nodes to apply it.
func (s *Store) propose(ctx context.Context, t fsm.Type, payload any) error {
	command, err := fsm.NewCommand(t, payload)
	if err != nil {
		return err
	}
	command.Key, command.At, command.By = newID(), s.config.now().UTC(), leaderName
	raw, err := s.asOfLevel(command).Encode()
	if err != nil {
		return err
	}
	future, err := s.commit(ctx, raw)
	if err != nil {
		return err
	}
	if _, err := outcome(future); err != nil {
		return err
	}
	s.nudge()
	return nil
}

// answerNudges makes followers learn of commits at once. Raft tells them the commit index with the next entry, or
// after up to 100 ms of silence. When no entry has followed a write, a barrier is that next entry: one more log
// record for a lone write, none under load.
func (s *Store) answerNudges(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.nudges:
		}
		if s.otherVoters() == 0 && len(s.servers()) < 2 || s.raft.LastIndex() > s.raft.AppliedIndex() {
			continue
		}
		if err := await(ctx, s.raft.Barrier(enqueueTimeout)); errors.Is(err, raft.ErrLeadershipLost) {
			return
		}
	}
}
