package relay

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// The causes for which a watch cancels its attempt.
var (
	errFirstByte     = errors.New("no first byte in time")
	errIdle          = errors.New("no byte for too long")
	errClientStalled = errors.New("client has stopped reading")
	errClientGone    = errors.New("client is gone")
	// errEnded is no fault: the answer is there, and the upstream has left its stream open.
	errEnded = errors.New("answer has ended")
)

// lingering is how long an upstream may leave a stream open after the last event of its answer. Its clients wait for
// the end of theirs; but a stream that it ends leaves a connection that can be used again.
const lingering = 50 * time.Millisecond

// limits are the time-outs of an attempt.
type limits struct {
	firstByte time.Duration
	idle      time.Duration
	keepAlive time.Duration
}

// phase is how far an attempt has come.
type phase = int32

const (
	// awaitingHeader is the phase up to the reply's header.
	awaitingHeader phase = iota
	// awaitingEvent is the phase from the header of a stream to its first bytes.
	awaitingEvent
	// inStream is the phase after the first bytes of a stream.
	inStream
	// inBody is the phase after the header of any other reply.
	inBody
	// answered is the phase after the last event of a stream's answer.
	answered
)

// watch guards the time-outs of an attempt and keeps its client's side alive, with one timer that sets itself anew
// when it fires. Signs of life only store the time; nothing is reset for them.
type watch struct {
	limits limits
	client *client
	cancel context.CancelCauseFunc
	began  time.Time
	timer  *time.Timer

	// life guards stopped, and is held while the timer's function runs.
	life    sync.Mutex
	stopped bool
	// until is when the phase answered ends. It is guarded by life, too.
	until time.Duration

	// mu is held by who writes to the client. It guards told, when that was done last.
	mu   sync.Mutex
	told time.Duration

	// These are written by the request's goroutine. Times count from the beginning.
	phase atomic.Int32
	heard atomic.Int64
}

// start begins to watch. The watch must be new or have been stopped for good.
func (w *watch) start(l limits, c *client, cancel context.CancelCauseFunc) {
	w.life.Lock()
	defer w.life.Unlock()
	w.limits, w.client, w.cancel = l, c, cancel
	w.began = time.Now()
	w.stopped = false
	w.told = 0
	w.phase.Store(awaitingHeader)
	w.heard.Store(0)
	first := min(l.firstByte, l.idle, l.keepAlive)
	if w.timer == nil {
		w.timer = time.AfterFunc(first, w.fire)
	} else {
		w.timer.Reset(first)
	}
}

// stop ends the watch: once it has returned, the client is not touched any more. It tells whether the watch may be
// started again, which it may not when the timer's function is still to run once, to no effect.
func (w *watch) stop() bool {
	w.life.Lock()
	w.stopped = true
	w.client, w.cancel = nil, nil
	w.life.Unlock()
	return w.timer.Stop()
}

// enter notes that a phase begins, which is a sign of life.
func (w *watch) enter(p phase) {
	w.hear()
	w.phase.Store(p)
}

// linger begins the phase in which there is nothing to come but the end of the upstream's stream.
func (w *watch) linger() {
	w.life.Lock()
	defer w.life.Unlock()
	w.until = time.Since(w.began) + lingering
	w.phase.Store(answered)
	w.timer.Reset(lingering)
}

// hear notes a sign of life of the upstream.
func (w *watch) hear() {
	w.heard.Store(int64(time.Since(w.began)))
}

// lastHeard returns when the last sign of life came, counted from the beginning.
func (w *watch) lastHeard() time.Duration { return time.Duration(w.heard.Load()) }

// fire is the timer's function.
func (w *watch) fire() {
	w.life.Lock()
	defer w.life.Unlock()
	if w.stopped {
		return
	}
	now := time.Since(w.began)
	wait, cause := w.check(now)
	if cause != nil {
		w.cancel(cause)
		return
	}
	if w.mu.TryLock() {
		wait, cause = w.comfort(now, wait)
		w.mu.Unlock()
	}
	if cause != nil {
		w.cancel(cause)
		return
	}
	w.timer.Reset(wait)
}

// check returns how long the attempt may still be silent, or the cause to end it.
func (w *watch) check(now time.Duration) (time.Duration, error) {
	switch w.phase.Load() {
	case awaitingHeader, awaitingEvent:
		wait := w.limits.firstByte - now
		if wait <= 0 {
			return 0, errFirstByte
		}
		return min(wait, w.limits.keepAlive), nil
	case answered:
		if wait := w.until - now; wait > 0 {
			return wait, nil
		}
		return 0, errEnded
	}
	wait := w.lastHeard() + w.limits.idle - now
	switch {
	case wait > 0:
		return min(wait, w.limits.keepAlive), nil
	case w.mu.TryLock():
		w.mu.Unlock()
		return 0, errIdle
	default:
		w.client.unblock()
		return 0, errClientStalled
	}
}

// comfort sends a comment to the client of a silent stream, and returns the time to wait until the next is due, at
// most wait. It is called with mu held.
func (w *watch) comfort(now, wait time.Duration) (time.Duration, error) {
	if p := w.phase.Load(); p != awaitingEvent && p != inStream {
		return wait, nil
	}
	quiet := now - w.told
	if quiet >= w.limits.keepAlive {
		if err := w.client.comment(w.limits.idle); err != nil {
			return 0, errClientGone
		}
		w.told, quiet = now, 0
	}
	return min(wait, w.limits.keepAlive-quiet), nil
}
