//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxWeight is the largest weight that an instance can have.
const maxWeight = 1000

// writer writes to one node without a pause and keeps what was acknowledged. It has an instance of its own, so that what the
// cluster must hold in the end is known.
type writer struct {
	to       *client
	instance string
	cancel   context.CancelFunc
	group    sync.WaitGroup

	// The fields below belong to the goroutine of run until stop.
	acked     []ack
	weight    int   // What was last acknowledged, -1 for nothing.
	uncertain []int // What was asked for since and may have been written or not.
	failed    int
}

// ack is an acknowledged write.
type ack struct {
	begun, ended time.Time
	revision     uint64
}

// startWriters starts a writer for each node. Weights are the ones that the instances have.
func startWriters(ctx context.Context, nodes []*node, weights map[string]int) []*writer {
	var writers []*writer
	for i, n := range nodes {
		ctx, cancel := context.WithCancel(ctx)
		to := newClient(n.address)
		w := &writer{to: &to, instance: instanceName(i), cancel: cancel, weight: -1}
		w.group.Go(func() { w.run(ctx, weights[w.instance]) })
		writers = append(writers, w)
	}
	return writers
}

// run writes a weight that differs from the one before each time: a write that changes nothing makes no revision.
func (w *writer) run(ctx context.Context, weight int) {
	defer w.to.close()
	for ctx.Err() == nil {
		weight = (weight + 1) % (maxWeight + 1)
		begun := time.Now()
		r, err := w.to.setWeight(context.WithoutCancel(ctx), w.instance, weight)
		if err != nil {
			w.failed++
			w.uncertain = append(w.uncertain, weight)
			continue
		}
		w.acked = append(w.acked, ack{begun, time.Now(), r.Revision})
		w.weight, w.uncertain = weight, nil
	}
}

func (w *writer) stop() {
	w.cancel()
	w.group.Wait()
}

// longestGap is the longest time between two acknowledgements of the writer of which the later came after since.
func (w *writer) longestGap(since time.Time) time.Duration {
	var longest time.Duration
	for i := 1; i < len(w.acked); i++ {
		if w.acked[i].ended.After(since) {
			longest = max(longest, w.acked[i].ended.Sub(w.acked[i-1].ended))
		}
	}
	return longest
}

// writeCounts says what became of the writes.
type writeCounts struct {
	Acked int `json:"acked"`
	// Failed writes were answered with an error, so their outcome may be unknown.
	Failed int `json:"failed"`
	Lost   int `json:"lost"`
}

// lostAt counts the acknowledged writes that a node does not have. Each write makes a revision of its own; one that was lost shows
// by a revision that was given twice or lies beyond what the node has, or by a weight that is neither the last acknowledged one
// nor one asked for after it.
func lostAt(ctx context.Context, writers []*writer, at *client) (int, error) {
	s, err := at.status(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask %s for its revision: %w", at.address, err)
	}
	weights, err := at.weights(ctx)
	if err != nil {
		return 0, err
	}
	lost := 0
	var revisions []uint64
	for _, w := range writers {
		for _, a := range w.acked {
			revisions = append(revisions, a.revision)
		}
		if got := weights[w.instance]; w.weight >= 0 && got != w.weight && !slices.Contains(w.uncertain, got) {
			lost++
		}
	}
	slices.Sort(revisions)
	for i, r := range revisions {
		if r > s.Revision || i > 0 && r == revisions[i-1] {
			lost++
		}
	}
	return lost, nil
}
