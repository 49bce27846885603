package fsm_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

func TestWatchTellsOfEveryBatch(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	view, newer := m.Watch()
	if view != m.View() {
		t.Error("Watch and View differ")
	}
	m.must(initial(t))
	select {
	case <-newer:
	default:
		t.Fatal("the channel is open after a change")
	}
	if view.Index != 0 {
		t.Error("the watched view changed")
	}
	_, newer = m.Watch()
	m.ApplyBatch([]*raft.Log{logEntry(t, 1, weightOfA(t, 3))})
	select {
	case <-newer:
		t.Error("the channel closed although every entry was skipped")
	default:
	}
	restore(t, m, takeSnapshot(t, m.FSM))
	select {
	case <-newer:
	default:
		t.Error("the channel is open after a restore")
	}
}

// TestReadersAndOneWriter has watchers and waiters follow a writer. Each must see consistent views in order, and none
// may miss the last one.
func TestReadersAndOneWriter(t *testing.T) {
	t.Parallel()
	const last = 200
	m := newMachine(t)
	m.must(initial(t))
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			var seen uint64
			for seen < last {
				view, newer := m.Watch()
				if view.Index < seen {
					t.Errorf("index %d after %d", view.Index, seen)
					return
				}
				seen = view.Index
				if in, ok := view.Instance("a"); !ok || in.Weight != int(max(seen, 1)) {
					t.Errorf("weight %d at index %d", in.Weight, seen)
					return
				}
				view.Hash()
				if seen < last {
					<-newer
				}
			}
		})
	}
	for i := range uint64(4) {
		readers.Go(func() {
			for index := i; index <= last; index += 4 {
				if err := m.WaitIndex(t.Context(), index); err != nil || m.View().Index < index {
					t.Errorf("wait for %d: %v", index, err)
					return
				}
			}
		})
	}
	for m.index < last {
		batch := []*raft.Log{m.entry(weightOfA(t, int(m.index+1)))}
		if m.index%3 == 0 && m.index < last {
			batch = append(batch, m.entry(weightOfA(t, int(m.index+1))))
		}
		m.ApplyBatch(batch)
	}
	readers.Wait()
}

func TestWaitIndexEnds(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	if err := m.WaitIndex(t.Context(), 1); err != nil {
		t.Errorf("wait for the present: %v", err)
	}
	cause := errors.New("the caller went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := m.WaitIndex(ctx, 1); err != nil {
		t.Errorf("wait for the present with a dead context: %v", err)
	}
	if err := m.WaitIndex(ctx, 2); !errors.Is(err, cause) {
		t.Errorf("wait with a dead context: %v", err)
	}
	late, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if err := m.WaitIndex(late, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait beyond the deadline: %v", err)
	}
}

func TestCloseEndsWaits(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	ended := make(chan error, 1)
	go func() { ended <- m.WaitIndex(context.WithoutCancel(t.Context()), 7) }()
	if err := m.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := <-ended; err == nil {
		t.Error("the wait ended without an error")
	}
}
