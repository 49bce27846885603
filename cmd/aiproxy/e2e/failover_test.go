//go:build e2e

package e2e

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestKillsUnderLoad kills a follower and then the leader. Clients of the surviving nodes must not notice, and writes
// go on under a new leader.
func TestKillsUnderLoad(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	leader := c.leader(t, c.nodes)
	follower := c.without(leader)[0]

	survivors := c.without(follower)
	traffic := startLoad(t, survivors...)
	traffic.awaitProgress(t, 50)
	follower.kill(t)
	traffic.awaitProgress(t, 50)
	survivors[0].put(t, "/loadbalancer/instances/sim-a", `{"weight": 2}`)
	traffic.awaitProgress(t, 50)
	traffic.stop(t)

	follower.start(t)
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)

	leader = c.leader(t, c.nodes)
	term := leader.status().Term
	survivors = c.without(leader)
	traffic = startLoad(t, survivors...)
	traffic.awaitProgress(t, 50)
	leader.kill(t)
	traffic.awaitProgress(t, 50)
	next := c.leader(t, survivors)
	if got := next.status().Term; got <= term {
		t.Errorf("term %d after a new election, was %d", got, term)
	}
	receipt := survivors[0].put(t, "/loadbalancer/instances/sim-a", `{"weight": 5}`)
	if slices.Contains(receipt.Applied, leader.id) || len(receipt.Applied) != 2 {
		t.Errorf("applied on %v", receipt.Applied)
	}
	traffic.awaitProgress(t, 50)
	traffic.stop(t)

	leader.start(t)
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
}

// TestHangingNodes stops the leader without ending it: its connections stay open and silent. A write
// on another node must reach the next leader within its own time. Then a follower hangs, and the leader must still end
// cleanly.
func TestHangingNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	leader := c.leader(t, c.nodes)
	survivors := c.without(leader)
	leader.signal(t, syscall.SIGSTOP)
	receipt := survivors[0].put(t, "/loadbalancer/instances/sim-a", `{"weight": 4}`)
	if slices.Contains(receipt.Applied, leader.id) || len(receipt.Applied) != 2 {
		t.Errorf("applied on %v", receipt.Applied)
	}
	for _, n := range survivors {
		begun := time.Now()
		n.status()
		if took := time.Since(begun); took > time.Second {
			t.Errorf("status of %s took %s", n.id, took)
		}
	}
	leader.signal(t, syscall.SIGCONT)
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)

	leader = c.leader(t, c.nodes)
	hanging := c.without(leader)[0]
	hanging.signal(t, syscall.SIGSTOP)
	leader.signal(t, syscall.SIGTERM)
	if code := leader.wait(t); code != 0 {
		t.Errorf("exit status %d beside a node that hangs:\n%s", code, leader.output)
	}
	hanging.signal(t, syscall.SIGCONT)
}

// TestWithoutQuorum keeps traffic on the last node standing, which says what is wrong.
func TestWithoutQuorum(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	last := c.nodes[1]
	traffic := startLoad(t, last)
	traffic.awaitProgress(t, 20)
	for _, n := range c.without(last) {
		n.kill(t)
	}
	eventually(t, "the last node sees that the quorum is lost", func() bool {
		s := last.status()
		return s.NodeID == last.id && !s.HasQuorum && s.Leader == nil
	})
	code, body := last.call(t, "PUT", "/loadbalancer/algorithm", `{"algorithm":"weighted"}`)
	if code != 503 {
		t.Errorf("write without quorum: %d %s", code, body)
	}
	if !last.ready() {
		t.Error("the last node is not ready for traffic")
	}
	traffic.awaitProgress(t, 20)
	traffic.stop(t)
}

// TestAllKilledAndRestarted restarts a whole cluster in another order than it was formed in.
func TestAllKilledAndRestarted(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.nodes[0].put(t, "/loadbalancer/algorithm", `{"algorithm":"weighted"}`)
	c.nodes[1].put(t, "/loadbalancer/instances/sim-b", `{"weight": 9}`)
	c.awaitEqualStates(t)
	before := c.nodes[0].status()
	_, instances := c.nodes[0].call(t, "GET", "/loadbalancer/instances", "")
	for _, n := range c.nodes {
		n.kill(t)
	}
	for _, i := range []int{1, 2, 0} {
		c.nodes[i].start(t)
	}
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
	for _, n := range c.nodes {
		if got := n.status().ClusterID; got != before.ClusterID {
			t.Errorf("%s is in cluster %q, was in %q", n.id, got, before.ClusterID)
		}
		assertSameConfiguration(t, n, instances)
	}
	if _, err := c.nodes[2].chat(t.Context(), "gpt-4o", true); err != nil {
		t.Errorf("chat after the restart: %v", err)
	}
}
