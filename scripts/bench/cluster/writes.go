//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"aiproxy/scripts/bench/stats"
)

// writeRate is what writing in one way brought.
type writeRate struct {
	// Way is "http" for the management API of a process, "store" for store.Apply without one.
	Way string `json:"way"`
	// Via says which node is written to: "leader" or "follower", which forwards.
	Via     string            `json:"via"`
	Callers int               `json:"callers"`
	Rate    float64           `json:"writes_per_second"`
	Latency stats.Percentiles `json:"latency"`
	Failed  int64             `json:"failed"`
}

// measureWrites measures the ways to write, alone and with many at once.
func measureWrites(ctx context.Context, b *bed, found *document) error {
	for _, measure := range []func(context.Context) ([]writeRate, error){b.writesByHTTP, b.writesByStore} {
		rates, err := measure(ctx)
		found.Writes = append(found.Writes, rates...)
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bed) writesByHTTP(ctx context.Context) (rates []writeRate, err error) {
	config, err := b.seedFile(maxCallers)
	if err != nil {
		return nil, err
	}
	c, err := b.newCluster(ctx, 1, config)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	leader, err := c.leader(ctx)
	if err != nil {
		return nil, err
	}
	return b.writeEachWay(ctx, "http", map[string]write{
		"leader": writeTo(leader), "follower": writeTo(c.others(leader)[0]),
	}), nil
}

// write makes the write with number n for one of the callers.
type write func(ctx context.Context, caller, n int) error

func writeTo(n *node) write {
	return func(ctx context.Context, caller, i int) error {
		_, err := n.setWeight(ctx, instanceName(caller), i%(maxWeight+1))
		return err
	}
}

// writeEachWay measures both nodes with one caller and with many.
func (b *bed) writeEachWay(ctx context.Context, way string, nodes map[string]write) []writeRate {
	var rates []writeRate
	for _, callers := range []int{1, maxCallers} {
		for _, via := range []string{"leader", "follower"} {
			rate := measureRate(ctx, b.duration, callers, nodes[via])
			rate.Way, rate.Via = way, via
			fmt.Fprintf(b.progress, "  %s via %s, %d callers: %.0f/s\n", way, via, callers, rate.Rate)
			rates = append(rates, rate)
		}
	}
	return rates
}

// measureRate has so many callers write, each its next when the last is done.
func measureRate(ctx context.Context, d time.Duration, callers int, write write) writeRate {
	begun := time.Now()
	var group sync.WaitGroup
	var failed atomic.Int64
	var mu sync.Mutex
	var latencies []time.Duration
	for caller := range callers {
		group.Go(func() {
			var own []time.Duration
			for i := 0; time.Since(begun) < d && ctx.Err() == nil; i++ {
				at := time.Now()
				if err := write(ctx, caller, i); err != nil {
					failed.Add(1)
					continue
				}
				own = append(own, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			latencies = append(latencies, own...)
		})
	}
	group.Wait()
	return writeRate{
		Callers: callers, Failed: failed.Load(), Latency: stats.PercentilesOf(latencies),
		Rate: float64(len(latencies)) / time.Since(begun).Seconds(),
	}
}
