package fsm

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// defaultTimeout bounds the wait for the mirror's file lock.
const defaultTimeout = time.Second

// Options says how Open does its work. The zero value is usable.
type Options struct {
	// Timeout bounds the wait for the mirror's file lock, which another process may hold. The default is 1 s.
	Timeout time.Duration
	// OnFault is called once, with the reason, when this replica can no longer follow the log: an entry is of a type or
	// form that this build does not know. It runs on Raft's goroutine and must
	// not call back into Raft or the FSM; what it must bring about is the end of the process. Nil panics instead.
	OnFault func(error)
	// NoSync leaves it to the operating system when a batch reaches the disk. The end of the process, by kill -9 too,
	// costs nothing; after the end of the machine the mirror may be found damaged, which is never missed, and must be
	// rebuilt from Raft's snapshot and log. It saves the two fsyncs of a batch.
	NoSync bool
	// Logger takes the few things worth telling. Nil discards them.
	Logger *slog.Logger
}

// FSM is the replicated state machine. It implements raft.BatchingFSM.
type FSM struct {
	onFault func(error)
	log     *slog.Logger
	current atomic.Pointer[published]
	// mirrorFault is why the mirror is behind the state, if it is.
	mirrorFault atomic.Pointer[error]

	// done is closed, after cause was set, when no newer View can come.
	done  chan struct{}
	cause error

	// mu orders the calls of Raft's goroutine against Close. Readers never take it.
	mu     sync.Mutex
	mirror *mirror
	memory *memory
}

// published is a View and the channel that tells of its successor.
type published struct {
	view  *View
	newer chan struct{}
}

var _ raft.BatchingFSM = (*FSM)(nil)

// Open opens the mirror at path, or creates it with mode 0600, and loads the state that it holds into the View. The
// directory must exist. Its errors wrap ErrMirrorDamaged, ErrMirrorForeign and ErrFeatureLevel; the file is left as
// it is in these cases.
func Open(path string, o Options) (*FSM, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.OnFault == nil {
		o.OnFault = func(err error) { panic(err) }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	m, view, err := openMirror(path, o)
	if err != nil {
		return nil, fmt.Errorf("open mirror %s: %w", path, err)
	}
	f := &FSM{onFault: o.OnFault, log: o.Logger, done: make(chan struct{}), mirror: m, memory: newMemory(view.memory)}
	f.current.Store(&published{view: view, newer: make(chan struct{})})
	return f, nil
}

// View returns the current state. It is never nil and safe on any goroutine.
func (f *FSM) View() *View { return f.current.Load().view }

// Watch returns the current View and a channel that is closed once a newer one is published. A watcher that comes
// back late misses the Views in between and sees the newest. It is safe on any goroutine.
func (f *FSM) Watch() (*View, <-chan struct{}) {
	p := f.current.Load()
	return p.view, p.newer
}

// WaitIndex waits until the View includes the entry at index. Raft hands commands and configurations to the state
// machine and keeps its own entries to itself, so index must be that of one of the former. It returns an error when
// ctx ends first, or when no newer View can come: ErrClosed after Close, or the fault.
func (f *FSM) WaitIndex(ctx context.Context, index uint64) error {
	for {
		view, newer := f.Watch()
		if view.Index >= index {
			return nil
		}
		select {
		case <-newer:
		case <-f.done:
			return fmt.Errorf("wait for index %d: %w", index, f.cause)
		case <-ctx.Done():
			return fmt.Errorf("wait for index %d, at %d: %w", index, f.View().Index, context.Cause(ctx))
		}
	}
}

// Close closes the mirror. The last View stays readable; later calls of Raft's side answer with ErrClosed. Raft must
// have been shut down before. Closing twice is harmless.
func (f *FSM) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mirror == nil {
		return nil
	}
	err := f.mirror.close()
	f.mirror = nil
	f.stop(ErrClosed)
	return err
}

// publish makes next the current View and wakes who waits for it. The caller holds mu.
func (f *FSM) publish(next *View) {
	old := f.current.Swap(&published{view: next, newer: make(chan struct{})})
	close(old.newer)
}

// fail stops the state machine for good, tells the owner and returns err. The caller holds mu.
func (f *FSM) fail(err error) error {
	f.stop(err)
	f.log.Error("state machine stopped", "error", err)
	f.onFault(err)
	return err
}

// stop marks that no newer View can come. The first cause stands. The caller holds mu.
func (f *FSM) stop(cause error) {
	if f.stopped() == nil {
		f.cause = cause
		close(f.done)
	}
}

// stopped returns why no newer View can come, or nil.
func (f *FSM) stopped() error {
	select {
	case <-f.done:
		return f.cause
	default:
		return nil
	}
}
