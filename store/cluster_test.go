package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"aiproxy/fsm"
	"aiproxy/store"
)

// TestMain looks for goroutines that outlive their store. Raft never answers what is still queued when it shuts down, so
// who waits for that waits until the process ends; nothing else may be left.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/hashicorp/raft.(*deferError).Error"))
}

// deadline bounds every wait of these tests. It is generous: under the race detector two cores are slow.
const deadline = 60 * time.Second

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("not in time: %s", what)
		}
	}
}

// node is a store with what it was opened from.
type node struct {
	*store.Store
	config store.Config
	faults *faults
	log    *logBuffer
}

// faults collects what a store reports through OnFault.
type faults struct {
	mu   sync.Mutex
	list []error
}

func (f *faults) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, err)
}

func (f *faults) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprint(f.list)
}

// logBuffer keeps a node's log.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

const secret = "a secret of the tests"

// open starts a node on a port of its own. Changes adjust its configuration first. It has the timeouts of production:
// shorter ones bring elections about by themselves on a busy machine, and save little, because most of these tests wait for
// other things.
func open(t testing.TB, id string, seeds []string, changes ...func(*store.Config)) *node {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{faults: &faults{}, log: &logBuffer{}}
	n.config = store.Config{
		Dir: filepath.Join(t.TempDir(), id), NodeID: id, Address: listener.Addr().String(), Clustered: true, Seeds: seeds,
		Secret: []byte(secret), Version: "test", Listener: listener,
		Init: func(clusterID string) (fsm.Init, error) {
			return fsm.Init{
				ClusterID: clusterID, FeatureLevel: fsm.FeatureLevel,
				Settings: fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"}},
				Instances: []fsm.Instance{
					{Name: "a", Provider: "openai-custom", BaseURL: "http://127.0.0.1:1", Weight: 1, Enabled: true},
				},
			}, nil
		},
		OnFault: n.faults.add,
		Logger:  slog.New(slog.NewTextHandler(n.log, nil)).With("node", id),
	}
	for _, change := range changes {
		change(&n.config)
	}
	n.Store, err = store.Open(n.config)
	if err != nil {
		_ = n.config.Listener.Close()
		t.Fatalf("open %s: %v", id, err)
	}
	t.Cleanup(func() {
		n.shutdown(t)
		if t.Failed() && os.Getenv("AIPROXY_TEST_LOGS") != "" {
			t.Logf("log of %s:\n%s", id, n.log)
		}
	})
	return n
}

func (n *node) shutdown(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), deadline)
	defer cancel()
	if err := n.Shutdown(ctx); err != nil {
		t.Errorf("shut down %s: %v", n.config.NodeID, err)
	}
}

// reopen starts a node that was shut down again, at the same address.
func (n *node) reopen(t *testing.T, changes ...func(*store.Config)) *node {
	t.Helper()
	return open(t, n.config.NodeID, nil, append([]func(*store.Config){func(c *store.Config) {
		_ = c.Listener.Close()
		listener, err := net.Listen("tcp", n.config.Address)
		if err != nil {
			t.Fatal(err)
		}
		c.Dir, c.Seeds, c.Address, c.Listener = n.config.Dir, n.config.Seeds, n.config.Address, listener
	}}, changes...)...)
}

func (n *node) leads() bool { return n.Status(context.Background()).State == "leader" }

func (n *node) votes() int { return n.Status(context.Background()).Quorum.HealthyVoters }

// form starts a cluster of n nodes and waits until all vote. Changes adjust the configuration of all.
func form(t testing.TB, n int, changes ...func(*store.Config)) []*node {
	t.Helper()
	var nodes []*node
	var seeds []string
	for i := range n {
		next := open(t, fmt.Sprintf("n%d", i+1), seeds, changes...)
		nodes = append(nodes, next)
		seeds = append(seeds, next.config.Address)
	}
	for _, each := range nodes {
		eventually(t, fmt.Sprintf("%s sees %d healthy voters", each.config.NodeID, n), func() bool {
			return each.votes() == n && each.Readiness().Ready()
		})
	}
	return nodes
}

func leaderOf(t testing.TB, nodes []*node) *node {
	t.Helper()
	var leader *node
	eventually(t, "a node leads", func() bool {
		for _, n := range nodes {
			if n.leads() {
				leader = n
				return true
			}
		}
		return false
	})
	return leader
}

func without(nodes []*node, gone *node) []*node {
	var rest []*node
	for _, n := range nodes {
		if n != gone {
			rest = append(rest, n)
		}
	}
	return rest
}

func setWeight(t *testing.T, n *node, weight int) (fsm.Receipt, error) {
	t.Helper()
	command, err := fsm.NewCommand(fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: &weight})
	if err != nil {
		t.Fatal(err)
	}
	return n.Apply(t.Context(), command)
}

func weightOn(n *node) int {
	in, _ := n.View().Instance("a")
	return in.Weight
}
