//go:build linux

// Command bench measures what aiproxy costs: processor time per request, latency and memory, in one interleaved run with a
// plain httputil.ReverseProxy and nginx in front of the same simulated upstream. README.md tells the method and how to read the
// figures. The program starts itself again as upstream, reverse proxy and load generator, each a process of its own.
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

	"aiproxy/scripts/bench/series"
	"aiproxy/scripts/bench/server"
)

// Exit statuses.
const (
	exitOK     = 0
	exitMissed = 1 // A bar was missed.
	exitError  = 2
)

// errMissed ends a benchmark that took place and missed a bar.
var errMissed = errors.New("aiproxy missed a bar")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// modes are the parts that the program plays in processes of their own. They end by a signal.
func modes() map[string]func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return map[string]func(ctx context.Context, args []string, stdout, stderr io.Writer) error{
		server.ModeUpstream:     runUpstream,
		server.ModeReverseProxy: runReverseProxy,
		series.ModeLoad:         runLoad,
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	play := bench
	if len(args) > 0 && modes()[args[0]] != nil {
		play = modes()[args[0]]
		args = args[1:]
	}
	err := play(ctx, args, stdout, stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errMissed):
		fmt.Fprintln(stderr, "bench:", err)
		return exitMissed
	default:
		fmt.Fprintln(stderr, "bench:", err)
		return exitError
	}
}
