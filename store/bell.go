package store

import "sync"

// bell wakes all who listen when it rings. The zero value is ready for use; it is safe for concurrent use.
type bell struct {
	mu sync.Mutex
	// rung is closed by the next ring. It is nil while nobody has listened since the last one.
	rung chan struct{}
}

// listen returns a channel that the next ring closes.
func (b *bell) listen() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}
