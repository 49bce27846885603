package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	raftboltdb "github.com/hashicorp/raft-boltdb/v2"

	"aiproxy/store"
)

// gathering is a set of nodes that have the same seeds and start a cluster together.
type gathering struct {
	ids       []string
	addresses []string
	expect    int
	listeners map[string]net.Listener
	nodes     map[string]*node

	mu  sync.Mutex
	up  map[string]bool
	cut map[[2]string]bool
}

// gather reserves addresses for so many nodes, of which expect start a cluster.
func gather(t *testing.T, size, expect int) *gathering {
	t.Helper()
	g := &gathering{
		expect: expect, listeners: map[string]net.Listener{}, nodes: map[string]*node{},
		up: map[string]bool{}, cut: map[[2]string]bool{},
	}
	for i := range size {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		id := fmt.Sprintf("n%d", i+1)
		g.ids, g.addresses = append(g.ids, id), append(g.addresses, listener.Addr().String())
		g.listeners[id] = listener
	}
	return g
}

func (g *gathering) address(id string) string { return g.addresses[slices.Index(g.ids, id)] }

// link says whether from can dial to.
func (g *gathering) link(from, to string, open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut[[2]string{from, g.address(to)}] = !open
}

func (g *gathering) heal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.cut)
}

func (g *gathering) setUp(id string, up bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.up[g.address(id)] = up
}

