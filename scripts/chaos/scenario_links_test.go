//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// cutTime is how long links stay cut.
const cutTime = 10 * time.Second

// isolateLeader is C4: a leader that is cut off, both ways, acknowledges nothing and answers no linearizable read, while it and the others
// go on serving traffic.
func isolateLeader(w *world) {
	w.form(3)
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		leader := w.leader(w.nodes...)
		others := w.without(leader)
		for _, n := range others {
			w.network.cut(leader.id, n.id)
		}
		begun := time.Since(w.history.start)
		w.event("cut off the leader %s", leader.id)
		w.awaitStepDown(leader, begun)
		w.timeWrite(others[0])
		w.checkMinority(leader)
		w.last(cutTime / 2)
		w.heal()
	}
	w.finish(w.nodes...)
}

// stepDownLimit is more than a lease at this scale, a look of the observer, and a status that waits for silent nodes.
const stepDownLimit = 3 * time.Second

// awaitStepDown waits until a leader that was cut off no longer says that it leads.
func (w *world) awaitStepDown(leader *node, begun time.Duration) {
	w.t.Helper()
	w.eventually(stepDownLimit, leader.id+" steps down", func() string {
		if s := leader.status(); s.State == "leader" || s.NodeID == "" {
			return "it is " + s.State
		}
		return ""
	})
	w.event("%s stepped down after %s", leader.id, time.Since(w.history.start)-begun)
}

// checkMinority asks a node without a quorum for what it can't give. Its refusals must be clean.
func (w *world) checkMinority(n *node) {
	w.t.Helper()
	key := fmt.Sprintf("minority-%d", w.history.now())
	if _, v, note := n.setWeight(context.Background(), probeKey, 1+w.random.IntN(maxWeight), 0, key); v == applied || v == odd {
		w.t.Errorf("%s has no quorum and answers a write with: %s %s", n.id, v, note)
	}
	answer, err := n.call(context.Background(), "GET", "/loadbalancer/instances?consistency=linearizable", "", nil)
	if err != nil || answer.code != 503 || answer.header.Get("Retry-After") == "" {
		w.t.Errorf("%s has no quorum and answers a linearizable read with %d, Retry-After %q: %v",
			n.id, answer.code, answer.header.Get("Retry-After"), err)
	}
	if s := n.status(); s.HasQuorum {
		w.t.Errorf("%s says that it has a quorum", n.id)
	}
	if !n.ready() {
		w.t.Errorf("%s is not ready for traffic", n.id)
	}
}

// heal mends all links and waits until the cluster has noticed.
func (w *world) heal() {
	w.t.Helper()
	w.network.heal()
	w.event("healed")
	w.awaitHealthy(w.nodes...)
	w.awaitLoad()
}

// cutOneWay is C5: links that carry packets in one direction only. TCP needs both, but each end learns of it in its own way.
func cutOneWay(w *world) {
	w.form(3)
	for _, fromLeader := range []bool{true, false} {
		leader := w.leader(w.nodes...)
		others := w.without(leader)
		for _, n := range others {
			if fromLeader {
				w.network.drop(n.id, leader.id)
			} else {
				w.network.drop(leader.id, n.id)
			}
		}
		begun := time.Since(w.history.start)
		w.event("cut one way, from the leader %s: %t", leader.id, fromLeader)
		w.awaitStepDown(leader, begun)
		w.timeWrite(others[w.random.IntN(len(others))])
		w.checkMinority(leader)
		w.last(cutTime / 2)
		w.heal()
	}
	// Two followers that do not hear each other: nothing changes for their leader.
	leader := w.leader(w.nodes...)
	others := w.without(leader)
	w.network.cut(others[0].id, others[1].id)
	w.event("cut %s and %s off from each other", others[0].id, others[1].id)
	w.last(cutTime / 2)
	if now := w.leader(w.nodes...); now != leader {
		w.t.Errorf("%s leads after a cut between followers, was %s", now.id, leader.id)
	}
	w.heal()
	w.finish(w.nodes...)
}
