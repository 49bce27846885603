package store

import (
	"errors"
	"sync/atomic"
	"syscall"
	"time"
)

// writeSlots is the number of writes that are watched at the same time. The database lets one write through at a time;
// Raft's main goroutine, its snapshots and its heartbeats make up for the rest.
const writeSlots = 8

// writes knows of every write to Raft's database when it began and how it ended. Noting costs a few atomic operations
// and no lock: it is on the way of every write, and must not hang itself where a disk does.
type writes struct {
	base time.Time
	// slots hold when the running writes began, in nanoseconds after base, or 0.
	slots [writeSlots]atomic.Int64
	took  durations
	// failures counts the writes that failed.
	failures atomic.Uint64
	// fault is what to do about the last write, which failed, or nil.
	fault atomic.Pointer[string]
}

func newWrites() *writes { return &writes{base: time.Now()} }

// begin notes that a write begins. The result is for end.
func (w *writes) begin() (slot int, began time.Time) {
	began = time.Now()
	nanos := max(1, int64(began.Sub(w.base)))
	for i := range w.slots {
		if w.slots[i].CompareAndSwap(0, nanos) {
			return i, began
		}
	}
	// Eight older writes are being watched: this one can't be the one that hangs longest.
	return writeSlots, began
}

// end notes how the write ended, and returns err with what to do about it.
func (w *writes) end(slot int, began time.Time, err error) error {
	if slot < writeSlots {
		w.slots[slot].Store(0)
	}
	if err == nil {
		w.took.observe(time.Since(began))
		if w.fault.Load() != nil {
			w.fault.Store(nil)
		}
		return nil
	}
	explained := explainWrite(err)
	text := explained.advice
	w.fault.Store(&text)
	w.failures.Add(1)
	return explained
}

// hanging is how long the longest of the running writes has been running, 0 if there is none.
func (w *writes) hanging() time.Duration {
	now, longest := int64(time.Since(w.base)), int64(0)
	for i := range w.slots {
		if began := w.slots[i].Load(); began != 0 {
			longest = max(longest, now-began)
		}
	}
	return time.Duration(longest)
}

// writeError is a failed write with what to do about it.
type writeError struct {
	// advice holds no path: /cluster/status shows it to everybody.
	advice string
	err    error
}

// Error implements error.
func (e *writeError) Error() string { return e.advice + ": " + e.err.Error() }

// Unwrap gives the disk's own error.
func (e *writeError) Unwrap() error { return e.err }

// explainWrite tells the operator what to do about a write that failed.
func explainWrite(err error) *writeError {
	advice := "the disk of the data directory failed to write: look at the system's log, then start the node on another " +
		"disk; the other nodes hold all of its state"
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		advice = "the disk of the data directory is full: free space, the node then goes on by itself"
	case errors.Is(err, syscall.EROFS):
		advice = "the disk of the data directory is read-only: mount it writable, the node then goes on by itself"
	}
	return &writeError{advice: advice, err: err}
}
