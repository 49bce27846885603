//go:build linux

package series

import (
	"context"
	"fmt"
	"os"
	"time"

	"aiproxy/scripts/bench/load"
	"aiproxy/scripts/bench/proc"
)

// ModeLoad is the sub-mode of the benchmark's own program that sends one run's load. It writes an Outcome as JSON.
const ModeLoad = "load"

// Outcome is what the load generator's process tells of a run.
type Outcome struct {
	load.Result
	// The processor times that were used in the counted time: by the server, by the other processes of the benchmark, and by all
	// processes of the machine.
	ServerCPU  time.Duration `json:"server_cpu_ns"`
	BenchCPU   time.Duration `json:"bench_cpu_ns"`
	MachineCPU time.Duration `json:"machine_cpu_ns"`
}

// Generate sends the load of cfg, whose hooks it sets, and reads the processor times of the server's processes and of the others
// of the benchmark, its own process among them. It reads them itself, at the very ends of the counted time: a process that first
// had to be told would be late on a machine this busy.
func Generate(ctx context.Context, cfg load.Config, serverPIDs, otherPIDs []int) (Outcome, error) {
	var before, after times
	var startErr, endErr error
	ours := append([]int{os.Getpid()}, otherPIDs...)
	cfg.Measuring = func() { before, startErr = readTimes(serverPIDs, ours) }
	cfg.Measured = func() { after, endErr = readTimes(serverPIDs, ours) }
	result, err := load.Run(ctx, cfg)
	for _, err := range []error{err, startErr, endErr} {
		if err != nil {
			return Outcome{}, fmt.Errorf("generate load: %w", err)
		}
	}
	return Outcome{
		Result:     result,
		ServerCPU:  after.server - before.server,
		BenchCPU:   after.ours - before.ours,
		MachineCPU: after.machine - before.machine,
	}, nil
}

// times are processor times at one moment.
type times struct {
	server, ours, machine time.Duration
}

func readTimes(server, ours []int) (times, error) {
	var now times
	var err error
	if now.server, err = proc.CPU(server); err != nil {
		return now, err
	}
	if now.ours, err = proc.CPU(ours); err != nil {
		return now, err
	}
	now.machine, err = proc.MachineCPU()
	return now, err
}
