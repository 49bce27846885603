package store_test

import (
	"testing"
	"time"
)

func TestStatsFollowWhatHappens(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	before := leader.Stats()
	for i := range 5 {
		if _, err := setWeight(t, leader, 1+i); err != nil {
			t.Fatal(err)
		}
	}
	after := leader.Stats()
	if got := after.Commits.Count - before.Commits.Count; got < 5 {
		t.Errorf("%d commits after 5 writes", got)
	}
	if after.LogWrites.Count < before.LogWrites.Count+5 || after.LogWrites.Seconds <= before.LogWrites.Seconds {
		t.Errorf("log writes went from %+v to %+v", before.LogWrites, after.LogWrites)
	}
	if after.State != "leader" || !after.Heard || after.LastContact != 0 || after.LeaderChanges == 0 {
		t.Errorf("leader's stats are %+v", after)
	}
	if after.FSMIndex < before.FSMIndex+5 || after.CommitIndex < after.FSMIndex || after.LastLogIndex < after.CommitIndex {
		t.Errorf("indexes: %d applied, %d committed, %d in the log", after.FSMIndex, after.CommitIndex, after.LastLogIndex)
	}
	if after.Snapshot || after.LogWriteFailures != 0 || after.DiskHangs != 0 {
		t.Errorf("stats tell of what has not been: %+v", after)
	}
	for _, n := range nodes {
		eventually(t, "nothing waits to be applied", func() bool { return n.Stats().FSMLag == 0 })
	}
	for _, n := range without(nodes, leader) {
		eventually(t, "the follower has heard the leader", func() bool {
			stats := n.Stats()
			return stats.State == "follower" && stats.Heard && stats.LastContact < time.Second && stats.Voters == 3
		})
	}
}

func TestStatsTellTheSnapshotsAge(t *testing.T) {
	t.Parallel()
	n := open(t, "n1", nil)
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	begun := time.Now()
	if err := n.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	check := func(n *node, when string) {
		stats := n.Stats()
		if !stats.Snapshot || stats.SnapshotIndex == 0 || stats.SnapshotAge > time.Since(begun)+time.Millisecond {
			t.Errorf("%s: snapshot %t at %d, %s old", when, stats.Snapshot, stats.SnapshotIndex, stats.SnapshotAge)
		}
	}
	check(n, "after the snapshot")
	n.shutdown(t)
	check(n.reopen(t), "after a restart")
}
