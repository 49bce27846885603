//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aiproxy/scripts/bench/stats"
)

// settle is how long traffic and writes run before a fault, so that it hits a busy cluster, and after it.
const settle = 300 * time.Millisecond

// leastServed is the number of requests that prove a trial to have had traffic.
const leastServed = 50

// interruption is what the loss of a leader cost, over a number of trials.
type interruption struct {
	Scale float64 `json:"raft_timeout_scale"`
	// Gap is the time without writes: from the kill to the first write that was sent after it and accepted, or, for a
	// leader that was asked to stop, the longest time between two acknowledgements to one writer.
	Gap    stats.Percentiles `json:"gap"`
	Trials []float64         `json:"trials_ms"`
	Chat   trafficCounts     `json:"chat"`
	Writes writeCounts       `json:"writes"`
	// FirstFailure is the first failed request's error.
	FirstFailure string `json:"first_failure,omitempty"`
}

// measureFailover kills the leader under load, again and again.
func measureFailover(ctx context.Context, b *bed, found *document) error {
	results, err := interrupt(ctx, b, kill)
	found.Failover = results
	return err
}

// measureHandover asks the leader to stop under load, again and again.
func measureHandover(ctx context.Context, b *bed, found *document) error {
	results, err := interrupt(ctx, b, restartGracefully)
	found.Handover = results
	return err
}

// fault takes the leader away, for good when it returns. It returns how long there were no writes, or 0 where the longest gap
// of a writer since then says it.
type fault func(ctx context.Context, leader *node, survivors []*node) (time.Duration, error)

func interrupt(ctx context.Context, b *bed, f fault) ([]interruption, error) {
	config, err := b.seedFile(clusterSize)
	if err != nil {
		return nil, err
	}
	var results []interruption
	for _, scale := range b.scales {
		result, err := b.interruptAt(ctx, scale, config, f)
		results = append(results, result)
		if err != nil {
			return results, fmt.Errorf("at scale %v: %w", scale, err)
		}
	}
	return results, nil
}

func (b *bed) interruptAt(ctx context.Context, scale float64, config string, f fault) (result interruption, err error) {
	result.Scale = scale
	c, err := b.newCluster(ctx, scale, config)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	var gaps []time.Duration
	for i := range b.trials {
		gap, err := result.trial(ctx, c, f)
		if err != nil {
			return result, fmt.Errorf("trial %d: %w", i+1, err)
		}
		gaps = append(gaps, gap)
		result.Trials = append(result.Trials, milliseconds(gap))
		fmt.Fprintf(b.progress, "  scale %v, trial %d of %d: %.1f ms\n", scale, i+1, b.trials, milliseconds(gap))
	}
	result.Gap = stats.PercentilesOf(gaps)
	return result, nil
}

// trial takes the leader away once, and brings it back.
func (r *interruption) trial(ctx context.Context, c *cluster, f fault) (time.Duration, error) {
	leader, err := c.leader(ctx)
	if err != nil {
		return 0, err
	}
	survivors := c.others(leader)
	weights, err := leader.weights(ctx)
	if err != nil {
		return 0, err
	}
	writers := startWriters(ctx, survivors, weights)
	chat := startTraffic(ctx, survivors)
	pause(ctx, settle)
	begun := time.Now()
	gap, faultErr := f(ctx, leader, survivors)
	pause(ctx, settle)
	for _, w := range writers {
		w.stop()
	}
	chatted, first, chatErr := chat.stop(leastServed)
	r.Chat.add(chatted)
	if r.FirstFailure == "" {
		r.FirstFailure = first
	}
	if err := errors.Join(faultErr, chatErr); err != nil {
		return 0, err
	}
	if gap == 0 {
		for _, w := range writers {
			gap = max(gap, w.longestGap(begun))
		}
	}
	return gap, r.recover(ctx, c, leader, writers)
}

// recover brings the leader of old back and looks for lost writes on all nodes.
func (r *interruption) recover(ctx context.Context, c *cluster, leader *node, writers []*writer) error {
	if err := leader.start(ctx); err != nil {
		return err
	}
	if err := c.awaitVoters(ctx); err != nil {
		return err
	}
	for _, w := range writers {
		r.Writes.Acked += len(w.acked)
		r.Writes.Failed += w.failed
	}
	for _, n := range c.nodes {
		lost, err := lostAt(ctx, writers, &n.client)
		if err != nil {
			return err
		}
		r.Writes.Lost += lost
	}
	return nil
}

// kill ends the leader as a crash would and waits for the first write that a survivor accepts after it.
func kill(ctx context.Context, leader *node, survivors []*node) (time.Duration, error) {
	accepted := make(chan time.Time, len(survivors))
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begun := time.Now()
	if err := leader.Kill(); err != nil {
		return 0, err
	}
	for i, n := range survivors {
		go func() {
			for ctx.Err() == nil {
				// The writers have the instances before this one.
				if _, err := n.setWeight(ctx, instanceName(len(survivors)), i); err == nil {
					accepted <- time.Now()
					return
				}
			}
		}()
	}
	select {
	case at := <-accepted:
		return at.Sub(begun), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for a write after the kill: %w", context.Cause(ctx))
	}
}

// restartGracefully asks the leader to stop and waits for its end.
func restartGracefully(_ context.Context, leader *node, _ []*node) (time.Duration, error) {
	return 0, leader.Stop()
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