func (g *gathering) dial(from string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		g.mu.Lock()
		open := g.up[address] && !g.cut[[2]string{from, address}]
		g.mu.Unlock()
		if !open {
			return nil, errors.New("the link is cut")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}

// start starts a node for the first time, with the command line that all of them have.
func (g *gathering) start(t *testing.T, id string, changes ...func(*store.Config)) *node {
	t.Helper()
	g.setUp(id, true)
	common := func(c *store.Config) {
		_ = c.Listener.Close()
		c.Listener, c.Address, c.Seeds, c.Expect = g.listeners[id], g.address(id), g.addresses, g.expect
		c.Dial = g.dial(id)
	}
	g.nodes[id] = open(t, id, nil, append([]func(*store.Config){common}, changes...)...)
	return g.nodes[id]
}

func (g *gathering) stop(t *testing.T, id string) {
	t.Helper()
	g.setUp(id, false)
	g.nodes[id].shutdown(t)
}

// restart starts a node again as it was started before.
func (g *gathering) restart(t *testing.T, id string, changes ...func(*store.Config)) *node {
	t.Helper()
	common := func(c *store.Config) { c.Expect, c.Dial = g.expect, g.dial(id) }
	g.setUp(id, true)
	g.nodes[id] = g.nodes[id].reopen(t, append([]func(*store.Config){common}, changes...)...)
	return g.nodes[id]
}

// awaitOneCluster waits until all nodes vote in one cluster that was started once, and returns its ID.
func (g *gathering) awaitOneCluster(t *testing.T) string {
	t.Helper()
	for id, n := range g.nodes {
		eventually(t, id+" is ready and all nodes vote", func() bool {
			if n.faults.text() != "[]" {
				t.Fatalf("%s gave up: %s", id, n.faults.text())
			}
			return n.votes() == len(g.nodes) && n.Readiness().Ready()
		})
	}
	clusters := g.clusters(t)
	if len(clusters) != 1 {
		t.Fatalf("clusters %v, want one", clusters)
	}
	return clusters[0]
}

// clusters lists the different cluster IDs that the nodes have.
func (g *gathering) clusters(t *testing.T) []string {
	t.Helper()
	var ids []string
	for _, n := range g.nodes {
		if id := n.Status(t.Context()).ClusterID; id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// prepare writes a node's file before its first start.
func prepare(t *testing.T, text string) func(*store.Config) {
	t.Helper()
	return func(c *store.Config) {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, c.Dir, "node.json", text)
	}
}

// lapse waits.
func lapse(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// TestNodesStartedTogetherFormOneCluster starts three nodes in any order, at any distance.
func TestNodesStartedTogetherFormOneCluster(t *testing.T) {
	t.Parallel()
	repeatedly(t, 10, func(t *testing.T) {
		t.Helper()
		g := gather(t, 3, 3)
		for _, each := range rand.Perm(3) {
			g.start(t, g.ids[each])
			lapse(t, rand.N(150*time.Millisecond))
		}
		g.awaitOneCluster(t)
		if founder := g.nodes["n1"]; !strings.Contains(founder.log.String(), "new cluster started") {
			t.Error("the node with the lowest id did not start the cluster")
		}
	})
}

// repeatedly runs a test of chances so many times, as tests of their own, so that no more clusters form at once than tests
// may run.
func repeatedly(t *testing.T, times int, test func(t *testing.T)) {
	t.Helper()
	if testing.Short() {
		times = 1 + times/4
	}
	for i := range times {
		t.Run(strconv.Itoa(i+1), func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

func TestLateNodeIsWaitedFor(t *testing.T) {
	t.Parallel()
	g := gather(t, 3, 3)
	g.start(t, "n3")
	g.start(t, "n1")
	for _, id := range []string{"n1", "n3"} {
		eventually(t, id+" says what it waits for", func() bool {
			return strings.Contains(g.nodes[id].Readiness().Fault, "3 nodes are to start the cluster (--bootstrap-expect), 2 are here: n1, n3")
		})
	}
	if clusters := g.clusters(t); len(clusters) > 0 {
		t.Fatalf("two of three nodes formed %v", clusters)
	}
	g.start(t, "n2")
	g.awaitOneCluster(t)
}

// TestFoundingIsInterrupted starts nodes that hold on disk what a crash at some point of forming has left there.
func TestFoundingIsInterrupted(t *testing.T) {
	t.Parallel()
	const promise = `{"format":1,"node_id":%q,"instance_id":"i-%s","pledge":{"cluster_id":"c","founder":"n1",` +
		`"founder_instance_id":"i-n1","founder_address":%q}}`
	const claimed = `{"format":1,"node_id":"n1","instance_id":"i-n1","cluster_id":"c","founding":true}`
	tests := []struct {
		name string
		// founder prepares the node that has the others' promises.
		founder func(t *testing.T, g *gathering) func(*store.Config)
		// resumed tells that the cluster gets the ID that was promised.
		resumed bool
	}{
		{"after the promises", func(t *testing.T, g *gathering) func(*store.Config) {
			t.Helper()
			return prepare(t, fmt.Sprintf(promise, "n1", "n1", g.address("n1")))
		}, true},
		{"and the founder lost its disk", func(*testing.T, *gathering) func(*store.Config) {
			return func(*store.Config) {}
		}, false},
		{"before Raft had any state", func(t *testing.T, _ *gathering) func(*store.Config) {
			t.Helper()
			return prepare(t, claimed)
		}, false},
		{"between the steps of Raft's bootstrap", func(t *testing.T, _ *gathering) func(*store.Config) {
			t.Helper()
			return func(c *store.Config) {
				prepare(t, claimed)(c)
				logs, err := raftboltdb.NewBoltStore(filepath.Join(c.Dir, "raft.db"))
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(logs.SetUint64([]byte("CurrentTerm"), 1), logs.Close()); err != nil {
					t.Fatal(err)
				}
			}
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := gather(t, 3, 3)
			for _, id := range []string{"n2", "n3"} {
				g.start(t, id, prepare(t, fmt.Sprintf(promise, id, id, g.address("n1"))))
			}
			eventually(t, "a node says whom it waits for", func() bool {
				return strings.Contains(g.nodes["n2"].Readiness().Fault, "waiting for node n1 at "+g.address("n1"))
			})
			g.start(t, "n1", tt.founder(t, g))
			if id := g.awaitOneCluster(t); (id == "c") != tt.resumed {
				t.Errorf("cluster id %q", id)
			}
		})
	}
}

// TestUnfinishedBootstrapWithoutSeedsIsRepeated has Raft's term on disk, but no log.
func TestUnfinishedBootstrapWithoutSeedsIsRepeated(t *testing.T) {
	t.Parallel()
	n := open(t, "n1", nil, prepare(t, `{"format":1,"node_id":"n1","instance_id":"i","cluster_id":"c","founding":true}`),
		func(c *store.Config) {
			logs, err := raftboltdb.NewBoltStore(filepath.Join(c.Dir, "raft.db"))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(logs.SetUint64([]byte("CurrentTerm"), 1), logs.Close()); err != nil {
				t.Fatal(err)
			}
		})
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	if got := n.View().ClusterID; got != "c" {
		t.Errorf("cluster id %q, want the one on disk", got)
	}
}

// TestNodesThatEndWhileFormingFormOneCluster stops nodes at random moments and starts them again.
func TestNodesThatEndWhileFormingFormOneCluster(t *testing.T) {
	t.Parallel()
	repeatedly(t, 3, func(t *testing.T) {
		t.Helper()
		g := gather(t, 3, 3)
		for _, id := range g.ids {
			g.start(t, id)
		}
		for range 4 {
			lapse(t, rand.N(300*time.Millisecond))
			id := g.ids[rand.N(3)]
			g.stop(t, id)
			lapse(t, rand.N(100*time.Millisecond))
			g.restart(t, id)
		}
		g.awaitOneCluster(t)
	})
}

// TestLostStateFoundsNoOtherCluster has a node that knows of a cluster meet two that do not.
func TestLostStateFoundsNoOtherCluster(t *testing.T) {
	t.Parallel()
	g := gather(t, 3, 3)
	g.start(t, "n1")
	g.start(t, "n2")
	g.start(t, "n3", prepare(t, `{"format":1,"node_id":"n3","instance_id":"i","cluster_id":"old"}`))
	eventually(t, "the node says that it waits for its cluster", func() bool {
		return strings.Contains(g.nodes["n3"].Readiness().Fault, "was in cluster old and has lost its state")
	})
	eventually(t, "the others say so, too", func() bool {
		return strings.Contains(g.nodes["n1"].Readiness().Fault, "node n3 was in cluster old and founds no other")
	})
	if clusters := g.clusters(t); len(clusters) > 0 {
		t.Errorf("a second cluster was started: %v", clusters)
	}
}

// TestWipedNodesRejoin wipes each node in turn, the founder too. All have the command line that formed the cluster.
func TestWipedNodesRejoin(t *testing.T) {
	t.Parallel()
	g := gather(t, 3, 3)
	for _, id := range g.ids {
		g.start(t, id)
	}
	cluster := g.awaitOneCluster(t)
	for _, id := range g.ids {
		before, _ := g.nodes[id].View().Member(id)
		g.stop(t, id)
		if err := os.RemoveAll(g.nodes[id].config.Dir); err != nil {
			t.Fatal(err)
		}
		back := g.restart(t, id)
		if got := g.awaitOneCluster(t); got != cluster {
			t.Fatalf("%s: cluster %s, want %s", id, got, cluster)
		}
		if after, _ := back.View().Member(id); after.InstanceID == before.InstanceID {
			t.Errorf("%s came back as the instance that had votes to remember", id)
		}
		said := false
		for other, n := range g.nodes {
			said = said || other != id && strings.Contains(n.log.String(), "starts over without a vote\" node="+other+" member="+id)
		}
		if !said {
			t.Errorf("%s kept its vote", id)
		}
	}
}

func TestNodesThatDisagreeFoundNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(g *gathering, c *store.Config)
		want   string
	}{
		{"another number", func(_ *gathering, c *store.Config) { c.Expect = 2 }, "--bootstrap-expect 2, node n1 has 3"},
		{"no number", func(_ *gathering, c *store.Config) { c.Expect = 0 }, "--bootstrap-expect 0, node n1 has 3"},
		{"other seeds", func(_ *gathering, c *store.Config) {
			c.Seeds = append([]string{"127.0.0.1:1"}, c.Seeds...)
		}, "restart the wrong one with the same --seed-nodes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := gather(t, 3, 3)
			g.start(t, "n1")
			g.start(t, "n2")
			g.start(t, "n3", func(c *store.Config) { tt.change(g, c) })
			eventually(t, "n1 says why", func() bool {
				return strings.Contains(g.nodes["n1"].Readiness().Fault, tt.want) &&
					strings.Contains(g.nodes["n1"].log.String(), "level=WARN msg=\"can't found a cluster together\"")
			})
			eventually(t, "n3 says so, too", func() bool {
				return strings.Contains(g.nodes["n3"].log.String(), "level=WARN msg=\"can't found a cluster together\"")
			})
			if clusters := g.clusters(t); len(clusters) > 0 {
				t.Fatalf("nodes that disagree formed %v", clusters)
			}
			g.stop(t, "n3")
			g.restart(t, "n3", func(c *store.Config) { c.Seeds = g.addresses })
			g.awaitOneCluster(t)
		})
	}
}

// TestCutLinkIsWaitedFor cuts the link between two of three nodes. The third sees both.
func TestCutLinkIsWaitedFor(t *testing.T) {
	t.Parallel()
	g := gather(t, 3, 3)
	g.link("n1", "n2", false)
	g.link("n2", "n1", false)
	for _, id := range g.ids {
		g.start(t, id)
	}
	eventually(t, "a node says that it can't reach the other", func() bool {
		return strings.Contains(g.nodes["n1"].Readiness().Fault, "2 are here: n1, n3; seed "+g.address("n2"))
	})
	if clusters := g.clusters(t); len(clusters) > 0 {
		t.Fatalf("formed %v over a cut link", clusters)
	}
	g.heal()
	g.awaitOneCluster(t)
}

// TestAnyLinksFormAtMostOneCluster gives five nodes, of which any three may start a cluster, random links, stops
// some of them in between, and heals the links in the end.
func TestAnyLinksFormAtMostOneCluster(t *testing.T) {
	t.Parallel()
	repeatedly(t, 6, func(t *testing.T) {
		t.Helper()
		g := gather(t, 5, 3)
		for _, from := range g.ids {
			for _, to := range g.ids {
				g.link(from, to, rand.N(10) < 6)
			}
		}
		for _, each := range rand.Perm(5) {
			g.start(t, g.ids[each])
		}
		for range 2 {
			lapse(t, rand.N(300*time.Millisecond))
			id := g.ids[rand.N(5)]
			g.stop(t, id)
			g.restart(t, id)
		}
		if clusters := g.clusters(t); len(clusters) > 1 {
			t.Fatalf("clusters %v", clusters)
		}
		g.heal()
		g.awaitOneCluster(t)
	})
}

// TestClusterThatOneNodeSeesIsNotDoubled has three nodes expect each other, of which one reaches a cluster.
func TestClusterThatOneNodeSeesIsNotDoubled(t *testing.T) {
	t.Parallel()
	g := gather(t, 4, 3)
	first := g.start(t, "n4", func(c *store.Config) { c.Seeds, c.Expect = nil, 0 })
	eventually(t, "there is a cluster", func() bool { return first.Readiness().Ready() })
	for _, id := range []string{"n1", "n2"} {
		g.link(id, "n4", false)
	}
	for _, id := range []string{"n3", "n1", "n2"} {
		g.start(t, id)
	}
	eventually(t, "the node that reaches the cluster is in it", func() bool { return g.nodes["n3"].Readiness().Ready() })
	g.heal()
	if got, want := g.awaitOneCluster(t), first.View().ClusterID; got != want {
		t.Errorf("cluster %s, want %s", got, want)
	}
}

func TestExpectNeedsFittingSeeds(t *testing.T) {
	t.Parallel()
	for _, seeds := range [][]string{nil, {"a:1"}, {"a:1", "b:1", "c:1", "d:1", "e:1"}} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		_, err = store.Open(store.Config{
			Dir: t.TempDir(), NodeID: "n1", Address: listener.Addr().String(), Listener: listener, Clustered: true,
			Seeds: seeds, Expect: 3, Secret: []byte(secret),
		})
		if err == nil || !strings.Contains(err.Error(), "3 nodes can't be sure to start one cluster") {
			t.Errorf("seeds %v: %v", seeds, err)
		}
	}
}
