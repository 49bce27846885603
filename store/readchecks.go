package store

import (
	"context"
	"sync"
	"time"

	"aiproxy/store/peer"
)

// readChecks lets reads that come at the same time share one check of how far the cluster has got. A read shares only a
// check that begins after it: one that runs already may have looked before a write that the read must see.
// It is safe for concurrent use.
type readChecks struct {
	// check returns the index that a read begun before the call must wait for.
	check   func(ctx context.Context) (uint64, error)
	timeout time.Duration
	tasks   *tasks

	mu      sync.Mutex
	running bool
	// next is the check that has not begun yet, nil while nobody waits for one.
	next *readCheck
}

// readCheck is one check. done is closed once index and err are there.
type readCheck struct {
	done  chan struct{}
	index uint64
	err   error
}

// ask returns the index of a check that begins after the call, or an error when it fails or ctx ends.
func (r *readChecks) ask(ctx context.Context) (uint64, error) {
	c := r.join()
	select {
	case <-c.done:
		return c.index, c.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// join returns the next check and sees to it that somebody runs it.
func (r *readChecks) join() *readCheck {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &readCheck{done: make(chan struct{})}
	}
	c := r.next
	if r.running {
		return c
	}
	if r.running = r.tasks.start(r.work); !r.running {
		c.err, r.next = peer.ErrClosed, nil
		close(c.done)
	}
	return c
}

// work runs checks, one after the other, until nobody waits for one.
func (r *readChecks) work() {
	for c := r.begin(); c != nil; c = r.begin() {
		ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
		c.index, c.err = r.check(ctx)
		cancel()
		close(c.done)
	}
}

// begin takes the next check: from now on nobody joins it.
func (r *readChecks) begin() *readCheck {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.next
	r.next = nil
	r.running = c != nil
	return c
}
