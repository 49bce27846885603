package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// writeBound is how long a write to Raft's database may take at scale 1 before the disk counts as hanging.
	writeBound = 2 * time.Second
	// minHangBound and maxHangBound keep it above what a busy disk takes, and within what writers wait.
	minHangBound = time.Second
	maxHangBound = 3 * time.Second
	// hangLooks is the number of looks at the disk within the bound.
	hangLooks = 10
	// callTimeout bounds the search for a successor and the call on it to stand.
	callTimeout = 500 * time.Millisecond
)

// stateHanging is the state of a node whose disk hangs, in place of Raft's, which can't be believed then: it would say
// leader for as long as the disk hangs.
const stateHanging = "disk_hangs"

// errHanging means that this node's disk hangs. What was being written may or may not be in its log.
var errHanging = errors.New("the disk of this node hangs")

// hangBound is the bound at the configured scale.
func (c *Config) hangBound() time.Duration {
	return min(max(c.scaled(writeBound), minHangBound), maxHangBound)
}

// watchDisk takes this node out of Raft for as long as its disk hangs. Raft alone would not: its main goroutine waits for
// the write, but its heartbeats go on, so that a leader stays one which can do nothing.
func (s *Store) watchDisk(ctx context.Context) {
	ticker := time.NewTicker(s.config.hangBound() / hangLooks)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.lookAtDisk(ctx)
			s.tellFault()
		}
	}
}

func (s *Store) lookAtDisk(ctx context.Context) {
	hangs := s.disk.writes.hanging() >= s.config.hangBound()
	switch was := s.hangs.Load(); {
	case hangs && !was:
		s.beginHang(ctx)
	case was && !hangs:
		s.endHang()
	}
}

// beginHang steps down in place of Raft: another node is called on to stand, then Raft's streams are cut, so that nobody
// hears this node's heartbeats any more. Traffic and peer calls go on.
func (s *Store) beginHang(ctx context.Context) {
	led := s.leads()
	s.hangs.Store(true)
	s.hangCount.Add(1)
	s.hangNews.ring()
	s.logger.Error("disk hangs, the node takes no part in the cluster until it writes again",
		"data_dir", s.config.Dir, "hanging_for", s.disk.writes.hanging(), "was_leader", led)
	if led {
		s.callSuccessor(ctx)
	}
	s.peers.PauseRaft("the disk of node " + s.config.NodeID + " hangs")
}

// endHang lets Raft speak again. A leader that Raft still believes itself to be learns of its successor, or finds that it
// has lost touch with the quorum: its heartbeats were cut off for longer than a lease.
func (s *Store) endHang() {
	if !s.removed.Load() {
		s.peers.ResumeRaft()
	}
	s.hangs.Store(false)
	s.logger.Info("disk writes again, the node takes part in the cluster")
}

// tellFault logs what to do about writes that fail, once a minute.
func (s *Store) tellFault() {
	if fault := s.disk.fault(); fault != "" && time.Since(s.toldFault) > repeatPause {
		s.toldFault = time.Now()
		s.logger.Error("writes to the disk fail", "data_dir", s.config.Dir, "do", fault)
	}
}

// replaceFailed calls a successor for leadership that a failed write has ended: Raft steps down then, but the other nodes
// would wait for an election's time. It is called once for each leadership, because a call deposes whoever leads by then.
func (s *Store) replaceFailed(ctx context.Context) {
	if _, leader := s.raft.LeaderWithID(); leader == "" && s.disk.fault() != "" {
		s.callSuccessor(ctx)
	}
}

// callSuccessor calls on the voter with the longest log to stand for election at once. Raft's own transfer of leadership
// runs on the goroutine that hangs; this is the message that it would send. An election is safe at any time, so nothing
// is lost if the successor is badly chosen, and if there is none the others elect one when heartbeats fail to come.
func (s *Store) callSuccessor(ctx context.Context) {
	if s.otherVoters() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// Answers of the last second will do: a wrong choice costs no more than none.
	members, _ := s.memberStatuses(ctx)
	heir, ok := s.heir(members)
	if !ok || s.leaderElsewhere(ctx) != "" {
		return
	}
	request := raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{
		ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(s.config.NodeID), Addr: []byte(s.config.Address),
	}}
	err := within(ctx, "call successor", func() error {
		return s.network.TimeoutNow(heir.ID, heir.Address, &request, &raft.TimeoutNowResponse{})
	})
	if err != nil {
		s.logger.Warn("no successor was called, an election follows", "error", err)
		return
	}
	s.logger.Info("successor called to lead", "successor", heir.ID)
}

// state is what this node is in the cluster. See Status.State.
func (s *Store) state() string {
	switch {
	case s.removed.Load():
		return stateRemoved
	case s.hangs.Load():
		return stateHanging
	}
	return stateName(s.raft.State())
}

// leads tells that this node leads and can do what a leader does.
func (s *Store) leads() bool { return s.raft.State() == raft.Leader && !s.hangs.Load() }

// leaderElsewhere returns the address of another node that says that it leads, or "". It asks the nodes rather than Raft.
func (s *Store) leaderElsewhere(ctx context.Context) raft.ServerAddress {
	members, _ := s.memberStatuses(ctx)
	if leader := leaderAmong(members, s.config.NodeID); leader != nil {
		return raft.ServerAddress(leader.RaftAddr)
	}
	return ""
}

func leaderAmong(members []MemberStatus, self string) *MemberStatus {
	for i, m := range members {
		if m.ID != self && m.Reachable && m.State == stateName(raft.Leader) {
			return &members[i]
		}
	}
	return nil
}

// fault says what is wrong with the disk and what that means, or nothing.
func (d *disk) fault() string {
	if fault := d.writes.fault.Load(); fault != nil {
		return *fault
	}
	return ""
}

// diskFault says what is wrong with this node's disk, or nothing.
func (s *Store) diskFault() string {
	fault := s.disk.fault()
	if s.hangs.Load() && fault == "" {
		return fmt.Sprintf("the disk of the data directory hangs: a write has been waiting for %s; the node serves traffic from "+
			"its last state and takes no part in the cluster until the disk writes again",
			s.disk.writes.hanging().Truncate(time.Second/10))
	}
	return cmp.Or(fault, s.disk.mirrorFault())
}
