//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// recoverDir runs `aiproxy cluster recover` on a directory and returns what it wrote and its exit status.
func recoverDir(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	p := run(t, nil, append([]string{"cluster", "recover", "--data-dir", dir}, args...)...)
	code := p.wait(t)
	return p.output.String(), code
}

// TestQuorumLostForGood loses two of three nodes, recovers the third, and brings the others back: first one of them with
// its old data, which must not disturb, then both with empty directories.
func TestQuorumLostForGood(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.nodes[0].put(t, "/loadbalancer/instances/sim-a", `{"weight":7}`)
	survivor, old := c.nodes[2], c.nodes[2].status().ClusterID
	out, code := recoverDir(t, survivor.dir, "--yes")
	if code != 1 || !strings.Contains(out, "is in use") {
		t.Fatalf("recovery under a running node: exit status %d:\n%s", code, out)
	}
	c.nodes[0].kill(t)
	c.nodes[1].kill(t)
	survivor.signal(t, syscall.SIGTERM)
	survivor.wait(t)

	out, code = recoverDir(t, survivor.dir)
	if code != 1 || !strings.Contains(out, "nothing was changed") || !strings.Contains(out, "becomes the only voter") {
		t.Fatalf("recovery without a terminal: exit status %d:\n%s", code, out)
	}
	if out, code = recoverDir(t, survivor.dir, "--yes"); code != 0 || !strings.Contains(out, old) {
		t.Fatalf("recovery: exit status %d:\n%s", code, out)
	}
	if kept, err := filepath.Glob(filepath.Join(survivor.dir, "recover-*", "raft.db")); err != nil || len(kept) != 1 {
		t.Errorf("the old files were kept as %v, %v", kept, err)
	}
	survivor.start(t)
	c.awaitVoters(t, 1, survivor)
	if s := survivor.status(); s.ClusterID == old || len(s.Nodes) != 1 || !s.HasQuorum {
		t.Errorf("status after the recovery: %+v", s)
	}
	assertWeight(t, survivor, "sim-a", 7)
	survivor.put(t, "/loadbalancer/instances/sim-a", `{"weight":8}`)

	returned := c.nodes[1]
	returned.start(t)
	eventually(t, "the node with its old data is refused, and told why", func() bool {
		answer, err := returned.request(t, http.MethodGet, "/cluster/status", "")
		return err == nil && strings.Contains(answer.body, "empty data directory")
	})
	returned.kill(t)
	if s := survivor.status(); s.State != "leader" || len(s.Nodes) != 1 {
		t.Errorf("the old node disturbs: %+v", s)
	}

	for i, n := range c.nodes[:2] {
		if err := os.RemoveAll(n.dir); err != nil {
			t.Fatal(err)
		}
		n.args = append(slices.Clone(n.args), "--seed-nodes", survivor.address)
		n.start(t)
		c.awaitVoters(t, i+2, survivor, n)
		assertWeight(t, n, "sim-a", 8)
	}
	c.awaitEqualStates(t)
}

// assertWeight compares an instance's weight on the node.
func assertWeight(t *testing.T, n *node, instance string, want int) {
	t.Helper()
	code, raw := n.call(t, http.MethodGet, "/loadbalancer/instances", "")
	if code != 200 {
		t.Fatalf("GET /loadbalancer/instances on %s: %d %s", n.id, code, raw)
	}
	for _, in := range decodeBalancer(t, raw).Instances {
		if in.Name == instance && in.Weight != want {
			t.Errorf("%s has weight %d of %s, want %d", n.id, in.Weight, instance, want)
		}
	}
}
