//go:build chaos && linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// trafficRate is the number of chat requests a second, over all nodes that should serve.
	trafficRate = 50
	// leastRate is what must have been served of it, or the run proves nothing.
	leastRate = 10
	// trafficRoom bounds the requests in flight.
	trafficRoom = 100
)

// traffic is chat requests at a steady rate. A client that is refused a connection tries another node, as one should; every other failure
// counts, unless the node was taken down under the request.
type traffic struct {
	w      *world
	cancel context.CancelFunc
	group  sync.WaitGroup
	room   chan struct{}

	// offered is how long there was a node that should serve.
	offered                atomic.Int64
	served, excused, moved atomic.Int64
	// raced counts requests that went out on a kept connection while a stopping node closed it.
	raced atomic.Int64

	mu     sync.Mutex
	failed []string
}

func (w *world) startTraffic() *traffic {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	f := &traffic{w: w, cancel: cancel, room: make(chan struct{}, trafficRoom)}
	f.group.Go(func() { f.run(ctx) })
	w.t.Cleanup(f.stop)
	return f
}

func (f *traffic) run(ctx context.Context) {
	const interval = time.Second / trafficRate
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	last := time.Now()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		targets := f.targets(turn)
		now := time.Now()
		if len(targets) > 0 {
			f.offered.Add(int64(now.Sub(last)))
			f.dispatch(targets, turn/2%2 == 0)
		}
		last = now
	}
}

// targets are the nodes that should serve, another one first each turn.
func (f *traffic) targets(turn int) []*node {
	var up []*node
	for _, n := range f.w.members() {
		if n.serving.Load() {
			up = append(up, n)
		}
	}
	if len(up) == 0 {
		return nil
	}
	first := turn % len(up)
	return append(up[first:len(up):len(up)], up[:first]...)
}

// dispatch makes one request beside the others, if there is room.
func (f *traffic) dispatch(targets []*node, stream bool) {
	select {
	case f.room <- struct{}{}:
	default:
		return
	}
	f.group.Go(func() {
		defer func() { <-f.room }()
		f.request(targets, stream)
	})
}

func (f *traffic) request(targets []*node, stream bool) {
	for i, n := range targets {
		falls, draining := n.falls.Load(), n.draining.Load()
		err := n.chat(context.Background(), stream)
		switch {
		case err == nil:
			f.served.Add(1)
			return
		case n.falls.Load() != falls:
			f.excused.Add(1)
			return
		case refusedConnection(err) && i+1 < len(targets):
			f.moved.Add(1)
		case (draining || n.draining.Load()) && closedUnder(err) && i+1 < len(targets):
			f.raced.Add(1)
		default:
			f.fail(fmt.Sprintf("%s: %s (stream %t): %v", time.Since(f.w.history.start).Truncate(time.Millisecond), n.id, stream, err))
			return
		}
	}
}

// closedUnder tells that the connection ended before a byte of an answer.
func closedUnder(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE)
}

func (f *traffic) fail(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = append(f.failed, text)
}

// stop ends the traffic. It may be called again.
func (f *traffic) stop() {
	f.cancel()
	f.group.Wait()
}

// check fails the scenario for failed requests, and for too few of them.
func (f *traffic) check() {
	f.w.t.Helper()
	f.stop()
	served, seconds := f.served.Load(), time.Duration(f.offered.Load()).Seconds()
	f.w.t.Logf("traffic: %d served in %.0f s, %d failed, %d taken down with their node, %d refused and %d closed under the request, both served by another node",
		served, seconds, len(f.failed), f.excused.Load(), f.moved.Load(), f.raced.Load())
	var stops int64
	for _, n := range f.w.nodes {
		stops += n.stops.Load()
	}
	// HTTP/1.1 gives a server no way to close an idle connection without this race; it must stay rare.
	if raced := f.raced.Load(); raced > stops {
		f.w.t.Errorf("%d requests were cut off by %d nodes that were stopped", raced, stops)
	}
	if len(f.failed) > 0 {
		f.w.t.Errorf("%d chat requests failed on nodes that were up, first: %s", len(f.failed), f.failed[0])
	}
	if float64(served) < leastRate*seconds {
		f.w.t.Errorf("only %d requests were served in %.0f s: too few to prove anything", served, seconds)
	}
}
