package store

import "sync"

// tasks are the goroutines of a store. A question that comes in while the store shuts down starts none: adding to a
// WaitGroup that is being waited for would be a race. The zero value is ready for use.
type tasks struct {
	mu    sync.Mutex
	ended bool
	group sync.WaitGroup
}

// start runs the task, and tells whether it does: after end it does not.
func (t *tasks) start(run func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return false
	}
	t.group.Go(run)
	return true
}

// end lets no task start any more and waits for those that run.
func (t *tasks) end() {
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	t.group.Wait()
}
