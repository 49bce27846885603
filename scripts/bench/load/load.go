//go:build linux

// Package load owns the load generator: it sends a workload's requests over keep-alive connections, checks every byte of every
// answer, and times them. It must stay cheap, because it shares the machine with what it measures: one goroutine a
// connection, requests rendered once, answers compared in the read buffer.
//
// Run may be called from several goroutines; each call has its own connections.
package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"aiproxy/scripts/bench/stats"
	"aiproxy/scripts/bench/workload"
)

// patience is how long after its due time an answer may come before it counts as failed.
const patience = 2 * time.Second

// Config tells what to send where.
type Config struct {
	// Addr is the host and port of the server.
	Addr string
	// Key is the API key sent with each request.
	Key      string
	Workload workload.Workload
	// Warmup is sent and checked, but not counted. Streams are started one after the other in a time of their own before it.
	Warmup time.Duration
	// Duration is the time that is counted.
	Duration time.Duration
	// Measuring and Measured, when set, are called at the start and at the end of that time. They should be quick.
	Measuring, Measured func()
}

// Result is what was measured.
type Result struct {
	// Seconds is the length of the counted time.
	Seconds float64 `json:"seconds"`
	// Requests is the number of answers that were completed in it; streams count by the part of their events that came in it.
	Requests float64 `json:"requests"`
	// Failed counts requests without the right answer, warm-up included, and Cut those of them whose answer broke off after its
	// head. Faults describes the first few.
	Failed int      `json:"failed"`
	Cut    int      `json:"cut"`
	Faults []string `json:"faults,omitempty"`
	// Latency is the time from a request, or from the moment it was due in an open loop, to the end of its answer.
	Latency stats.Percentiles `json:"latency"`
	// FirstEvent is the time from a request to the first event of its stream.
	FirstEvent stats.Percentiles `json:"first_event"`
}

// The phases of a run.
const (
	warming = iota
	measuring
	measured
)

// generator is the state that the connections of a run share.
type generator struct {
	cfg      Config
	request  []byte
	answer   []byte
	payloads [][]byte
	phase    atomic.Int32
	due      chan time.Time // The moments of an open loop; nil in a closed one.
}

// Run sends the workload and returns what it measured. Wrong answers are counted, not errors; an error means that the run did
// not take place, or that ctx ended it.
func Run(ctx context.Context, cfg Config) (Result, error) {
	g := newGenerator(cfg)
	working, abandon := context.WithCancel(ctx)
	defer abandon()
	workers := make([]*worker, cfg.Workload.Connections)
	var running sync.WaitGroup
	for i := range workers {
		workers[i] = newWorker(g)
		stagger := cfg.Workload.StreamTime() * time.Duration(i) / time.Duration(len(workers))
		running.Go(func() { workers[i].run(working, stagger) })
	}
	pacing, err := g.pace(working)
	if err != nil {
		abandon()
		running.Wait()
		return Result{}, err
	}
	seconds, err := g.measure(ctx)
	pacing.Wait()
	g.drain(ctx, &running)
	abandon()
	running.Wait()
	return merge(workers, seconds), err
}

func newGenerator(cfg Config) *generator {
	g := &generator{cfg: cfg, request: renderRequest(cfg), answer: workload.Answer()}
	if cfg.Workload.Stream {
		g.payloads = workload.Payloads(cfg.Workload.Events)
	}
	if cfg.Workload.Rate > 0 {
		g.due = make(chan time.Time, 1<<16) // Room for more than a minute at the rates in use, so that pacing never waits.
	}
	return g
}

func renderRequest(cfg Config) []byte {
	body := cfg.Workload.RequestBody()
	accept := "application/json"
	if cfg.Workload.Stream {
		accept = "text/event-stream"
	}
	return fmt.Appendf(nil, "POST /v1/chat/completions HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nAccept: %s\r\nUser-Agent: aiproxy-bench\r\nContent-Length: %d\r\n\r\n%s",
		cfg.Addr, cfg.Key, accept, len(body), body)
}

// measure walks through the phases and returns the length of the one that counts, in seconds.
func (g *generator) measure(ctx context.Context) (float64, error) {
	defer g.phase.Store(measured)
	if err := wait(ctx, g.cfg.Workload.StreamTime()+g.cfg.Warmup); err != nil {
		return 0, err
	}
	g.phase.Store(measuring)
	start := time.Now()
	call(g.cfg.Measuring)
	err := wait(ctx, g.cfg.Duration)
	g.phase.Store(measured)
	seconds := time.Since(start).Seconds()
	call(g.cfg.Measured)
	return seconds, err
}

// drain lets requests in flight end. Streams with delays are not waited for: they would double the time of a run.
func (g *generator) drain(ctx context.Context, running *sync.WaitGroup) {
	if g.cfg.Workload.Delay > 0 {
		return
	}
	idle := make(chan struct{})
	go func() {
		running.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
	case <-time.After(patience):
	}
}

func merge(workers []*worker, seconds float64) Result {
	result := Result{Seconds: seconds}
	var latencies, firsts []time.Duration
	for _, w := range workers {
		latencies = append(latencies, w.latencies...)
		firsts = append(firsts, w.firsts...)
		result.Requests += w.completed()
		result.Failed += w.failed
		result.Cut += w.cut
		result.Faults = append(result.Faults, w.faults...)
	}
	result.Faults = result.Faults[:min(len(result.Faults), maxFaults)]
	result.Latency = stats.PercentilesOf(latencies)
	result.FirstEvent = stats.PercentilesOf(firsts)
	return result
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func call(f func()) {
	if f != nil {
		f()
	}
}
