//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiproxy/scripts/bench/mock"
	"aiproxy/scripts/bench/proc"
)

// clusterSize is the number of nodes: the smallest that survives the loss of one.
const clusterSize = 3

// The keys are fixed: nothing outside this machine ever sees them.
const (
	clientKey   = "bench-client-key"
	upstreamKey = "bench-upstream-key"
)

// patience bounds every wait for a cluster to get somewhere.
const patience = 60 * time.Second

// pollPause is the time between two looks, and so about the error of what is measured by looking.
const pollPause = 5 * time.Millisecond

// upstream is the simulated provider behind all instances.
type upstream struct {
	address string
	stop    func()
}

func startUpstream(ctx context.Context) (*upstream, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start upstream: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = mock.New(mock.Config{Key: upstreamKey}).Serve(listener) // Without it every request fails, which is counted.
	}()
	return &upstream{address: listener.Addr().String(), stop: func() {
		_ = listener.Close() // It is what ends Serve.
		<-done
	}}, nil
}

// bed is what clusters are started from.
type bed struct {
	options
	dir      string
	upstream string
	progress io.Writer
}

// seedFile writes a configuration of so many instances, all of them the upstream, and returns its path.
func (b *bed) seedFile(instances int) (string, error) {
	var text strings.Builder
	fmt.Fprintf(&text, "api_key: %s\nmodel_providers: [openai-custom]\ninstances:\n", clientKey)
	for i := range instances {
		fmt.Fprintf(&text, "  - {name: %s, provider: openai-custom, base_url: \"http://%s/v1\", api_key: %s}\n",
			instanceName(i), b.upstream, upstreamKey)
	}
	path := filepath.Join(b.dir, fmt.Sprintf("seed-%d.yaml", instances))
	return path, os.WriteFile(path, []byte(text.String()), 0o600)
}

func instanceName(i int) string { return fmt.Sprintf("instance-%05d", i) }

// node is one process of a cluster, running or not.
type node struct {
	*proc.Process
	client
	id   string
	spec proc.Spec
}

// cluster is the nodes and what they were started with.
type cluster struct {
	nodes []*node
}

// newCluster starts a cluster that begins with the configuration file and waits until all nodes vote.
func (b *bed) newCluster(ctx context.Context, scale float64, config string) (*cluster, error) {
	c := &cluster{}
	for range clusterSize {
		n, err := b.newNode(ctx, c, scale, config)
		if err == nil {
			c.nodes = append(c.nodes, n)
			err = n.start(ctx)
		}
		if err == nil {
			err = n.awaitReady(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, c.stop())
		}
	}
	if err := c.awaitVoters(ctx); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// newNode prepares a node that joins those which c has.
func (b *bed) newNode(ctx context.Context, c *cluster, scale float64, config string) (*node, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp(b.dir, "data-")
	if err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	n := &node{id: fmt.Sprintf("node%d", len(c.nodes)+1), client: newClient(address)}
	n.spec = proc.Spec{Name: n.id, Path: b.binary, Log: data + ".log", Args: []string{
		"--config", config, "--cluster-enabled", "--node-id", n.id, "--node-address", address, "--data-dir", data,
		"--raft-timeout-scale", strconv.FormatFloat(scale, 'g', -1, 64), "--log-level", "warn",
	}}
	if len(c.nodes) > 0 {
		n.spec.Args = append(n.spec.Args, "--seed-nodes", strings.Join(addresses(c.nodes), ","))
	}
	return n, nil
}

func addresses(nodes []*node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.address)
	}
	return list
}

// start starts the node's process, again or for the first time.
func (n *node) start(ctx context.Context) error {
	n.close() // Its connections are of an earlier process.
	var err error
	n.Process, err = proc.Start(ctx, n.spec)
	return err
}

// awaitReady waits until the node says that it is ready.
func (n *node) awaitReady(ctx context.Context) error {
	err := await(ctx, n.id+" is ready", func() bool { return n.ready(ctx) || n.ended() })
	if err == nil && n.ended() {
		err = errors.New("it ended before it was ready")
	}
	if err != nil {
		return n.Fault(err)
	}
	return nil
}

func (n *node) ended() bool {
	select {
	case <-n.Done():
		return true
	default:
		return false
	}
}

// stop ends all processes.
func (c *cluster) stop() error {
	var faults []error
	for _, n := range slices.Backward(c.nodes) {
		if n.Process != nil {
			faults = append(faults, n.Stop())
		}
		n.close()
	}
	return errors.Join(faults...)
}

// awaitVoters waits until every node is ready, sees that all vote, and has the state that the others have.
func (c *cluster) awaitVoters(ctx context.Context) error {
	err := await(ctx, "all nodes vote and have equal states", func() bool {
		var hashes []string
		for _, n := range c.nodes {
			s, err := n.status(ctx)
			if err != nil || s.Quorum.HealthyVoters != clusterSize || !n.ready(ctx) {
				return false
			}
			hashes = append(hashes, s.StateHash)
		}
		return len(slices.Compact(hashes)) == 1
	})
	if err != nil {
		return c.nodes[0].Fault(err)
	}
	return nil
}

// leader is the node that leads.
func (c *cluster) leader(ctx context.Context) (*node, error) {
	var leader *node
	err := await(ctx, "a node leads", func() bool {
		for _, n := range c.nodes {
			if s, err := n.status(ctx); err == nil && s.State == "leader" {
				leader = n
				return true
			}
		}
		return false
	})
	return leader, err
}

// others are the nodes but one.
func (c *cluster) others(gone *node) []*node {
	return slices.DeleteFunc(slices.Clone(c.nodes), func(n *node) bool { return n == gone })
}

// await looks until the condition holds.
func await(ctx context.Context, what string, condition func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pollPause)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, context.Cause(ctx))
		}
	}
	return nil
}

// freeAddress returns an address of the loopback that nobody listens on now.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}
