//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// jumpClocks is C17: the clock of a follower, and then that of the leader, jumps by an hour, both ways. Only certificates and stamps depend on
// the time of day, so nothing happens; new connections are made as well.
func jumpClocks(w *world) {
	w.form(3, faulty)
	for _, leads := range []bool{false, true} {
		for _, jump := range []string{"1h", "-1h"} {
			leader := w.leader(w.nodes...)
			changes := leader.status().Raft.LeaderChanges
			wrong := leader
			if !leads {
				wrong = w.without(leader)[0]
			}
			wrong.order("clock", jump)
			w.last(cutTime / 4)
			w.awaitLoad()
			if s := leader.status(); s.State != "leader" || s.Raft.LeaderChanges != changes {
				w.t.Errorf("%s no longer leads after the clock of %s jumped by %s", leader.id, wrong.id, jump)
			}
			third := w.without(leader, wrong)[0]
			third.kill()
			third.start()
			w.awaitHealthy(w.nodes...)
			w.timeWrite(third)
			wrong.order("clock", "")
		}
	}
	w.finish(w.nodes...)
}

const (
	// gapGoal is the longest time without an accepted write when a leader is stopped, in the median; gapLimit is the
	// most of any, and less than an election takes.
	gapGoal  = 100 * time.Millisecond
	gapLimit = 1500 * time.Millisecond
)

// restartAll is C18: nodes are restarted one after the other, as in an upgrade, and nobody warns the clients.
func restartAll(w *world) {
	w.scale = "1"
	w.form(3)
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	var gaps []time.Duration
	for range rounds {
		for _, i := range w.random.Perm(len(w.nodes)) {
			n := w.nodes[i]
			leads := w.leader(w.nodes...) == n
			gap := w.gapWhile(w.without(n)[0], n.stop)
			w.event("stopped %s, which led: %t; longest gap between writes %s", n.id, leads, gap)
			if leads {
				gaps = append(gaps, gap)
			}
			n.start()
			w.awaitHealthy(w.nodes...)
			w.awaitLoad()
		}
	}
	slices.Sort(gaps)
	w.t.Logf("gaps between writes when the leader is stopped: %v", gaps)
	if len(gaps) > 0 && (gaps[len(gaps)/2] > gapGoal && !testing.Short() || gaps[len(gaps)-1] > gapLimit) {
		w.t.Errorf("gaps between writes were longer than %s in the median or %s at most: %v", gapGoal, gapLimit, gaps)
	}
	w.finish(w.nodes...)
}

// gapWhile writes through the node without a pause while something happens, and returns the longest time between two accepted writes.
func (w *world) gapWhile(n *node, happens func()) time.Duration {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	longest := make(chan time.Duration)
	go func() {
		var most time.Duration
		for last := time.Now(); ctx.Err() == nil; {
			key := fmt.Sprintf("gap-%d", w.history.now())
			if _, v, _ := n.setWeight(context.WithoutCancel(ctx), probeKey, 1+int(w.history.now()%maxWeight), 0, key); v == applied {
				now := time.Now()
				most, last = max(most, now.Sub(last)), now
			}
		}
		longest <- most
	}()
	w.last(time.Second / 2)
	happens()
	w.last(time.Second / 2)
	cancel()
	return <-longest
}

const (
	// churnTime is how long membership changes.
	churnTime = time.Minute
	// most nodes there are at once, and the fewest.
	mostNodes, fewestNodes = 5, 3
)

// churn is C20: nodes come, go and are killed in any order.
func churn(w *world) {
	w.form(fewestNodes)
	for next, begun := fewestNodes+1, time.Now(); time.Since(begun) < churnTime; {
		switch pick := w.random.IntN(3); {
		case pick == 0 && len(w.nodes) < mostNodes:
			w.addNode("node" + strconv.Itoa(next)).start()
			next++
		case pick == 1 && len(w.nodes) > fewestNodes:
			w.removeOne()
		default:
			n := w.nodes[w.random.IntN(len(w.nodes))]
			n.kill()
			w.last(time.Duration(w.random.Int64N(int64(2 * time.Second))))
			n.start()
		}
		if w.random.IntN(2) == 0 {
			w.awaitHealthy(w.nodes...)
			continue
		}
		w.last(time.Duration(w.random.Int64N(int64(time.Second))))
	}
	w.awaitHealthy(w.nodes...)
	w.checkMembers()
	w.finish(w.nodes...)
}

// removeOne removes a node, be it the leader, through any other, and ends it.
func (w *world) removeOne() {
	w.t.Helper()
	gone := w.nodes[w.random.IntN(len(w.nodes))]
	others := w.without(gone)
	gone.fall()
	w.eventually(patience, "removing "+gone.id+" is accepted", func() string {
		asked := others[w.random.IntN(len(others))]
		answer, err := asked.call(context.Background(), "DELETE", "/cluster/nodes/"+gone.id, "", nil)
		switch {
		case err != nil:
			return err.Error()
		case answer.code != 200 && answer.code != 404: // 404: an earlier request took effect though its answer was lost.
			return fmt.Sprintf("%s answers %d: %s", asked.id, answer.code, answer.body)
		}
		return ""
	})
	w.event("removed %s", gone.id)
	// One that was just starting ends by itself, with the reason; one that runs serves its last state until it is stopped.
	gone.process.signal(w.t, syscall.SIGTERM)
	if _, ok := gone.process.wait(endLimit); !ok {
		w.t.Errorf("%s, which was removed, does not end on SIGTERM", gone.id)
	}
	w.dismiss(gone)
}

// checkMembers checks that the configuration is what was asked for and granted.
func (w *world) checkMembers() {
	w.t.Helper()
	var want []string
	for _, n := range w.nodes {
		want = append(want, n.id)
	}
	slices.Sort(want)
	for _, n := range w.nodes {
		var have []string
		for _, m := range n.status().Nodes {
			have = append(have, m.ID)
		}
		if !slices.Equal(have, want) {
			w.t.Errorf("%s knows the members %v, there are %v", n.id, have, want)
		}
	}
}
