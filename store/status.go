package store

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// Status is what a node knows of its cluster, as GET /cluster/status shows it. Milliseconds are numbers, nodes are
// sorted by ID, and nothing in it is secret.
type Status struct {
	Enabled   bool   `json:"enabled"`
	ClusterID string `json:"cluster_id"`
	NodeID    string `json:"node_id"`
	// State is Raft's: leader, follower, candidate or shutdown; joining before the node is in a cluster, removed after
	// it was, disk_hangs while its disk keeps it from taking part.
	State     string `json:"state"`
	Term      uint64 `json:"term"`
	Ready     bool   `json:"ready"`
	Stale     bool   `json:"stale"`
	HasQuorum bool   `json:"has_quorum"`
	// Fault is why the cluster does not admit this node, if it does not, or what is wrong with its disk.
	Fault string `json:"fault,omitempty"`
	// SeedConflicts names seeds of this node that belong to another cluster.
	SeedConflicts []string       `json:"seed_conflicts"`
	Leader        *LeaderStatus  `json:"leader"`
	Quorum        QuorumStatus   `json:"quorum"`
	Raft          RaftStatus     `json:"raft"`
	Nodes         []MemberStatus `json:"nodes"`
	FeatureLevel  int            `json:"feature_level"`
	Revision      uint64         `json:"revision"`
	StateHash     string         `json:"state_hash"`
	Version       string         `json:"version"`
	UptimeS       int64          `json:"uptime_s"`
}

// LeaderStatus names the leader.
type LeaderStatus struct {
	NodeID   string `json:"node_id"`
	RaftAddr string `json:"raft_addr"`
	APIAddr  string `json:"api_addr"`
}

// QuorumStatus counts votes.
type QuorumStatus struct {
	Voters           int `json:"voters"`
	Required         int `json:"required"`
	HealthyVoters    int `json:"healthy_voters"`
	FailureTolerance int `json:"failure_tolerance"`
}

// RaftStatus is the answering node's own.
type RaftStatus struct {
	CommitIndex        uint64 `json:"commit_index"`
	AppliedIndex       uint64 `json:"applied_index"`
	FSMIndex           uint64 `json:"fsm_index"`
	LastLogIndex       uint64 `json:"last_log_index"`
	LastLogTerm        uint64 `json:"last_log_term"`
	LastSnapshotIndex  uint64 `json:"last_snapshot_index"`
	LastContactMS      int64  `json:"last_contact_ms"`
	FSMPending         uint64 `json:"fsm_pending"`
	ConfigurationIndex uint64 `json:"configuration_index"`
	ProtocolVersion    int    `json:"protocol_version"`
	LeaderChanges      uint64 `json:"leader_changes"`
}

// MemberStatus is one node as the answering node sees it.
type MemberStatus struct {
	ID        string `json:"id"`
	RaftAddr  string `json:"raft_addr"`
	APIAddr   string `json:"api_addr"`
	Suffrage  string `json:"suffrage"`
	State     string `json:"state"`
	Reachable bool   `json:"reachable"`
	Healthy   bool   `json:"healthy"`
	// LastContactMS is the time since that node heard the leader, -1 for never or unknown.
	LastContactMS int64  `json:"last_contact_ms"`
	LastIndex     uint64 `json:"last_index"`
	// Lag is the number of log entries that the node has yet to apply.
	Lag          uint64 `json:"lag"`
	Version      string `json:"version"`
	FeatureLevel int    `json:"feature_level"`
	// SecretIDs name the cluster secrets that the node knows, the one that it uses first. They are empty where unknown.
	SecretIDs []string `json:"secret_ids,omitempty"`
	Error     string   `json:"error,omitempty"`
}

// voterName is the suffrage of a node that votes.
const voterName = "voter"

// stateJoining is the state of a node that is in no cluster yet.
const stateJoining = "joining"

// stateUnreachable is the state of a node that does not answer.
const stateUnreachable = "unreachable"

// Status describes the cluster from this node. It asks the other nodes and waits for them for less than a second,
// whatever they do; it needs no quorum.
func (s *Store) Status(ctx context.Context) Status {
	members, leaderCommit := s.memberStatuses(ctx)
	view, ready := s.View(), s.Readiness()
	state, term := s.stateInTerm()
	status := Status{
		Enabled: s.config.Clustered, ClusterID: s.node.Load().ClusterID, NodeID: s.config.NodeID,
		State: state, Term: term,
		Ready: ready.Ready(), Stale: !ready.CaughtUp, Fault: cmp.Or(ready.Fault, ready.Disk),
		SeedConflicts: s.conflictList(),
		Leader:        s.leaderStatus(members), Quorum: countVotes(members), Raft: s.raftStatus(view),
		Nodes: members, FeatureLevel: view.FeatureLevel, Revision: view.Revision, StateHash: view.Hash(),
		Version: s.config.Version, UptimeS: int64(time.Since(s.started).Seconds()),
	}
	status.Raft.CommitIndex = max(status.Raft.CommitIndex, min(leaderCommit, status.Raft.LastLogIndex))
	status.HasQuorum = status.Leader != nil && status.Quorum.HealthyVoters >= status.Quorum.Required
	if status.ClusterID == "" {
		status.State = stateJoining
	}
	return status
}

