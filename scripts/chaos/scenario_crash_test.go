//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// failoverGoal is within what time after the death of a leader the next one has taken a write, in the median, and
	// failoverLimit always: votes split now and then, which costs an election's time more.
	failoverGoal  = 3 * time.Second
	failoverLimit = 8 * time.Second
)

// killLeaders is C1: acknowledged writes stay, and the next leader is there soon.
func killLeaders(w *world) {
	w.scale, w.settles = "1", true
	w.form(3)
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	var took []time.Duration
	for range rounds {
		leader := w.leader(w.nodes...)
		survivors := w.without(leader)
		leader.kill()
		took = append(took, w.timeWrite(survivors[w.random.IntN(len(survivors))]))
		leader.start()
		w.awaitHealthy(w.nodes...)
		w.awaitLoad()
	}
	slices.Sort(took)
	median, most := took[len(took)/2], took[len(took)-1]
	w.t.Logf("failover from kill to accepted write: median %s, most %s", median, most)
	if median > failoverGoal || most > failoverLimit {
		w.t.Errorf("failovers took more than %s in the median or %s at most: %v", failoverGoal, failoverLimit, took)
	}
	w.finish(w.nodes...)
}

const (
	// burst is the number of writes after which the log holds more than Raft keeps beside a snapshot.
	burst = 9000
	// burstClients write them at once.
	burstClients = 64
	// catchUpGoal is within what time a restarted node has it all. A machine at rest takes a quarter of it.
	catchUpGoal = 20 * time.Second
)

// killFollower is C2: a node that was away for longer than a snapshot comes back.
func killFollower(w *world) {
	w.form(3)
	leader := w.leader(w.nodes...)
	follower := w.without(leader)[0]
	follower.kill()
	w.burst(leader, burst)
	w.eventually(patience, "the leader makes a snapshot", func() string {
		if s := leader.status(); s.Raft.LastSnapshotIndex == 0 {
			return fmt.Sprintf("none at index %d", s.Raft.CommitIndex)
		}
		return ""
	})
	goal := leader.status().Raft.CommitIndex
	follower.start()
	begun := time.Now()
	w.eventually(catchUpGoal, "the restarted node catches up", func() string {
		if at := follower.status().Raft.FSMIndex; at < goal {
			return fmt.Sprintf("it is at index %d of %d", at, goal)
		}
		return ""
	})
	w.t.Logf("caught up with %d entries in %s", goal, time.Since(begun))
	w.finish(w.nodes...)
}

// burst makes so many writes at once.
func (w *world) burst(n *node, writes int) {
	w.t.Helper()
	begun := time.Now()
	var group sync.WaitGroup
	var failed atomic.Int64
	for client := range burstClients {
		group.Go(func() {
			for i := range writes / burstClients {
				key := fmt.Sprintf("burst-%d-%d", client, i)
				if _, v, _ := n.setWeight(w.t.Context(), probeKey, 1+(client+i)%maxWeight, 0, key); v != applied {
					failed.Add(1)
				}
			}
		})
	}
	group.Wait()
	w.event("%d writes, %d failed, in %s", writes, failed.Load(), time.Since(begun))
	if failed.Load() > 0 {
		w.t.Errorf("%d of %d writes failed without a fault", failed.Load(), writes)
	}
}

// probeKey is an instance that no client writes to.
const probeKey = "sim"

// timeWrite writes through the node until it is acknowledged, and returns how long that took.
func (w *world) timeWrite(n *node) time.Duration {
	w.t.Helper()
	begun := time.Now()
	w.eventually(patience, "a write is accepted at "+n.id, func() string {
		key := fmt.Sprintf("probe-%d-%d", w.seed, w.history.now())
		_, v, note := n.setWeight(context.Background(), probeKey, 1+w.random.IntN(maxWeight), 0, key)
		if v != applied {
			return string(v) + ": " + note
		}
		return ""
	})
	took := time.Since(begun)
	w.event("write accepted at %s after %s", n.id, took)
	return took
}

// killAll is C3: a cluster that has lost all its processes is the same cluster afterwards.
func killAll(w *world) {
	w.form(3)
	clusterID := w.nodes[0].status().ClusterID
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		for _, i := range w.random.Perm(len(w.nodes)) {
			w.nodes[i].kill()
		}
		for _, i := range w.random.Perm(len(w.nodes)) {
			w.nodes[i].start()
			w.last(time.Duration(w.random.Int64N(int64(time.Second))))
		}
		w.awaitHealthy(w.nodes...)
		w.awaitLoad()
	}
	for _, n := range w.nodes {
		if got := n.status().ClusterID; got != clusterID {
			w.t.Errorf("%s is in cluster %q, was in %q", n.id, got, clusterID)
		}
		if joins := strings.Count(n.output(), `"joined cluster"`); joins > 1 {
			w.t.Errorf("%s joined a cluster %d times", n.id, joins)
		}
	}
	w.finish(w.nodes...)
}
