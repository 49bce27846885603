//go:build linux

// Command cluster measures a cluster of three aiproxy processes on this machine, with their disks synced: how long writes stop
// when the leader is killed or restarted, how fast writes are, how soon a node is back, and what a large configuration costs.
// Beside the times it counts what must not happen at all: failed requests and lost writes. README.md of scripts/bench tells how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"aiproxy/scripts/bench/report"
	"aiproxy/scripts/bench/server"
)

// Exit statuses.
const (
	exitOK     = 0
	exitMissed = 1 // A bar was missed.
	exitError  = 2
)

// errMissed ends a benchmark that took place and missed a bar.
var errMissed = errors.New("a bar was missed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := bench(ctx, args, stdout, stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errMissed):
		fmt.Fprintln(stderr, "bench-cluster:", err)
		return exitMissed
	default:
		fmt.Fprintln(stderr, "bench-cluster:", err)
		return exitError
	}
}

// bench runs the selected parts one after the other. A part that can't be carried out ends the benchmark; what was measured
// before it is told all the same.
func bench(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "aiproxy-bench-cluster-")
	if err != nil {
		return fmt.Errorf("make working directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.binary == "" {
		fmt.Fprintln(stderr, "building aiproxy")
		if o.binary, err = server.Build(ctx, dir); err != nil {
			return err
		}
	}
	up, err := startUpstream(ctx)
	if err != nil {
		return err
	}
	defer up.stop()
	b := &bed{options: o, dir: dir, upstream: up.address, progress: stderr}
	found := document{Machine: report.ThisMachine()}
	var failed error
	for _, p := range parts() {
		if !o.selected(p.name) || failed != nil {
			continue
		}
		fmt.Fprintln(stderr, p.name)
		if failed = p.measure(ctx, b, &found); failed != nil {
			failed = fmt.Errorf("%s: %w", p.name, failed)
		}
	}
	return errors.Join(failed, tell(o, &found, stdout))
}

// part is one thing that is measured.
type part struct {
	name    string
	measure func(ctx context.Context, b *bed, found *document) error
}

// parts lists all in the order in which they run.
func parts() []part {
	return []part{
		{"failover", measureFailover},
		{"handover", measureHandover},
		{"writes", measureWrites},
		{"restart", measureRestart},
		{"instances", measureInstances},
	}
}

func tell(o options, found *document, stdout io.Writer) error {
	found.judge()
	found.write(stdout)
	if o.json != "" {
		if err := found.writeFile(o.json); err != nil {
			return err
		}
	}
	if report.Failed(found.Bars) && !o.noBars {
		return errMissed
	}
	return nil
}
