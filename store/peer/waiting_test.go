package peer

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// closable counts as closed once it has been.
type closable struct {
	net.Conn
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

// admitted brings a new connection into w and says how long that took.
func admitted(t *testing.T, w *waiting) (*visitor, *closable, time.Duration) {
	t.Helper()
	c := &closable{}
	start := time.Now()
	v := w.admit(c, t.Context().Done())
	if v == nil {
		t.Fatal("not admitted")
	}
	return v, c, time.Since(start)
}

// TestSilentMakeRoomFirst fills all places and brings in more.
func TestSilentMakeRoomFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(2)
		speaker, speaking, _ := admitted(t, w)
		w.spoke(speaker)
		_, silent, _ := admitted(t, w)

		_, third, took := admitted(t, w)
		if took != silentPatience || !silent.closed || speaking.closed {
			t.Errorf("after %s: silent closed %v, speaking closed %v", took, silent.closed, speaking.closed)
		}
		_, _, took = admitted(t, w)
		if took != silentPatience || !third.closed || speaking.closed {
			t.Errorf("after %s: silent closed %v, speaking closed %v", took, third.closed, speaking.closed)
		}
	})
}

// TestSpeakersHaveMoreTime evicts those that have begun only when they take very long.
func TestSpeakersHaveMoreTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(1)
		v, c, _ := admitted(t, w)
		w.spoke(v)
		_, _, took := admitted(t, w)
		if took != speakingPatience || !c.closed {
			t.Errorf("after %s: closed %v", took, c.closed)
		}
		if w.leave(v) {
			t.Error("the evicted one still had a place")
		}
		w.spoke(v) // which its goroutine may do, not knowing
		if w.handOver(v) != nil {
			t.Error("the evicted one may be handed over")
		}
	})
}

// TestPlaceGivenUp lets the next one in at once.
func TestPlaceGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(1)
		v, c, _ := admitted(t, w)
		time.AfterFunc(silentPatience/2, func() { w.leave(v) })
		_, _, took := admitted(t, w)
		if took != silentPatience/2 || c.closed {
			t.Errorf("after %s: closed %v", took, c.closed)
		}
	})
}

// TestEvictionWhileHandingOver leaves the closing to the one who hands over.
func TestEvictionWhileHandingOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(1)
		v, c, _ := admitted(t, w)
		w.spoke(v)
		gone := w.handOver(v)
		admitted(t, w)
		<-gone
		if c.closed {
			t.Error("a connection that may have been taken is closed")
		}
	})
}

// TestNobodyEntersAfterClose covers the connection that is accepted while the transport closes.
func TestNobodyEntersAfterClose(t *testing.T) {
	t.Parallel()
	w := newWaiting(1)
	_, c, _ := admitted(t, w)
	w.close()
	if !c.closed || w.admit(&closable{}, t.Context().Done()) != nil {
		t.Error("somebody is still in")
	}
}
