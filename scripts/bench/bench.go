//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"aiproxy/scripts/bench/report"
	"aiproxy/scripts/bench/series"
	"aiproxy/scripts/bench/server"
)

// noisy is the part of the machine that others may take before the report says that its figures are doubtful.
const noisy = 0.05

// bench runs the whole benchmark: progress goes to stderr, the report to stdout.
func bench(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "aiproxy-bench-")
	if err != nil {
		return fmt.Errorf("make working directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bed, err := prepare(ctx, dir, &o, stderr)
	if err != nil {
		return err
	}
	machine := report.ThisMachine()
	runs, err := series.Execute(ctx, bed, o.plan, stderr)
	if err != nil {
		return err
	}
	return tell(o, machine, runs, stdout)
}

// prepare finds or builds the programs. Without nginx its column is left out.
func prepare(ctx context.Context, dir string, o *options, stderr io.Writer) (server.Bed, error) {
	self, err := os.Executable()
	if err != nil {
		return server.Bed{}, fmt.Errorf("find own program: %w", err)
	}
	bed := server.Bed{Dir: dir, Self: self, Binary: o.binary, Nodes: o.nodes}
	if slices.Contains(o.plan.Servers, server.Nginx) {
		path, found := server.FindNginx()
		if !found {
			fmt.Fprintf(stderr, "WARNING: nginx is not installed, so there will be NO COMPARISON WITH NGINX. To install it: %s\n",
				server.NginxHint)
			o.plan.Servers = slices.DeleteFunc(o.plan.Servers, func(name string) bool { return name == server.Nginx })
		}
		bed.NginxPath = path
	}
	if bed.Binary == "" && slices.Contains(o.plan.Servers, server.AIProxy) {
		fmt.Fprintln(stderr, "building aiproxy")
		bed.Binary, err = server.Build(ctx, dir)
	}
	return bed, err
}

// tell writes the report and decides how the benchmark ends.
func tell(o options, machine report.Machine, runs []series.Run, stdout io.Writer) error {
	tables := report.Summarize(o.plan.Workloads, runs)
	document := report.Document{
		Machine: machine, Rounds: o.plan.Rounds, Duration: o.plan.Duration.String(), Nodes: o.nodes,
		Workloads: tables, Bars: report.Judge(tables), Goals: report.Goals(tables), Runs: runs,
	}
	fmt.Fprintln(stdout, machine)
	fmt.Fprintf(stdout, "medians of %d interleaved rounds of %s [lowest-highest]; MB are 1,000,000 bytes\n", o.plan.Rounds, o.plan.Duration)
	report.WriteTables(stdout, tables)
	report.WriteGoals(stdout, document.Goals)
	report.WriteBars(stdout, document.Bars)
	elsewhere := report.Elsewhere(runs)
	fmt.Fprintf(stdout, "\nother processes took %.1f%% of the processors (worst run %.1f%%)\n", 100*elsewhere.Median, 100*elsewhere.Max)
	if elsewhere.Median > noisy {
		fmt.Fprintln(stdout, "WARNING: the machine was busy with other work; ratios hold better than absolute figures, but repeat the run")
	}
	if o.json != "" {
		if err := document.WriteFile(o.json); err != nil {
			return err
		}
	}
	if report.Failed(document.Bars) && !o.noBars {
		return errMissed
	}
	return nil
}