func (s *Store) leaderStatus(members []MemberStatus) *LeaderStatus {
	if s.hangs.Load() {
		leader := leaderAmong(members, s.config.NodeID)
		if leader == nil {
			return nil
		}
		return &LeaderStatus{NodeID: leader.ID, RaftAddr: leader.RaftAddr, APIAddr: leader.APIAddr}
	}
	address, id := s.raft.LeaderWithID()
	if id == "" {
		return nil
	}
	return &LeaderStatus{NodeID: string(id), RaftAddr: string(address), APIAddr: string(address)}
}

// stateInTerm returns a state and the term in which the node was in it. Raft changes the two one after the other, and a
// deposed leader must not look like a second one of the new term.
func (s *Store) stateInTerm() (state string, term uint64) {
	for {
		term = s.raft.CurrentTerm()
		state = s.state()
		if s.raft.CurrentTerm() == term {
			return state, term
		}
	}
}

// raftStatus describes the local Raft. Its index is that of the view, so that it goes with the view's hash.
func (s *Store) raftStatus(view *fsm.View) RaftStatus {
	stats := raftStats(s.raft.Stats())
	return RaftStatus{
		CommitIndex:  s.raft.CommitIndex(),
		AppliedIndex: s.raft.AppliedIndex(), FSMIndex: view.Index,
		LastLogIndex: s.raft.LastIndex(), LastLogTerm: stats.number("last_log_term"),
		LastSnapshotIndex: stats.number("last_snapshot_index"), LastContactMS: s.lastContact(),
		FSMPending: stats.number("fsm_pending"), ConfigurationIndex: view.ConfigurationIndex,
		ProtocolVersion: int(stats.number("protocol_version")), LeaderChanges: s.leaderChanges.Load(),
	}
}

// memberStatuses describes every node in Raft's configuration, and returns the leader's commit index if it is known.
func (s *Store) memberStatuses(ctx context.Context) ([]MemberStatus, uint64) {
	return s.askMembers(ctx, s.probes)
}

// askMembersAnew is memberStatuses from answers to questions that begin now, for decisions: a node may have died since
// the last second's answer.
func (s *Store) askMembersAnew(ctx context.Context) ([]MemberStatus, uint64) {
	return s.askMembers(ctx, newProbes(s.caller.ping, s.raft.CommitIndex, &s.tasks))
}

func (s *Store) askMembers(ctx context.Context, probes *probes) ([]MemberStatus, uint64) {
	servers := s.sortedServers()
	addresses := make([]string, 0, len(servers))
	for _, server := range servers {
		if server.ID != raft.ServerID(s.config.NodeID) {
			addresses = append(addresses, string(server.Address))
		}
	}
	answers := probes.all(ctx, addresses)
	pongs := make(map[string]probe, len(answers))
	for i, address := range addresses {
		pongs[address] = answers[i]
	}
	commit := s.raft.CommitIndex()
	for _, answer := range answers {
		if answer.reply.State == stateName(raft.Leader) {
			commit = max(commit, answer.reply.CommitIndex)
		}
	}
	members := make([]MemberStatus, 0, len(servers))
	for _, server := range servers {
		answer := pongs[string(server.Address)]
		if server.ID == raft.ServerID(s.config.NodeID) {
			answer = probe{reply: s.pong(), commit: commit}
		}
		m := s.memberStatus(server, answer)
		m.judge(answer.commit, s.config.scaled(heartbeatTimeout))
		members = append(members, m)
	}
	return members, commit
}

func (s *Store) memberStatus(server raft.Server, answer probe) MemberStatus {
	m := MemberStatus{
		ID: string(server.ID), RaftAddr: string(server.Address), APIAddr: string(server.Address),
		Suffrage: strings.ToLower(server.Suffrage.String()),
	}
	record, _ := s.View().Member(m.ID)
	if answer.err == nil && answer.reply.NodeID != m.ID {
		answer.err = errors.New("another node answers at this address")
	}
	if answer.err != nil {
		m.State, m.LastContactMS, m.Error = stateUnreachable, -1, answer.err.Error()
		m.Version, m.FeatureLevel = record.Version, record.FeatureLevel
		return m
	}
	pong := answer.reply
	m.SecretIDs = pong.SecretIDs
	m.Reachable, m.State, m.LastContactMS = true, pong.State, pong.LastContactMS
	m.LastIndex, m.Version, m.FeatureLevel, m.Error = pong.LastIndex, pong.Version, pong.FeatureLevel, pong.Fault
	return m
}

// judge derives lag and health: a healthy node answers, hears its leader, has the log up to a few entries, and
// a disk that writes.
func (m *MemberStatus) judge(commit uint64, contact time.Duration) {
	if !m.Reachable {
		return
	}
	if commit > m.LastIndex {
		m.Lag = commit - m.LastIndex
	}
	heard := m.LastContactMS >= 0 && m.LastContactMS <= contact.Milliseconds()
	m.Healthy = heard && m.Lag <= promoteLag && m.State != stateHanging
}

func countVotes(members []MemberStatus) QuorumStatus {
	var q QuorumStatus
	for _, m := range members {
		if m.Suffrage != voterName {
			continue
		}
		q.Voters++
		if m.Healthy {
			q.HealthyVoters++
		}
	}
	if q.Voters > 0 {
		q.Required = q.Voters/2 + 1
	}
	q.FailureTolerance = max(0, q.HealthyVoters-q.Required)
	return q
}
