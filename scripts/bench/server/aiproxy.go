//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"aiproxy/scripts/bench/proc"
)

// Build compiles aiproxy into dir as releases are compiled, and returns the program's path.
func Build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "aiproxy")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "aiproxy/cmd/aiproxy")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build aiproxy: %w\n%s", err, output)
	}
	return path, nil
}

// startAIProxy starts one node, or a cluster whose first node gets the load. The others are started once it is ready.
func (b Bed) startAIProxy(ctx context.Context, upstream string) (*Server, error) {
	addrs := make([]string, max(b.Nodes, 1))
	for i := range addrs {
		addr, err := freeAddress(ctx)
		if err != nil {
			return nil, err
		}
		addrs[i] = addr
	}
	s := &Server{Name: AIProxy, Addr: addrs[0], Key: clientKey}
	for i, addr := range addrs {
		spec, err := b.node(i, addrs, upstream)
		if err == nil {
			var p *proc.Process
			if p, err = b.start(ctx, AIProxy, addr, spec, saysReady); err == nil {
				s.owned = append(s.owned, p)
			}
		}
		if err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	s.measured = s.owned[0]
	return s, nil
}

// node returns how to start the node with number i of those at addrs.
func (b Bed) node(i int, addrs []string, upstream string) (proc.Spec, error) {
	data, err := b.directory("data")
	if err != nil {
		return proc.Spec{}, err
	}
	host, port, err := net.SplitHostPort(addrs[i])
	if err != nil {
		return proc.Spec{}, fmt.Errorf("split address of node: %w", err)
	}
	args := []string{
		"--host", host, "--port", port, "--api-key", clientKey, "--data-dir", data, "--log-level", "warn",
		"--openai-base-url", "http://" + upstream + "/v1", "--openai-api-key", upstreamKey,
	}
	if len(addrs) > 1 {
		args = append(args, "--cluster-enabled", "--node-id", fmt.Sprintf("node%d", i+1), "--node-address", addrs[i])
	}
	if i > 0 {
		args = append(args, "--seed-nodes", strings.Join(addrs[:i], ","))
	}
	return proc.Spec{Path: b.Binary, Args: args}, nil
}
