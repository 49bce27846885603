//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// load is clients that call nodes without a pause until it is stopped.
type load struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
	served atomic.Int64
	mu     sync.Mutex
	failed []string
}

// startLoad starts two clients a node, one of which streams.
func startLoad(t *testing.T, nodes ...*node) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	l := &load{cancel: cancel}
	for _, n := range nodes {
		for _, stream := range []bool{false, true} {
			l.group.Go(func() { l.client(ctx, n, stream) })
		}
	}
	t.Cleanup(func() { cancel(); l.group.Wait() })
	return l
}

func (l *load) client(ctx context.Context, n *node, stream bool) {
	for ctx.Err() == nil {
		if _, err := n.chat(context.WithoutCancel(ctx), "gpt-4o-mini", stream); err != nil {
			l.mu.Lock()
			l.failed = append(l.failed, fmt.Sprintf("%s (stream %t): %v", n.id, stream, err))
			l.mu.Unlock()
			return
		}
		l.served.Add(1)
	}
}

// awaitProgress waits until so many more requests were served, which proves that there is traffic.
func (l *load) awaitProgress(t *testing.T, requests int64) {
	t.Helper()
	goal := l.served.Load() + requests
	eventually(t, fmt.Sprintf("%d more requests are served", requests), func() bool {
		return l.served.Load() >= goal || len(l.failures()) > 0
	})
}

func (l *load) failures() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.failed...)
}

// stop ends the load, which must not have failed once.
func (l *load) stop(t *testing.T) {
	t.Helper()
	l.cancel()
	l.group.Wait()
	if failures := l.failures(); len(failures) > 0 {
		t.Errorf("%d clients failed after %d requests, first: %s", len(failures), l.served.Load(), failures[0])
	}
	t.Logf("%d requests served, %d failed", l.served.Load(), len(l.failures()))
}
