package store

import (
	"time"

	"github.com/hashicorp/raft"
)

// Stats are figures of this node's part in the cluster, for monitoring. They come from memory alone: reading them does
// not block, whatever the disk and the other nodes do.
type Stats struct {
	// State is that of Status.State.
	State string
	Term  uint64
	// LastLogIndex, CommitIndex and FSMIndex are how far the log, the quorum as this node knows it, and the state are.
	LastLogIndex, CommitIndex, FSMIndex uint64
	// FSMLag is the number of committed entries that wait to be applied. It is not the difference of the indexes: Raft
	// keeps entries for itself that the state never sees.
	FSMLag uint64
	// LastContact is the time since the leader was heard, 0 on the leader. Heard is false when that has never been.
	LastContact time.Duration
	Heard       bool
	// LeaderChanges counts since the start how often this node learnt of a leader.
	LeaderChanges uint64
	// Voters and NonVoters count the nodes in Raft's configuration, this one included.
	Voters, NonVoters int
	// SnapshotIndex is the last entry in the newest snapshot, and SnapshotAge the time since that was made. Snapshot is
	// false when there is none.
	SnapshotIndex uint64
	SnapshotAge   time.Duration
	Snapshot      bool
	// Commits is how long this node, while it led, took to write a command on a quorum and apply it.
	Commits Durations
	// LogWrites is how long writes to Raft's database took, those that failed left out. LogWriteFailures counts those.
	LogWrites        Durations
	LogWriteFailures uint64
	// LogWriteWaiting is how long the longest of the running writes has been running, 0 for none.
	LogWriteWaiting time.Duration
	// DiskHangs counts how often this node took no part in the cluster because its disk hung.
	DiskHangs uint64
	// MirrorBehind tells that the state mirror could not be written, so that a restart would replay the log.
	MirrorBehind bool
}

// States lists what Stats.State can be.
func States() []string {
	return []string{
		stateName(raft.Leader), stateName(raft.Follower), stateName(raft.Candidate), stateName(raft.Shutdown),
		stateJoining, stateHanging, stateRemoved,
	}
}

// Stats reads the figures.
func (s *Store) Stats() Stats {
	contact := s.lastContact()
	w := s.disk.writes
	stats := Stats{
		State: s.state(), Term: s.raft.CurrentTerm(),
		LastLogIndex: s.raft.LastIndex(), CommitIndex: s.raft.CommitIndex(), FSMIndex: s.View().Index,
		LastContact: time.Duration(max(0, contact)) * time.Millisecond, Heard: contact >= 0,
		LeaderChanges: s.leaderChanges.Load(),
		Commits:       s.commits.snapshot(), LogWrites: w.took.snapshot(),
		LogWriteFailures: w.failures.Load(), LogWriteWaiting: w.hanging(), DiskHangs: s.hangCount.Load(),
		MirrorBehind: s.disk.machine.MirrorFault() != nil,
	}
	figures := raftStats(s.raft.Stats())
	stats.SnapshotIndex, stats.FSMLag = figures.number("last_snapshot_index"), figures.fsmLag(stats.FSMIndex)
	if s.node.Load().ClusterID == "" {
		stats.State = stateJoining
	}
	stats.SnapshotAge, stats.Snapshot = s.disk.snapshots.age()
	for _, server := range s.servers() {
		if server.Suffrage == raft.Voter {
			stats.Voters++
		} else {
			stats.NonVoters++
		}
	}
	return stats
}

// fsmLag counts the committed entries that Raft has yet to hand over, and those that wait in its queue. Only while there
// are some does the state's own index tell how many, because Raft's own entries, such as barriers, never reach it.
func (r raftStats) fsmLag(applied uint64) uint64 {
	commit, handed := r.number("commit_index"), r.number("applied_index")
	lag := max(commit, handed) - handed
	if r.number("fsm_pending") > 0 {
		lag += max(handed, applied) - applied
	}
	return lag
}
