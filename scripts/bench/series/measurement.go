//go:build linux

package series

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"aiproxy/scripts/bench/proc"
	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/workload"
)

// ModeLoad is the sub-mode of the benchmark's own program that sends one run's load.
const ModeLoad = "load"

// What the load generator's process writes to its standard output, each on a line: at the start of the counted time, at its
// end, and then the load.Result as JSON.
const (
	Measuring = "measuring"
	Measured  = "measured"
)

// measurement is one run of one server.
type measurement struct {
	bed      server.Bed
	plan     Plan
	workload workload.Workload
	server   *server.Server
	upstream *server.Server
	round    int
}

// run starts the load generator and measures the server while it counts.
func (m measurement) run(ctx context.Context) (Run, error) {
	run := Run{Workload: m.workload.Name, Server: m.server.Name, Round: m.round + 1}
	pids, err := m.server.PIDs()
	if err != nil {
		return run, err
	}
	if run.IdleMemory, err = proc.Resident(pids); err != nil {
		return run, m.server.Fault(err)
	}
	if err := proc.ResetPeak(pids); err != nil {
		return run, m.server.Fault(err)
	}
	if err := m.sendLoad(ctx, pids, &run); err != nil {
		return run, err
	}
	if run.PeakMemory, err = proc.PeakResident(pids); err != nil {
		return run, m.server.Fault(err)
	}
	return run, nil
}

// sendLoad runs the load generator and fills in its result and the processor time.
func (m measurement) sendLoad(ctx context.Context, pids []int, run *Run) (err error) {
	out, in, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("open pipe: %w", err)
	}
	defer out.Close()
	generator, err := proc.Start(ctx, proc.Spec{
		Name: "load generator", Path: m.bed.Self, Log: filepath.Join(m.bed.Dir, "load.log"), Stdout: in,
		Args: []string{
			ModeLoad, "-addr", m.server.Addr, "-key", m.server.Key, "-workload", m.workload.Name,
			"-warmup", m.plan.Warmup.String(), "-d", m.plan.duration(m.workload, m.server.Name).String(),
		},
	})
	in.Close()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, generator.Stop()) }()
	defer context.AfterFunc(ctx, func() { out.Close() })()
	if err := m.follow(bufio.NewReader(out), pids, generator.PID(), run); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return generator.Fault(err)
	}
	return nil
}

// follow reads what the load generator tells, and takes the processor times when it says so.
func (m measurement) follow(out *bufio.Reader, pids []int, generator int, run *Run) error {
	outside, err := m.outside(pids, generator)
	if err != nil {
		return err
	}
	if err := expect(out, Measuring); err != nil {
		return err
	}
	before, err := take(pids, outside)
	if err != nil {
		return m.server.Fault(err)
	}
	if err := expect(out, Measured); err != nil {
		return err
	}
	after, err := take(pids, outside)
	if err != nil {
		return m.server.Fault(err)
	}
	if err := json.NewDecoder(out).Decode(&run.Result); err != nil {
		return fmt.Errorf("read result: %w", err)
	}
	if run.Requests <= 0 {
		return m.server.Fault(fmt.Errorf("no request was answered: %q", run.Faults))
	}
	used := after.server - before.server
	run.CPU = float64(used.Microseconds()) / run.Requests
	elsewhere := (after.machine - before.machine) - used - (after.ours - before.ours)
	run.Elsewhere = max(0, elsewhere.Seconds()/run.Seconds/float64(runtime.NumCPU()))
	return nil
}

// outside returns the processes of the benchmark that take part in a run but are not measured.
func (m measurement) outside(pids []int, generator int) ([]int, error) {
	upstream, err := m.upstream.PIDs()
	if err != nil {
		return nil, err
	}
	outside := []int{generator}
	if upstream[0] != pids[0] {
		outside = append(outside, upstream...)
	}
	return outside, nil
}

func expect(out *bufio.Reader, want string) error {
	line, err := out.ReadString('\n')
	if err != nil {
		return fmt.Errorf("wait for %s: %w", want, err)
	}
	if line != want+"\n" {
		return fmt.Errorf("wait for %s: got %q", want, line)
	}
	return nil
}

// times are processor times at one moment.
type times struct {
	server, ours, machine time.Duration
}

func take(pids, outside []int) (times, error) {
	var now times
	var err error
	if now.server, err = proc.CPU(pids); err != nil {
		return now, err
	}
	if now.ours, err = proc.CPU(outside); err != nil {
		return now, err
	}
	now.machine, err = proc.MachineCPU()
	return now, err
}
