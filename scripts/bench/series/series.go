//go:build linux

// Package series owns the order of a benchmark: it interleaves runs of every server, round by round in turning order, so that
// whatever else the machine does meets all servers alike, and measures each run. It must not judge the figures.
package series

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"aiproxy/scripts/bench/load"
	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/workload"
)

// MinDuration is the least counted time of a run. In less, a busy machine may not answer a single request.
const MinDuration = 250 * time.Millisecond

// Plan tells what to run.
type Plan struct {
	Workloads []workload.Workload
	// Servers are names of package server.
	Servers []string
	Rounds  int
	// Duration is the counted time of a run, before a workload takes its share, and Warmup what precedes it.
	Duration, Warmup time.Duration
}

// Run is one measured run.
type Run struct {
	Workload string `json:"workload"`
	Server   string `json:"server"`
	Round    int    `json:"round"`
	load.Result
	// CPU is the processor time, user and system, of the server's processes per request, in microseconds.
	CPU float64 `json:"cpu_us_per_request"`
	// IdleMemory is the server's resident memory before the run, PeakMemory the most it had in it, in bytes.
	IdleMemory int64 `json:"idle_memory_bytes"`
	PeakMemory int64 `json:"peak_memory_bytes"`
	// Elsewhere is the part of the machine's processors that processes outside the benchmark took.
	Elsewhere float64 `json:"elsewhere"`
}

// Execute carries out the plan and returns its runs in the order in which they were made. Servers are started anew for each
// workload, so that the memory of one does not show in the next. It writes a line for each run to progress.
func Execute(ctx context.Context, bed server.Bed, plan Plan, progress io.Writer) ([]Run, error) {
	var runs []Run
	for _, w := range plan.Workloads {
		fmt.Fprintf(progress, "%s: %s\n", w.Name, w.Title)
		measured, err := plan.measureWorkload(ctx, bed, w, progress)
		if err != nil {
			return nil, fmt.Errorf("workload %s: %w", w.Name, err)
		}
		runs = append(runs, measured...)
	}
	return runs, nil
}

func (p Plan) measureWorkload(ctx context.Context, bed server.Bed, w workload.Workload, progress io.Writer) (runs []Run, err error) {
	upstream, err := bed.StartUpstream(ctx, w)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, upstream.Stop()) }()
	servers := make([]*server.Server, 0, len(p.Servers))
	for _, name := range p.Servers {
		s, err := bed.Start(ctx, name, upstream)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.Stop()) }()
		servers = append(servers, s)
	}
	for round := range p.Rounds {
		for _, s := range turn(servers, round) {
			m := measurement{bed: bed, plan: p, workload: w, server: s, upstream: upstream, round: round}
			run, err := m.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("round %d of %s: %w", round+1, s.Name, err)
			}
			fmt.Fprintf(progress, "  round %d %-13s %8.1f cpu-us/request %9.0f requests/s\n",
				round+1, s.Name, run.CPU, run.Requests/run.Seconds)
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// turn returns items from number round on, in a circle, so that each is first, last and behind another in turn.
func turn[T any](items []T, round int) []T {
	if len(items) == 0 {
		return nil
	}
	first := round % len(items)
	return slices.Concat(items[first:], items[:first])
}

// duration is the counted time of a run. Direct runs only show that the upstream is no bottleneck, so a quarter does, except
// where the first event's time is subtracted from the others'.
func (p Plan) duration(w workload.Workload, name string) time.Duration {
	share := w.Share
	if name == server.Direct && w.Delay == 0 {
		share /= 4
	}
	return max(time.Duration(share*float64(p.Duration)), MinDuration)
}
