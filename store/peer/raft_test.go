package peer_test

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// voter is one server of a Raft group that runs over a node's streams.
type voter struct {
	*raft.Raft
	*node
	log *tape
}

// tape is a state machine that keeps what it was given.
type tape struct {
	mu      sync.Mutex
	entries []string
}

func (s *tape) Apply(l *raft.Log) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, string(l.Data))
	return nil
}

func (s *tape) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries)
}

func (s *tape) Snapshot() (raft.FSMSnapshot, error) { return nil, raft.ErrNothingNewToSnapshot }

func (s *tape) Restore(r io.ReadCloser) error { return r.Close() }

// startVoter starts Raft on a node that is started already.
func startVoter(t *testing.T, n *node) *voter {
	t.Helper()
	quiet := hclog.NewNullLogger()
	transport := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: n.Raft(n.addr), MaxPool: 3, Timeout: 5 * time.Second, Logger: quiet,
	})
	cfg := raft.DefaultConfig()
	cfg.LocalID = raft.ServerID(n.self().NodeID)
	cfg.Logger = quiet
	cfg.HeartbeatTimeout, cfg.ElectionTimeout, cfg.LeaderLeaseTimeout = 300*time.Millisecond, 300*time.Millisecond, 200*time.Millisecond
	store := raft.NewInmemStore()
	fsm := &tape{}
	r, err := raft.NewRaft(cfg, fsm, store, store, raft.NewInmemSnapshotStore(), transport)
	if err != nil {
		t.Fatal(err)
	}
	v := &voter{Raft: r, node: n, log: fsm}
	t.Cleanup(func() { v.stop(t) })
	return v
}

func (v *voter) stop(t *testing.T) {
	t.Helper()
	if err := v.Shutdown().Error(); err != nil {
		t.Errorf("shut down raft: %v", err)
	}
}

// leaderOf waits for the one leader.
func leaderOf(t *testing.T, voters ...*voter) *voter {
	t.Helper()
	var leader *voter
	waitFor(t, "a leader", func() bool {
		i := slices.IndexFunc(voters, func(v *voter) bool { return v.State() == raft.Leader })
		if i >= 0 {
			leader = voters[i]
		}
		return i >= 0
	})
	return leader
}

// TestRaftGroup has three voters elect, replicate, lose their leader with its transport, and go on.
func TestRaftGroup(t *testing.T) {
	t.Parallel()
	var voters []*voter
	var servers []raft.Server
	for _, id := range []string{"a", "b", "c"} {
		v := startVoter(t, startNode(t, id))
		voters = append(voters, v)
		servers = append(servers, raft.Server{ID: raft.ServerID(id), Address: raft.ServerAddress(v.addr)})
	}
	if err := voters[0].BootstrapCluster(raft.Configuration{Servers: servers}).Error(); err != nil {
		t.Fatal(err)
	}
	var want []string
	write := func() {
		t.Helper()
		for range 50 {
			entry := fmt.Sprint("entry ", len(want))
			waitFor(t, "a write", func() bool {
				return leaderOf(t, voters...).Apply([]byte(entry), 5*time.Second).Error() == nil
			})
			want = append(want, entry)
		}
	}
	write()
	leader := leaderOf(t, voters...)
	leader.stop(t)
	_ = leader.Close()
	voters = slices.DeleteFunc(voters, func(v *voter) bool { return v == leader })
	write()
	for _, v := range voters {
		// A write whose fate was unknown has been repeated: it may be there twice, side by side.
		waitFor(t, "all entries everywhere", func() bool { return slices.Equal(slices.Compact(v.log.all()), want) })
	}
}

func raftAddress(n *node) raft.ServerAddress { return raft.ServerAddress(n.addr) }
