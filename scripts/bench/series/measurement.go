//go:build linux

package series

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"aiproxy/scripts/bench/proc"
	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/workload"
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

// run sends the load in a process of its own and measures the server.
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
	outcome, err := m.sendLoad(ctx, pids)
	if err != nil {
		return run, err
	}
	if run.PeakMemory, err = proc.PeakResident(pids); err != nil {
		return run, m.server.Fault(err)
	}
	run.Result = outcome.Result
	if run.Requests <= 0 {
		return run, m.server.Fault(fmt.Errorf("no request was answered: %q", run.Faults))
	}
	run.CPU = float64(outcome.ServerCPU.Microseconds()) / run.Requests
	elsewhere := outcome.MachineCPU - outcome.ServerCPU - outcome.BenchCPU
	run.Elsewhere = max(0, elsewhere.Seconds()/run.Seconds/float64(runtime.NumCPU()))
	return run, nil
}

// sendLoad runs the load generator's process and returns what it tells.
func (m measurement) sendLoad(ctx context.Context, pids []int) (outcome Outcome, err error) {
	others, err := m.others(pids)
	if err != nil {
		return outcome, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return outcome, fmt.Errorf("open pipe: %w", err)
	}
	defer out.Close()
	generator, err := proc.Start(ctx, proc.Spec{
		Name: "load generator", Path: m.bed.Self, Log: filepath.Join(m.bed.Dir, "load.log"), Stdout: in,
		Args: []string{
			ModeLoad, "-addr", m.server.Addr, "-key", m.server.Key, "-workload", m.workload.Name,
			"-warmup", m.plan.Warmup.String(), "-d", m.plan.duration(m.workload, m.server.Name).String(),
			"-server-pids", FormatPIDs(pids), "-other-pids", FormatPIDs(others),
		},
	})
	in.Close()
	if err != nil {
		return outcome, err
	}
	defer func() { err = errors.Join(err, generator.Stop()) }()
	defer context.AfterFunc(ctx, func() { out.Close() })()
	if err := json.NewDecoder(out).Decode(&outcome); err != nil {
		if ctx.Err() != nil {
			return outcome, context.Cause(ctx)
		}
		return outcome, generator.Fault(fmt.Errorf("read outcome: %w", err))
	}
	return outcome, nil
}

// others returns the processes of the benchmark that take part in a run and are not measured, but for the load generator.
func (m measurement) others(pids []int) ([]int, error) {
	upstream, err := m.upstream.PIDs()
	if err != nil || upstream[0] == pids[0] {
		return nil, err
	}
	return upstream, nil
}

// FormatPIDs writes process ids for the load generator's command line.
func FormatPIDs(pids []int) string {
	texts := make([]string, len(pids))
	for i, pid := range pids {
		texts[i] = strconv.Itoa(pid)
	}
	return strings.Join(texts, ",")
}

// ParsePIDs reads what FormatPIDs writes.
func ParsePIDs(list string) ([]int, error) {
	if list == "" {
		return nil, nil
	}
	var pids []int
	for text := range strings.SplitSeq(list, ",") {
		pid, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("parse process id: %w", err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}
