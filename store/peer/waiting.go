package peer

import (
	"container/list"
	"net"
	"sync"
	"time"
)

// A newcomer may push out the connection that has waited longest, but not at once: a burst of good connections
// is served in turn, and only connections that leave their time unused make room.
const (
	silentPatience   = time.Second
	speakingPatience = 2 * time.Second
)

// waiting holds the connections that are neither handed over nor authenticated yet, and bounds their number.
type waiting struct {
	max int
	// freed wakes one that waits for a place.
	freed chan struct{}

	mu       sync.Mutex
	closed   bool
	silent   list.List // of *visitor, the longest silent first
	speaking list.List // of *visitor, the first to have spoken first
}

// visitor is one such connection. Its fields belong to the mutex of waiting.
type visitor struct {
	conn  net.Conn
	since time.Time
	place *list.Element
	room  *list.List
	// gone is made when the connection is about to be handed over: from then on eviction closes gone, and it is
	// for the one who hands over to close the connection, because it may just have been taken.
	gone chan struct{}
}

func newWaiting(limit int) *waiting {
	return &waiting{max: limit, freed: make(chan struct{}, 1)}
}

// admit takes c in. When all places are taken it waits for one, or until somebody has waited too long to keep his.
// It returns nil when done or the waiting room is closed first.
func (w *waiting) admit(c net.Conn, done <-chan struct{}) *visitor {
	for {
		v, patience := w.enter(c)
		if v != nil || patience == 0 {
			return v
		}
		timer := time.NewTimer(patience)
		select {
		case <-w.freed:
		case <-timer.C:
		case <-done:
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// enter takes c in, or says how long to wait before trying again, which is zero when it is of no use.
func (w *waiting) enter(c net.Conn) (*visitor, time.Duration) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, 0
	}
	if w.silent.Len()+w.speaking.Len() >= w.max {
		if patience := w.evict(now); patience > 0 {
			return nil, patience
		}
	}
	v := &visitor{conn: c, since: now, room: &w.silent}
	v.place = w.silent.PushBack(v)
	return v, 0
}

// evict closes the connection that has had its time, or says how long until there is one.
func (w *waiting) evict(now time.Time) time.Duration {
	wait := speakingPatience
	for _, room := range []struct {
		of       *list.List
		patience time.Duration
	}{{&w.silent, silentPatience}, {&w.speaking, speakingPatience}} {
		first := room.of.Front()
		if first == nil {
			continue
		}
		v := first.Value.(*visitor)
		left := room.patience - now.Sub(v.since)
		if left <= 0 {
			w.dismiss(v)
			return 0
		}
		wait = min(wait, left)
	}
	return wait
}

// dismiss takes v out and makes its goroutine stop.
func (w *waiting) dismiss(v *visitor) {
	v.room.Remove(v.place)
	v.place = nil
	if v.gone != nil {
		close(v.gone)
		return
	}
	v.conn.Close()
}

// spoke moves v to those that have sent something. It is harmless after an eviction.
func (w *waiting) spoke(v *visitor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v.place == nil {
		return
	}
	w.silent.Remove(v.place)
	v.since, v.room = time.Now(), &w.speaking
	v.place = w.speaking.PushBack(v)
}

// handOver announces that v's connection is about to be handed over, and returns the channel that is closed if it is
// evicted before. It returns nil when that has happened already.
func (w *waiting) handOver(v *visitor) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v.place == nil {
		return nil
	}
	v.gone = make(chan struct{})
	return v.gone
}

// leave gives v's place up, and reports whether v still had one.
func (w *waiting) leave(v *visitor) bool {
	w.mu.Lock()
	had := v.place != nil
	if had {
		v.room.Remove(v.place)
		v.place = nil
	}
	w.mu.Unlock()
	if had {
		select {
		case w.freed <- struct{}{}:
		default:
		}
	}
	return had
}

// close evicts everybody and lets nobody in.
func (w *waiting) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, room := range []*list.List{&w.silent, &w.speaking} {
		for room.Len() > 0 {
			w.dismiss(room.Front().Value.(*visitor))
		}
	}
}
