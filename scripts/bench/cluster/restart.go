//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aiproxy/scripts/bench/stats"
)

// restartTrials is how often each restart is measured.
const restartTrials = 10

// restart is how long nodes take to come back.
type restart struct {
	// What says which nodes were killed and started again.
	What string `json:"what"`
	// Ready is the time from the start of the process, of the last one if there are several, until /readyz answers 200.
	Ready stats.Percentiles `json:"ready"`
	// Writable is the time until a write is accepted. It is measured where all nodes were down.
	Writable stats.Percentiles `json:"writable"`
}

// measureRestart kills a follower and then the whole cluster, starts them again and waits until they are ready.
func measureRestart(ctx context.Context, b *bed, found *document) (err error) {
	config, err := b.seedFile(clusterSize)
	if err != nil {
		return err
	}
	c, err := b.newCluster(ctx, 1, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	follower, err := b.restarts(ctx, c, "one follower", func(leader *node) []*node { return c.others(leader)[:1] })
	if err != nil {
		return err
	}
	all, err := b.restarts(ctx, c, "all three nodes", func(*node) []*node { return c.nodes })
	found.Restart = append(found.Restart, follower, all)
	return err
}

func (b *bed) restarts(ctx context.Context, c *cluster, what string, pick func(leader *node) []*node) (restart, error) {
	var ready, writable []time.Duration
	for range min(b.trials, restartTrials) {
		leader, err := c.leader(ctx)
		if err != nil {
			return restart{}, err
		}
		r, w, err := restartOnce(ctx, pick(leader))
		if err != nil {
			return restart{}, err
		}
		ready, writable = append(ready, r), append(writable, w)
		if err := c.awaitVoters(ctx); err != nil {
			return restart{}, err
		}
		fmt.Fprintf(b.progress, "  %s: ready after %.0f ms, a write after %.0f ms\n", what, milliseconds(r), milliseconds(w))
	}
	return restart{What: what, Ready: stats.PercentilesOf(ready), Writable: stats.PercentilesOf(writable)}, nil
}

// restartOnce kills the nodes, starts them and waits until all are ready and one has accepted a write.
func restartOnce(ctx context.Context, nodes []*node) (ready, writable time.Duration, err error) {
	for _, n := range nodes {
		if err := n.Kill(); err != nil {
			return 0, 0, err
		}
	}
	begun := time.Now()
	for _, n := range nodes {
		begun = time.Now()
		if err := n.start(ctx); err != nil {
			return 0, 0, err
		}
	}
	for _, n := range nodes {
		if err := n.awaitReady(ctx); err != nil {
			return 0, 0, err
		}
	}
	ready = time.Since(begun)
	err = await(ctx, "a write is accepted", func() bool {
		_, err := nodes[0].setWeight(ctx, instanceName(0), 1)
		return err == nil
	})
	return ready, time.Since(begun), err
}
