//go:build linux

package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// maxFaults bounds the descriptions of faults that a run keeps.
	maxFaults = 5
	// maxFailures in a row end a worker: the server is gone, and to go on would only burn processor time.
	maxFailures = 20
)

// worker sends one request after the other over its connection and keeps count. Only its goroutine touches it until the run
// has ended.
type worker struct {
	g    *generator
	conn *connection

	latencies, firsts   []time.Duration
	answers, events     int
	failed, cut, streak int
	faults              []string
}

func newWorker(g *generator) *worker {
	w := &worker{g: g}
	w.conn = newConnection(g, w.counted)
	return w
}

// counted notes events that have arrived.
func (w *worker) counted(events int) {
	if w.g.phase.Load() == measuring {
		w.events += events
	}
}

// completed is the number of requests answered in the counted time, with the parts of streams that overlap its ends.
func (w *worker) completed() float64 {
	if w.g.cfg.Workload.Stream {
		return float64(w.events) / float64(w.g.cfg.Workload.Events)
	}
	return float64(w.answers)
}

// run sends until the counted time is over. The first request waits for stagger, so that streams do not run in step.
func (w *worker) run(ctx context.Context, stagger time.Duration) {
	defer w.conn.close()
	if wait(ctx, stagger) != nil {
		return
	}
	if w.g.due == nil {
		for w.g.phase.Load() != measured && w.streak < maxFailures {
			w.request(ctx, time.Now())
		}
		return
	}
	for due := range w.g.due {
		if w.g.phase.Load() == measured || w.streak >= maxFailures {
			return
		}
		w.request(ctx, due)
	}
}

// request makes one exchange and counts it; its times are taken from start.
func (w *worker) request(ctx context.Context, start time.Time) {
	first, err := w.conn.exchange(ctx)
	if err != nil {
		w.conn.close()
		w.fail(ctx, err, time.Since(start))
		return
	}
	w.streak = 0
	if w.g.phase.Load() != measuring {
		return
	}
	w.answers++
	w.latencies = append(w.latencies, time.Since(start))
	if !first.IsZero() {
		w.firsts = append(w.firsts, first.Sub(start))
	}
}

// fail counts a fault, unless it only is that the run gave up a request that still had time.
func (w *worker) fail(ctx context.Context, err error, age time.Duration) {
	if ctx.Err() != nil && age < w.g.cfg.Workload.StreamTime()+patience {
		return
	}
	w.failed++
	w.streak++
	if errors.Is(err, errCut) {
		w.cut++
	}
	if len(w.faults) < maxFaults {
		w.faults = append(w.faults, fmt.Sprintf("after %s: %v", age.Round(time.Microsecond), err))
	}
}
