//go:build linux

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"aiproxy/scripts/bench/load"
	"aiproxy/scripts/bench/mock"
	"aiproxy/scripts/bench/plainproxy"
	"aiproxy/scripts/bench/series"
	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/workload"
)

// runUpstream serves the simulated upstream.
func runUpstream(ctx context.Context, args []string, _, stderr io.Writer) error {
	var cfg mock.Config
	flags := modeFlags(server.ModeUpstream, stderr)
	addr := flags.String("addr", "", "address to listen on")
	flags.StringVar(&cfg.Key, "key", "", "API key to expect")
	flags.IntVar(&cfg.Events, "events", 0, "events of a stream")
	flags.DurationVar(&cfg.Delay, "delay", 0, "time between two events")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ln, err := listen(ctx, *addr)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = ln.Close() })() // Serve tells what matters.
	return mock.New(cfg).Serve(ln)
}

// runReverseProxy serves the plain reverse proxy.
func runReverseProxy(ctx context.Context, args []string, _, stderr io.Writer) error {
	var cfg plainproxy.Config
	flags := modeFlags(server.ModeReverseProxy, stderr)
	addr := flags.String("addr", "", "address to listen on")
	upstream := flags.String("upstream", "", "address to forward to")
	flags.StringVar(&cfg.ClientKey, "key", "", "API key to expect")
	flags.StringVar(&cfg.UpstreamKey, "upstream-key", "", "API key to send")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ln, err := listen(ctx, *addr)
	if err != nil {
		return err
	}
	cfg.Target = &url.URL{Scheme: "http", Host: *upstream}
	cfg.Logger = slog.New(slog.NewTextHandler(stderr, nil))
	proxy := &http.Server{Handler: plainproxy.New(cfg), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = proxy.Close() })() // Serve tells what matters.
	if err := proxy.Serve(ln); ctx.Err() == nil {
		return err
	}
	return nil
}

// runLoad sends one run's load and writes the outcome to stdout.
func runLoad(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var cfg load.Config
	var serverPIDs, otherPIDs []int
	flags := modeFlags(series.ModeLoad, stderr)
	name := flags.String("workload", "", "workload to send")
	flags.StringVar(&cfg.Addr, "addr", "", "address of the server")
	flags.StringVar(&cfg.Key, "key", "", "API key to send")
	flags.DurationVar(&cfg.Warmup, "warmup", 0, "time that is not counted")
	flags.DurationVar(&cfg.Duration, "d", time.Second, "time that is counted")
	flags.Func("server-pids", "processes of the server", parsePIDs(&serverPIDs))
	flags.Func("other-pids", "other processes of the benchmark", parsePIDs(&otherPIDs))
	if err := flags.Parse(args); err != nil {
		return err
	}
	selected, err := workload.Select(*name)
	if err != nil {
		return err
	}
	if len(selected) != 1 {
		return fmt.Errorf("-workload %q: must name one workload", *name)
	}
	cfg.Workload = selected[0]
	outcome, err := series.Generate(ctx, cfg, serverPIDs, otherPIDs)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(outcome)
}

func parsePIDs(into *[]int) func(string) error {
	return func(list string) (err error) {
		*into, err = series.ParsePIDs(list)
		return err
	}
}

func modeFlags(name string, stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("bench "+name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	return flags
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln, nil
}
