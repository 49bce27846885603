package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

const (
	// applyTimeout bounds a write whose caller sets no earlier deadline: an election of normal length fits into it.
	applyTimeout = 5 * time.Second
	// retryPause is the mean wait before a write is tried again.
	retryPause = 50 * time.Millisecond
	// enqueueTimeout bounds the wait for a place in the leader's queue.
	enqueueTimeout = time.Second
)

// errNotLeader means that this node does not lead, or is about to stop: nothing was written.
var errNotLeader = errors.New("not the leader")

// Apply proposes the command, on this node or on the leader, and returns once a quorum holds it and it was applied.
// The receipt names the nodes that have applied it, after waiting up to a second for all that can be reached.
//
// A command without an idempotency key is given one, so that tries after a lost reply take effect once. Errors are
// a *fsm.Rejection, or wrap fsm.ErrNoLeader (nothing was written), fsm.ErrLevelTooLow (nothing was written, and it names
// the nodes to upgrade first) or fsm.ErrIndeterminate (it may have been).
func (s *Store) Apply(ctx context.Context, command fsm.Command) (fsm.Receipt, error) {
	if s.removed.Load() {
		return fsm.Receipt{}, s.removedRefusal()
	}
	if command.Key == "" {
		command.Key = newID()
	}
	command.At = s.config.now().UTC()
	if _, err := command.Encode(); err != nil {
		return fsm.Receipt{}, err // No leader would take it.
	}
	if err := s.levelRefusal(command.Type); err != nil {
		return fsm.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	var unknown error
	for {
		news := s.leaderNews.listen()
		receipt, err := s.applyOnce(ctx, command)
		var rejected *fsm.Rejection
		switch {
		case err == nil, errors.As(err, &rejected), isInvalid(err):
			return receipt, err
		case !errors.Is(err, errNotLeader):
			unknown = err
		}
		if !pauseUntil(ctx, retryPause, news) {
			return fsm.Receipt{}, gaveUp(err, unknown)
		}
	}
}

// gaveUp says what is known of a write whose time is up. One try with an unknown outcome makes the whole unknown.
func gaveUp(last, unknown error) error {
	if unknown != nil {
		return fmt.Errorf("%w: %w", fsm.ErrIndeterminate, unknown)
	}
	return fmt.Errorf("%w: %w", fsm.ErrNoLeader, last)
}

// applyOnce tries a write once, here or on the leader.
func (s *Store) applyOnce(ctx context.Context, command fsm.Command) (fsm.Receipt, error) {
	if s.leads() {
		return s.applyHere(ctx, command)
	}
	leader := s.knownLeader(ctx)
	if leader == "" {
		return fsm.Receipt{}, fmt.Errorf("%w: no leader is known", errNotLeader)
	}
	return s.forward(ctx, leader, command)
}

// knownLeader is the address of the leader, or "". The others know better than this node's Raft while its disk fails.
func (s *Store) knownLeader(ctx context.Context) raft.ServerAddress {
	leader, _ := s.raft.LeaderWithID()
	if s.hangs.Load() || leader == "" && s.disk.fault() != "" {
		return s.leaderElsewhere(ctx)
	}
	return leader
}

// forward sends the write to the leader.
func (s *Store) forward(ctx context.Context, leader raft.ServerAddress, command fsm.Command) (fsm.Receipt, error) {
	ctx, cancel, err := s.whileLed(ctx, leader)
	if err != nil {
		return fsm.Receipt{}, err
	}
	defer cancel()
	return s.caller.apply(ctx, string(leader), command)
}

// whileLed returns a context for a call to the leader, which ends when this node learns that it leads no more: one that
// hangs would take all of the time that its successor needs a small part of.
func (s *Store) whileLed(ctx context.Context, leader raft.ServerAddress) (context.Context, context.CancelFunc, error) {
	news := s.leaderNews.listen()
	if now, _ := s.raft.LeaderWithID(); now != leader && s.diskFault() == "" {
		return nil, nil, fmt.Errorf("%w: the leader has just changed", errNotLeader)
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-news:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel, nil
}

// isInvalid tells that the leader refused the command for what it is, before it reached the log.
func isInvalid(err error) bool {
	refused, ok := errors.AsType[*callError](err)
	return ok && (refused.Code == codeInvalid || refused.Code == codeLevel)
}

// applyHere proposes the command to the local Raft, which must lead.
func (s *Store) applyHere(ctx context.Context, command fsm.Command) (fsm.Receipt, error) {
	if err := s.levelRefusal(command.Type); err != nil {
		return fsm.Receipt{}, err
	}
	command.At = s.config.now().UTC()
	raw, err := s.asOfLevel(command).Encode()
	if err != nil {
		return fsm.Receipt{}, err
	}
	future, err := s.commit(ctx, raw)
	if err != nil {
		return fsm.Receipt{}, classifyRaft(err)
	}
	result, err := outcome(future)
	if err != nil {
		return fsm.Receipt{}, err
	}
	return fsm.Receipt{Index: result.Index, Revision: result.Revision, Applied: s.awaitApplied(ctx, result.Index)}, nil
}

// commit proposes an encoded command to the local Raft and waits until it is applied here, ctx ends or the disk hangs.
func (s *Store) commit(ctx context.Context, raw []byte) (raft.ApplyFuture, error) {
	hanging := s.hangNews.listen()
	if s.hangs.Load() {
		return nil, fmt.Errorf("%w: %w", errNotLeader, errHanging)
	}
	begun, done := time.Now(), make(chan error, 1)
	future := s.raft.Apply(raw, enqueueTimeout)
	go func() { done <- future.Error() }()
	select {
	case err := <-done:
		if err == nil {
			s.commits.observe(time.Since(begun))
		}
		return future, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-hanging:
		return nil, errHanging
	}
}

// outcome is what the state machine said of a committed command. Its error is a *fsm.Rejection, or the fault that is
// about to stop this node, after which the other nodes decide.
func outcome(future raft.ApplyFuture) (fsm.Result, error) {
	result, ok := future.Response().(fsm.Result)
	switch {
	case !ok:
		return fsm.Result{}, fmt.Errorf("state machine answered %T", future.Response())
	case result.Fault != nil:
		return fsm.Result{}, result.Fault
	case result.Rejection != nil:
		return fsm.Result{}, result.Rejection
	}
	return result, nil
}

// await waits for the future until ctx ends. Raft's futures can wait for as long as a disk hangs.
func await(ctx context.Context, future raft.Future) error {
	done := make(chan error, 1)
	go func() { done <- future.Error() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// classifyRaft parts what surely was not written from what may have been. See "errors" in raft's api.go.
func classifyRaft(err error) error {
	for _, clean := range []error{
		raft.ErrNotLeader, raft.ErrLeadershipTransferInProgress, raft.ErrEnqueueTimeout, raft.ErrRaftShutdown,
	} {
		if errors.Is(err, clean) {
			return fmt.Errorf("%w: %w", errNotLeader, err)
		}
	}
	return err
}

// awaitApplied waits for the other nodes to apply index, and returns the IDs of those that have.
func (s *Store) awaitApplied(ctx context.Context, index uint64) []string {
	s.nudge()
	return s.progress.await(ctx, index, s.config.NodeID, s.View().Members)
}

// nudge asks the leader's span to make followers learn the commit index now rather than at Raft's next idle message.
func (s *Store) nudge() {
	select {
	case s.nudges <- struct{}{}:
	default:
	}
}

// pause waits for about d and tells whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool { return pauseUntil(ctx, d, nil) }

// pauseUntil is pause, cut short by news. A write that waits for a leader must not sleep on when there is one.
func pauseUntil(ctx context.Context, d time.Duration, news <-chan struct{}) bool {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-news:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
