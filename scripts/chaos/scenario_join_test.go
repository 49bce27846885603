//go:build chaos && linux

package chaos

import (
	"net"
	"slices"
	"strings"
	"time"
)

// wipeFollower is C10: a node that lost its disk comes back under its name and has no vote before it has caught up, because
// it has forgotten what it promised.
func wipeFollower(w *world) {
	w.form(3)
	leader := w.leader(w.nodes...)
	// Not the first node, which has no seeds: that is C11.
	wiped := w.without(leader, w.nodes[0])[0]
	clusterID := leader.status().ClusterID
	wiped.kill()
	wiped.wipe()
	w.last(time.Second)
	begun := time.Since(w.history.start)
	wiped.start()
	w.awaitHealthy(w.nodes...)
	if got := wiped.status().ClusterID; got != clusterID {
		w.t.Errorf("%s is in cluster %q, was in %q", wiped.id, got, clusterID)
	}
	w.checkVoteCameLate(leader, wiped, begun)
	w.finish(w.nodes...)
}

// checkVoteCameLate checks that the leader saw the node without a vote first, and without one as long as it lagged.
func (w *world) checkVoteCameLate(leader, wiped *node, begun time.Duration) {
	w.t.Helper()
	var suffrages []string
	for _, s := range w.observer.since(begun, leader) {
		suffrages = append(suffrages, s.suffrage(wiped.id))
	}
	// The old member had a vote until it was found to have lost its disk.
	first := slices.Index(suffrages, "nonvoter")
	if first < 0 {
		w.t.Errorf("%s never was without a vote: %v", wiped.id, slices.Compact(suffrages))
		return
	}
	if vote := slices.Index(suffrages[first:], "voter"); vote >= 0 && slices.Contains(suffrages[first+vote:], "nonvoter") {
		w.t.Errorf("%s lost its vote again: %v", wiped.id, slices.Compact(suffrages))
	}
	for _, s := range w.observer.since(begun, wiped) {
		if s.State == "leader" || s.State == "candidate" {
			w.t.Errorf("%s was %s at %s", wiped.id, s.State, s.At)
			return
		}
	}
}

// wipeSeedless is C11: the node that founded the cluster loses its disk and starts with the command line of the founding. It has nothing
// that tells it of the cluster, and must neither merge with it nor harm it.
func wipeSeedless(w *world) {
	w.form(3)
	wiped := w.nodes[0]
	others := w.without(wiped)
	clusterID := wiped.status().ClusterID
	wiped.kill()
	wiped.wipe()
	wiped.foreign.Store(true)
	leader := w.leader(others...)
	term := leader.status().Term
	wiped.start()
	var own string
	w.eventually(patience, "the wiped node ends or has a cluster of its own", func() string {
		if !wiped.running() {
			return ""
		}
		if own = wiped.status().ClusterID; own == "" {
			return "it is in none"
		}
		return ""
	})
	w.last(cutTime)
	for _, n := range others {
		if s := n.status(); s.ClusterID != clusterID || s.Term != term || !s.HasQuorum {
			w.t.Errorf("%s is in cluster %q, term %d, quorum %t; was in %q, term %d", n.id, s.ClusterID, s.Term, s.HasQuorum, clusterID, term)
		}
	}
	if got := wiped.status().ClusterID; got == clusterID {
		w.t.Errorf("%s says that it is in the old cluster %q", wiped.id, got)
	}
	if !strings.Contains(leader.output()+wiped.output(), "belongs to cluster") {
		w.t.Errorf("neither %s nor the leader %s logs that %s is in a cluster of its own, %q", wiped.id, leader.id, wiped.id, own)
	}
	// The way out that the runbook names.
	wiped.kill()
	wiped.wipe()
	for _, n := range others {
		wiped.seeds = append(wiped.seeds, n.address)
	}
	wiped.start()
	w.awaitHealthy(w.nodes...)
	wiped.foreign.Store(false)
	w.finish(w.nodes...)
}

