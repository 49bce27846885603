//go:build linux

// Package server owns the processes that a benchmark runs: the simulated upstream and the servers under test in front of it,
// each started with its own configuration on free ports of 127.0.0.1, and stopped again. It must not measure anything.
//
// A Bed may be used by several goroutines, a Server by one at a time.
package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"aiproxy/scripts/bench/proc"
	"aiproxy/scripts/bench/workload"
)

// The servers that can be measured. Direct is the upstream itself, without anything in front.
const (
	Direct       = "direct"
	AIProxy      = "aiproxy"
	ReverseProxy = "reverseproxy"
	Nginx        = "nginx"
)

// The sub-modes of the benchmark's own program that a Bed starts.
const (
	ModeUpstream     = "upstream"
	ModeReverseProxy = "reverseproxy"
)

// The keys are fixed: nothing outside this machine ever sees them.
const (
	clientKey   = "bench-client-key"
	upstreamKey = "bench-upstream-key"
)

// Names returns all servers in the order in which reports list them.
func Names() []string {
	return []string{Direct, AIProxy, ReverseProxy, Nginx}
}

// Bed is what servers are started from.
type Bed struct {
	// Dir holds logs, data and configurations. Its owner removes it.
	Dir string
	// Self is the benchmark's own program, whose sub-modes are the upstream and the reverse proxy.
	Self string
	// Binary is the program of aiproxy.
	Binary string
	// Nodes is the number of aiproxy's nodes. The first one gets the load and is measured; the others stand by as its cluster.
	Nodes int
	// NginxPath is the program of nginx.
	NginxPath string
}

// Server is a running server.
type Server struct {
	Name string
	// Addr is its host and port, Key the API key that it expects.
	Addr string
	Key  string

	measured *proc.Process
	owned    []*proc.Process
}

// PIDs returns the processes of the server under test: the one that was started, and its descendants.
func (s *Server) PIDs() ([]int, error) {
	return proc.Tree(s.measured.PID())
}

// Fault adds to err what the server's process and its log tell.
func (s *Server) Fault(err error) error {
	return s.measured.Fault(err)
}

// Stop ends the server, last started process first. Direct owns none: its upstream is a Server of its own.
func (s *Server) Stop() error {
	var faults []error
	for _, p := range slices.Backward(s.owned) {
		faults = append(faults, p.Stop())
	}
	return errors.Join(faults...)
}

// StartUpstream starts the simulated upstream for a workload.
func (b Bed) StartUpstream(ctx context.Context, w workload.Workload) (*Server, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{Name: ModeUpstream, Addr: addr, Key: upstreamKey}
	return b.launch(ctx, s, proc.Spec{Path: b.Self, Args: []string{
		ModeUpstream, "-addr", addr, "-key", upstreamKey, "-events", strconv.Itoa(w.Events), "-delay", w.Delay.String(),
	}}, connects)
}

// Start starts the named server in front of upstream.
func (b Bed) Start(ctx context.Context, name string, upstream *Server) (*Server, error) {
	switch name {
	case Direct:
		return &Server{Name: name, Addr: upstream.Addr, Key: upstream.Key, measured: upstream.measured}, nil
	case AIProxy:
		return b.startAIProxy(ctx, upstream.Addr)
	case ReverseProxy:
		return b.startReverseProxy(ctx, upstream.Addr)
	case Nginx:
		return b.startNginx(ctx, upstream.Addr)
	default:
		return nil, fmt.Errorf("unknown server %q", name)
	}
}

func (b Bed) startReverseProxy(ctx context.Context, upstream string) (*Server, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{Name: ReverseProxy, Addr: addr, Key: clientKey}
	return b.launch(ctx, s, proc.Spec{Path: b.Self, Args: []string{
		ModeReverseProxy, "-addr", addr, "-key", clientKey, "-upstream", upstream, "-upstream-key", upstreamKey,
	}}, connects)
}

// launch starts the process that serves s and waits until it is ready. A server that does not get there is stopped.
func (b Bed) launch(ctx context.Context, s *Server, spec proc.Spec, ready probe) (*Server, error) {
	p, err := b.start(ctx, s.Name, s.Addr, spec, ready)
	if err != nil {
		return nil, err
	}
	s.measured = p
	s.owned = append(s.owned, p)
	return s, nil
}

// start starts one process that listens on addr, with a log in the bed's directory, and waits until it is ready.
func (b Bed) start(ctx context.Context, name, addr string, spec proc.Spec, ready probe) (*proc.Process, error) {
	log, err := os.CreateTemp(b.Dir, name+"-*.log")
	if err != nil {
		return nil, fmt.Errorf("create log of %s: %w", name, err)
	}
	log.Close()
	spec.Name, spec.Log = name, log.Name()
	p, err := proc.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	if err := await(ctx, p, addr, ready); err != nil {
		return nil, errors.Join(p.Fault(err), p.Stop())
	}
	return p, nil
}

// directory makes a directory for one start of a server.
func (b Bed) directory(name string) (string, error) {
	dir, err := os.MkdirTemp(b.Dir, name+"-")
	if err != nil {
		return "", fmt.Errorf("make directory for %s: %w", name, err)
	}
	return filepath.Abs(dir)
}
