//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// cli runs `aiproxy cluster` against the node and returns what it wrote and its exit status.
func (n *node) cli(t *testing.T, args ...string) (string, int) {
	t.Helper()
	p := run(t, []string{"AIPROXY_API_KEY=" + clientKey}, append(append([]string{"cluster"}, args...), "--address", n.address)...)
	code := p.wait(t)
	return p.output.String(), code
}

// must is cli for a command that has to succeed and to write the text.
func (n *node) must(t *testing.T, text string, args ...string) {
	t.Helper()
	if out, code := n.cli(t, args...); code != 0 || !strings.Contains(out, text) {
		t.Fatalf("aiproxy cluster %v: exit status %d, want 0 and %q:\n%s", args, code, text, out)
	}
}

// refused is cli for a command that has to fail with the text.
func (n *node) refused(t *testing.T, text string, args ...string) {
	t.Helper()
	if out, code := n.cli(t, args...); code != 1 || !strings.Contains(out, text) {
		t.Errorf("aiproxy cluster %v: exit status %d, want 1 and %q:\n%s", args, code, text, out)
	}
}

// rest is the cluster without a node.
func (c *cluster) rest(gone *node) *cluster {
	return &cluster{upstreams: c.upstreams, extra: c.extra, nodes: c.without(gone)}
}

// TestScaleUpAndDownUnderLoad takes a cluster from three nodes to four and back by its own leader's leaving, while
// clients of the others notice nothing.
func TestScaleUpAndDownUnderLoad(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.nodes[2].must(t, "node node2 leads the cluster", "transfer", "node2")
	c.nodes[0].must(t, "failure tolerance 1", "status")
	leaver := c.nodes[1]
	c.add(t)
	c.awaitVoters(t, 4, c.nodes...)
	rest := c.rest(leaver)
	traffic := startLoad(t, rest.nodes...)
	traffic.awaitProgress(t, 20)
	leaver.must(t, "has left its cluster", "leave")
	if code := leaver.wait(t); code != 0 {
		t.Errorf("the node that left ended with status %d, want 0", code)
	}
	rest.awaitVoters(t, 3, rest.nodes...)
	traffic.awaitProgress(t, 20)
	traffic.stop(t)
	rest.awaitEqualStates(t)

	leaver.start(t)
	if code := leaver.wait(t); code != 1 || !strings.Contains(leaver.output.String(), "was removed from cluster") {
		t.Errorf("start after leaving: exit status %d, want 1 and the reason:\n%s", code, leaver.output)
	}
	rest.awaitVoters(t, 3, rest.nodes...)
}

// TestRemoveADeadNodeAndReplaceIt is the runbook's page.
func TestRemoveADeadNodeAndReplaceIt(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	dead := c.leader(t, c.nodes)
	rest := c.rest(dead)
	dead.kill(t)
	c.leader(t, rest.nodes)
	asked, other := rest.nodes[0], rest.nodes[1]
	asked.refused(t, "bring back or remove "+dead.id+" first", "remove", other.id, "--force")
	asked.refused(t, "no node node9 in the cluster", "remove", "node9")
	asked.must(t, "node "+dead.id+" is not in the cluster any more", "remove", dead.id)
	asked.refused(t, "it was removed before", "remove", dead.id)
	rest.awaitVoters(t, 2, rest.nodes...)

	// It comes back with its data, knowing nothing: refused, and the others are not disturbed.
	term := asked.status().Term
	dead.start(t)
	if code := dead.wait(t); code != 1 || !strings.Contains(dead.output.String(), "move its data directory") {
		t.Errorf("removed node: exit status %d, want 1 and the way out:\n%s", code, dead.output)
	}
	if now := asked.status().Term; now != term {
		t.Errorf("term %d after the removed node came back, was %d", now, term)
	}

	if err := os.RemoveAll(dead.dir); err != nil {
		t.Fatal(err)
	}
	dead.args = append(dead.args, "--seed-nodes", asked.address)
	dead.start(t)
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
}

// TestRemovedNodeSaysSo removes a node that runs.
func TestRemovedNodeSaysSo(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	removed, asked := c.nodes[2], c.nodes[0]
	asked.must(t, "is not in the cluster any more", "remove", removed.id)
	eventually(t, "the removed node knows", func() bool { return removed.status().State == "removed" })
	if removed.ready() {
		t.Error("the removed node is ready for traffic")
	}
	removed.must(t, "this node is not in the cluster any more", "status")
	removed.refused(t, "was removed from cluster", "transfer")
	asked.must(t, "2 of 2 voters are healthy", "status")
}

// TestReadersBesideVoters starts four nodes with the same command line, of which the first has no vote and comes first.
func TestReadersBesideVoters(t *testing.T) {
	t.Parallel()
	c := &cluster{upstreams: startUpstreams(t)}
	var addresses []string
	for range 4 {
		addresses = append(addresses, freeAddress(t))
	}
	for i, address := range addresses {
		n := &node{id: fmt.Sprintf("node%d", i), address: address, dir: t.TempDir()}
		n.args = []string{
			"--config", c.upstreams.config, "--cluster-enabled", "--node-id", n.id, "--node-address", address, "--data-dir", n.dir,
			"--bootstrap-expect", "3", "--seed-nodes", strings.Join(addresses, ","), fast,
		}
		if i == 0 {
			n.args = append(n.args, "--non-voter")
		}
		n.start(t)
		c.nodes = append(c.nodes, n)
	}
	c.awaitVoters(t, 3, c.nodes...)
	reader := c.nodes[0]
	reader.must(t, "nonvoter", "status")
	reader.must(t, "3 of 3 voters are healthy, 2 are needed", "status")
	reader.refused(t, "has no vote, so it can't lead", "transfer", reader.id)
	if _, err := reader.chat(t.Context(), "gpt-4o", true); err != nil {
		t.Errorf("request to the reader: %v", err)
	}
	reader.put(t, "/loadbalancer/instances/sim-a", `{"weight": 5}`)
	c.awaitEqualStates(t)
}

// TestAllNodesMoveAtOnce kills all nodes and starts them at other addresses, which are also their seeds.
func TestAllNodesMoveAtOnce(t *testing.T) {
	t.Parallel()
	c := startTogether(t)
	c.awaitVoters(t, 3, c.nodes...)
	clusterID := c.nodes[0].status().ClusterID
	var moves []string
	for _, n := range c.nodes {
		n.kill(t)
		moves = append(moves, n.address, freeAddress(t))
	}
	moved := strings.NewReplacer(moves...)
	for _, n := range c.nodes {
		n.address = moved.Replace(n.address)
		for i, arg := range n.args {
			n.args[i] = moved.Replace(arg)
		}
		n.start(t)
	}
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
	for _, n := range c.nodes {
		if got := n.status().ClusterID; got != clusterID {
			t.Errorf("%s is in cluster %q, was in %q", n.id, got, clusterID)
		}
	}
}
