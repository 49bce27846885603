//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// clientsPerNode is the number of chat clients that have a node as their first choice.
const clientsPerNode = 2

// trafficPause is what a client waits between two requests. Without it the clients would take the processors that the
// cluster needs, and the figures would be those of an overloaded machine.
const trafficPause = 10 * time.Millisecond

// traffic is clients that ask for completions until they are stopped.
type traffic struct {
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu     sync.Mutex
	counts trafficCounts
	first  error
}

// trafficCounts says what became of the requests.
type trafficCounts struct {
	Served int `json:"served"`
	Failed int `json:"failed"`
}

func (c *trafficCounts) add(other trafficCounts) {
	c.Served += other.Served
	c.Failed += other.Failed
}

// startTraffic starts clients of the nodes, which must serve them all the time: a refused connection is a failure.
func startTraffic(ctx context.Context, nodes []*node) *traffic {
	ctx, cancel := context.WithCancel(ctx)
	t := &traffic{cancel: cancel}
	for _, n := range nodes {
		for range clientsPerNode {
			t.group.Go(func() { t.run(ctx, newClient(n.address)) })
		}
	}
	return t
}

func (t *traffic) run(ctx context.Context, c client) {
	defer c.close()
	request, answer := chatBodies()
	ticker := time.NewTicker(trafficPause)
	defer ticker.Stop()
	for ctx.Err() == nil {
		t.note(c.chat(context.WithoutCancel(ctx), request, answer))
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

func (t *traffic) note(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.counts.Failed++
		if t.first == nil {
			t.first = err
		}
		return
	}
	t.counts.Served++
}

// stop ends the traffic and returns what became of it, with the first failure. Too few requests are an error of their own: such
// a run would prove nothing.
func (t *traffic) stop(least int) (trafficCounts, string, error) {
	t.cancel()
	t.group.Wait()
	if t.counts.Served < least {
		return t.counts, "", fmt.Errorf("only %d requests were served, %d failed, first: %w", t.counts.Served, t.counts.Failed, t.first)
	}
	return t.counts, t.failure(), nil
}

// failure is the first failed request's error, or "".
func (t *traffic) failure() string {
	if t.first == nil {
		return ""
	}
	return t.first.Error()
}
