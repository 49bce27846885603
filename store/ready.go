package store

import (
	"context"
	"time"

	"github.com/hashicorp/raft"
)

const (
	catchUpPause = 100 * time.Millisecond
	// staleGrace is how long a restarted node looks for the cluster before it counts as ready with its last state.
	staleGrace = 10 * time.Second
)

// Readiness says whether a node can take traffic.
type Readiness struct {
	// Initialised: there is a configuration to serve.
	Initialised bool
	// CaughtUp: this node has once applied all that the leader had. False means that the state may be an earlier one.
	CaughtUp bool
	// Leader: a leader is known at the moment.
	Leader bool
	// Stale: the node serves its last state because it found no cluster for a while.
	Stale bool
	// Removed: this node is not in its cluster any more.
	Removed bool
	// Fault is why the cluster refuses this node, if it does.
	Fault string
	// Disk is what is wrong with this node's disk, if anything is. Traffic goes on.
	Disk string
}

// Ready tells that the node should get traffic. It stays so when the quorum is lost: the last state goes on serving. A
// node that was removed would serve it for good, so it is not ready.
func (r Readiness) Ready() bool { return r.Initialised && !r.Removed && (r.CaughtUp || r.Stale) }

// Readiness never blocks.
func (s *Store) Readiness() Readiness {
	_, leader := s.raft.LeaderWithID()
	r := Readiness{
		Initialised: s.View().ClusterID != "",
		CaughtUp:    s.caughtUp.Load(),
		Leader:      leader != "" && !s.hangs.Load(),
		Disk:        s.diskFault(),
	}
	r.Stale = !r.CaughtUp && time.Since(s.started) > s.config.scaled(staleGrace)
	if fault := s.joinFault.Load(); fault != nil {
		r.Fault = *fault
	}
	if s.removed.Load() {
		r.Removed, r.Fault = true, s.removedText()
	}
	return r
}

// catchUp waits until this node has applied what the leader had when it was first heard. A leader's own span sets
// the mark after its barrier.
func (s *Store) catchUp(ctx context.Context) {
	for !s.caughtUp.Load() {
		if s.reachedLeader(ctx) {
			s.caughtUp.Store(true)
			s.clearSecretFault()
			s.logger.Info("caught up with the cluster", "index", s.View().Index)
			return
		}
		s.lookForSecretFault(ctx)
		if !pause(ctx, catchUpPause) {
			return
		}
	}
}

func (s *Store) reachedLeader(ctx context.Context) bool {
	leader, _ := s.raft.LeaderWithID()
	if leader == "" || s.raft.State() == raft.Leader {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.scaled(heartbeatTimeout))
	defer cancel()
	pong, err := s.caller.ping(ctx, string(leader))
	if err != nil || pong.State != stateName(raft.Leader) || !pong.Ready {
		return false
	}
	return s.disk.machine.WaitIndex(ctx, pong.FSMIndex) == nil && s.View().ClusterID != ""
}
