//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRollingUpgrade runs three nodes of the first feature level under load and upgrades them one by one. What came with
// the second level is refused until the last is back. Then one node is started with the old build again.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	old := filepath.Join(t.TempDir(), "aiproxy-level1")
	if err := build(old, "-tags", "aiproxy_level1", "-ldflags", "-X main.version=v0.1"); err != nil {
		t.Fatal(err)
	}
	c := &cluster{upstreams: startUpstreams(t), extra: []string{fast}, program: old}
	for range 3 {
		c.add(t)
	}
	c.awaitVoters(t, 3, c.nodes...)
	for i, n := range c.nodes {
		c.upgrade(t, n)
		n.put(t, "/loadbalancer/instances/sim-a", fmt.Sprintf(`{"weight": %d}`, i+2))
		if i < len(c.nodes)-1 {
			assertHeldBack(t, n, c.nodes[i+1:])
		}
	}
	eventually(t, "all nodes are at the new level", func() bool {
		for _, n := range c.nodes {
			if n.status().FeatureLevel != 2 {
				return false
			}
		}
		return true
	})
	if code, answer := c.nodes[0].flipAlgorithm(t); code != http.StatusOK {
		t.Errorf("after the upgrade: %d %s", code, answer)
	}
	if _, audit := c.nodes[1].call(t, http.MethodGet, "/audit", ""); !bytes.Contains(audit, []byte("feature level 1 -> 2")) {
		t.Errorf("audit: %s", audit)
	}
	c.awaitEqualStates(t)
	c.assertOldBuildStops(t, c.nodes[2], old)
}

// upgrade restarts one node with the build under test, while clients of the other nodes notice nothing.
func (c *cluster) upgrade(t *testing.T, n *node) {
	t.Helper()
	traffic := startLoad(t, c.without(n)...)
	traffic.awaitProgress(t, 20)
	n.signal(t, syscall.SIGTERM)
	if code := n.wait(t); code != 0 {
		t.Errorf("%s: exit status %d", n.id, code)
	}
	n.program = ""
	n.start(t)
	c.awaitVoters(t, 3, c.nodes...)
	traffic.awaitProgress(t, 20)
	traffic.stop(t)
}

// flipAlgorithm changes the whole configuration at once, which came with the second feature level.
func (n *node) flipAlgorithm(t *testing.T) (int, []byte) {
	t.Helper()
	code, document := n.call(t, http.MethodGet, "/config", "")
	flipped := strings.NewReplacer("round_robin", "weighted", "weighted", "round_robin").Replace(string(document))
	if code != http.StatusOK || flipped == string(document) {
		t.Fatalf("GET /config: %d %s", code, document)
	}
	return n.call(t, http.MethodPut, "/config", flipped)
}

// assertHeldBack asks a node that is upgraded for what the nodes that are not do not understand.
func assertHeldBack(t *testing.T, n *node, by []*node) {
	t.Helper()
	code, answer := n.flipAlgorithm(t)
	if code != http.StatusConflict || !bytes.Contains(answer, []byte(`"feature_level_too_low"`)) {
		t.Errorf("%s: %d %s", n.id, code, answer)
	}
	for _, each := range by {
		if !bytes.Contains(answer, []byte("node "+each.id+" (version v0.1, feature level 1)")) {
			t.Errorf("%s does not name %s: %s", n.id, each.id, answer)
		}
	}
	if got := bytes.Count(answer, []byte("(version")); got != len(by) {
		t.Errorf("%s names %d nodes, want %d: %s", n.id, got, len(by), answer)
	}
}

// assertOldBuildStops starts the node with the old build. It must end with the reason and leave the state as it is.
func (c *cluster) assertOldBuildStops(t *testing.T, n *node, old string) {
	t.Helper()
	n.signal(t, syscall.SIGTERM)
	n.wait(t)
	before := readFiles(t, n.dir, "node.json", "state.db")
	n.program = old
	n.start(t)
	const reason = "this build is older than the cluster's state: start the node with the version of the other nodes"
	if code := n.wait(t); code != 1 || !strings.Contains(n.output.String(), reason) {
		t.Errorf("the old build: exit status %d:\n%s", code, n.output)
	}
	if !bytes.Equal(before, readFiles(t, n.dir, "node.json", "state.db")) {
		t.Error("the old build changed the state")
	}
	n.program = ""
	n.start(t)
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
}

func readFiles(t *testing.T, dir string, names ...string) []byte {
	t.Helper()
	var all []byte
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw...)
	}
	return all
}

// TestDataDirectoryOfTheFirstRelease starts a node on what the first release left behind.
func TestDataDirectoryOfTheFirstRelease(t *testing.T) {
	t.Parallel()
	n := &node{id: "node1", address: freeAddress(t), dir: filepath.Join(t.TempDir(), "data")}
	if err := os.CopyFS(n.dir, os.DirFS(filepath.Join("..", "..", "..", "store", "testdata", "level1"))); err != nil {
		t.Fatal(err)
	}
	n.args = []string{
		"--cluster-enabled", "--node-id", n.id, "--node-address", n.address, "--data-dir", n.dir,
		"--api-key", "fixture-client-key", "--model-provider", "openai-custom", fast,
	}
	n.start(t)
	eventually(t, "the node is ready and at the new level", func() bool { return n.ready() && n.status().FeatureLevel == 2 })
	if s := n.status(); s.ClusterID != "6122cdc27246ef3e5198fe492a600853" || !s.HasQuorum {
		t.Errorf("status %+v", s)
	}
	n.signal(t, syscall.SIGTERM)
	if code := n.wait(t); code != 0 {
		t.Errorf("exit status %d", code)
	}
}
