//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"aiproxy/scripts/bench/proc"
)

// restful is how long nodes are left alone before their memory is read, so that what only passed through is given back.
const restful = 3 * time.Second

// scaleFigures is what a large configuration costs, beside a small one measured in the same way.
type scaleFigures struct {
	Instances int `json:"instances"`
	// Small and Large are the clusters with three instances and with the large configuration.
	Small clusterFigures `json:"small"`
	Large clusterFigures `json:"large"`
	// Snapshot is the state machine alone with the large configuration.
	Snapshot snapshotFigures `json:"snapshot"`
	// Total is what the large configuration adds to loading and replicating, and its snapshot, in milliseconds.
	Total float64 `json:"total_ms"`
	// Memory is what it adds to the resident memory of the node that has most, in bytes.
	Memory int64 `json:"memory_bytes"`
}

// clusterFigures are times in milliseconds and memory in bytes of one cluster.
type clusterFigures struct {
	// Load is the time from the start of the first node with the configuration file until it is ready.
	Load float64 `json:"load_ms"`
	// Replicate is the longer of the times from the start of another node until it is ready with the state of the first.
	Replicate float64 `json:"replicate_ms"`
	// Restart is the time from killing all nodes and starting them until all are ready.
	Restart float64 `json:"restart_ms"`
	// Resident is the memory of the node that has most, Restarted that after the restart.
	Resident  int64 `json:"resident_bytes"`
	Restarted int64 `json:"restarted_bytes"`
}

// measureInstances compares a cluster that starts with a large configuration file to one with a small file.
func measureInstances(ctx context.Context, b *bed, found *document) error {
	f := &scaleFigures{Instances: b.instances}
	found.Scale = f
	for _, size := range []struct {
		instances int
		into      *clusterFigures
	}{{clusterSize, &f.Small}, {b.instances, &f.Large}} {
		if err := b.fill(ctx, size.instances, size.into); err != nil {
			return fmt.Errorf("%d instances: %w", size.instances, err)
		}
		fmt.Fprintf(b.progress, "  %d instances: loaded in %.0f ms, replicated in %.0f ms, restarted in %.0f ms\n",
			size.instances, size.into.Load, size.into.Replicate, size.into.Restart)
	}
	var err error
	if f.Snapshot, err = b.snapshot(); err != nil {
		return err
	}
	f.Total = max(0, f.Large.Load-f.Small.Load) + max(0, f.Large.Replicate-f.Small.Replicate) + f.Snapshot.Take
	f.Memory = max(f.Large.Resident-f.Small.Resident, f.Large.Restarted-f.Small.Restarted)
	return nil
}

func (b *bed) fill(ctx context.Context, instances int, f *clusterFigures) (err error) {
	config, err := b.seedFile(instances)
	if err != nil {
		return err
	}
	c := &cluster{}
	defer func() { err = errors.Join(err, c.stop()) }()
	for i := range clusterSize {
		took, err := b.grow(ctx, c, config)
		if err != nil {
			return err
		}
		if i == 0 {
			f.Load = milliseconds(took)
		} else {
			f.Replicate = max(f.Replicate, milliseconds(took))
		}
	}
	if err := c.complete(ctx, instances); err != nil {
		return err
	}
	if f.Resident, err = c.resident(ctx); err != nil {
		return err
	}
	ready, _, err := restartOnce(ctx, c.nodes)
	if err != nil {
		return err
	}
	f.Restart = milliseconds(ready)
	if err := c.complete(ctx, instances); err != nil {
		return err
	}
	f.Restarted, err = c.resident(ctx)
	return err
}

// grow starts one more node and returns how long it took to be ready with the state of the first.
func (b *bed) grow(ctx context.Context, c *cluster, config string) (time.Duration, error) {
	n, err := b.newNode(ctx, c, 1, config)
	if err != nil {
		return 0, err
	}
	c.nodes = append(c.nodes, n)
	begun := time.Now()
	if err := n.start(ctx); err != nil {
		return 0, err
	}
	if err := n.awaitReady(ctx); err != nil {
		return 0, err
	}
	err = n.awaitRevision(ctx, c.nodes[0])
	return time.Since(begun), err
}

// awaitRevision waits until the node has the configuration that the other one has.
func (n *node) awaitRevision(ctx context.Context, other *node) error {
	return await(ctx, n.id+" has the configuration", func() bool {
		want, err := other.status(ctx)
		if err != nil {
			return false
		}
		got, err := n.status(ctx)
		return err == nil && got.Revision == want.Revision
	})
}

// complete waits until all nodes vote and checks that each has all instances.
func (c *cluster) complete(ctx context.Context, instances int) error {
	if err := c.awaitVoters(ctx); err != nil {
		return err
	}
	for _, n := range c.nodes {
		weights, err := n.weights(ctx)
		if err != nil {
			return err
		}
		if len(weights) != instances {
			return fmt.Errorf("%s has %d instances, not %d", n.id, len(weights), instances)
		}
	}
	return nil
}

// resident is the memory of the node that has most.
func (c *cluster) resident(ctx context.Context) (int64, error) {
	pause(ctx, restful)
	var all []int64
	for _, n := range c.nodes {
		memory, err := proc.Resident([]int{n.PID()})
		if err != nil {
			return 0, n.Fault(err)
		}
		all = append(all, memory)
	}
	return slices.Max(all), nil
}