// refuseJoins is C12: nodes that must not come in are told why, and the leader goes on leading.
func refuseJoins(w *world) {
	w.form(3)
	leader := w.leader(w.nodes...)
	term := leader.status().Term
	follower := w.without(leader)[0]
	_, port, _ := net.SplitHostPort(follower.address)
	intruders := []struct {
		what, id string
		change   func(n *node)
		says     string
	}{
		{"an address that nobody answers at", "node4", func(n *node) { n.pretend("10.111.254.1:" + port) }, "can't reach node node4"},
		{"the address of a member", "node5", func(n *node) { n.pretend(follower.address) }, "belongs to node|is that of member|is this node itself"},
		{"the id of a member", "node6", func(n *node) { n.name = follower.id }, "node id " + follower.id},
		{"another secret", "node7", func(n *node) { n.extra = append(n.extra, "--cluster-secret", "another-secret-than-theirs") }, "secret"},
	}
	var started []*node
	for _, in := range intruders {
		n := w.addNode(in.id, in.change)
		n.seeds = []string{leader.address, follower.address}
		n.start()
		w.eventually(patience, "a node with "+in.what+" is told why it is refused", func() string {
			text := n.output()
			for reason := range strings.SplitSeq(in.says, "|") {
				if strings.Contains(text, reason) {
					return ""
				}
			}
			return "its log ends with:\n" + tail(text)
		})
		started = append(started, n)
	}
	w.last(cutTime / 2)
	if s := leader.status(); s.State != "leader" || s.Term != term || len(s.Nodes) != 3 {
		w.t.Errorf("%s is %s in term %d of a cluster of %d nodes; led in term %d", leader.id, s.State, s.Term, len(s.Nodes), term)
	}
	for _, n := range started {
		if n.running() {
			n.kill()
		}
	}
	w.dismiss(started...)
	w.finish(w.nodes...)
}

// twoClusters is C13: a node whose seeds are in different clusters joins one of them and says what is wrong with the other.
func twoClusters(w *world) {
	w.observer = w.startObserver()
	a := w.addNode("node1")
	b := w.addNode("node2", func(n *node) { n.seeds = nil })
	a.start()
	b.start()
	w.awaitAlone(a, b)
	third := w.addNode("node3")
	third.start()
	joined := func() string { return third.status().ClusterID }
	w.eventually(patience, "the third node joins a cluster", func() string {
		if got := joined(); got != a.status().ClusterID && got != b.status().ClusterID {
			return "it is in cluster " + got
		}
		return ""
	})
	w.eventually(patience, "the third node or its cluster tells of the other cluster", func() string {
		foreign := a.status().ClusterID
		if foreign == joined() {
			foreign = b.status().ClusterID
		}
		if !strings.Contains(third.output(), foreign) && !strings.Contains(a.output()+b.output(), "belongs to cluster") {
			return "no log names " + foreign
		}
		return ""
	})
	if a.status().ClusterID == b.status().ClusterID {
		w.t.Error("the two clusters merged")
	}
}

// awaitAlone waits until each of the nodes is a cluster of its own.
func (w *world) awaitAlone(nodes ...*node) {
	w.t.Helper()
	for _, n := range nodes {
		w.eventually(patience, n.id+" founds a cluster", func() string {
			if s := n.status(); s.State != "leader" || s.ClusterID == "" {
				return "it is " + s.State
			}
			return ""
		})
	}
}

// pretend makes the node listen at its own address and say that it is at another.
func (n *node) pretend(address string) {
	host, port, _ := net.SplitHostPort(n.address)
	n.extra = append(n.extra, "--host", host, "--port", port)
	n.address = address
}

// dismiss takes nodes that are gone for good out of the world.
func (w *world) dismiss(gone ...*node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes = w.without(gone...)
	w.gone = append(w.gone, gone...)
}
