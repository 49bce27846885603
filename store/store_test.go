package store_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aiproxy/fsm"
	"aiproxy/store"
)

func TestWriteOnAnyNodeIsSeenOnAll(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	for i, n := range nodes {
		receipt, err := setWeight(t, n, 10+i)
		if err != nil {
			t.Fatalf("write on %s: %v", n.config.NodeID, err)
		}
		if !slices.Equal(receipt.Applied, []string{"n1", "n2", "n3"}) {
			t.Errorf("write on %s was applied on %v", n.config.NodeID, receipt.Applied)
		}
		for _, other := range nodes {
			if got := weightOn(other); got != 10+i {
				t.Errorf("%s has weight %d after the receipt named it, want %d", other.config.NodeID, got, 10+i)
			}
		}
	}
}

func TestRejectionReachesTheWriterOnAnyNode(t *testing.T) {
	t.Parallel()
	for _, n := range form(t, 3) {
		command, err := fsm.NewCommand(fsm.InstanceDelete, fsm.Name{Name: "missing"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = n.Apply(t.Context(), command)
		var rejected *fsm.Rejection
		if !errors.As(err, &rejected) || rejected.Code != fsm.RejectedNotFound {
			t.Errorf("%s: got %v, want a rejection as not found", n.config.NodeID, err)
		}
	}
}

func TestIdempotencyKeyAppliesOnceAcrossNodes(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	weight := 7
	command, err := fsm.NewCommand(fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: &weight})
	if err != nil {
		t.Fatal(err)
	}
	command.Key = "one-key"
	first, err := nodes[1].Apply(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	second, err := nodes[2].Apply(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	if first.Revision != second.Revision {
		t.Errorf("revisions %d and %d: the write took effect twice", first.Revision, second.Revision)
	}
}

func TestCommandThatCannotBeIsRefusedAtOnceOnAnyNode(t *testing.T) {
	t.Parallel()
	for _, n := range form(t, 2) {
		command, err := fsm.NewCommand(fsm.InstanceSet, fsm.Instance{Name: strings.Repeat("x", fsm.MaxCommandSize)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Apply(t.Context(), command); !errors.Is(err, fsm.ErrCommandTooLarge) {
			t.Errorf("%s: too large a command: %v, want ErrCommandTooLarge", n.config.NodeID, err)
		}
		_, err = n.Apply(t.Context(), fsm.Command{Version: 1, Type: "unknown", Payload: []byte("{}")})
		if !errors.Is(err, fsm.ErrUnknownType) || errors.Is(err, fsm.ErrIndeterminate) {
			t.Errorf("%s: an unknown command: %v, want ErrUnknownType", n.config.NodeID, err)
		}
	}
}

func TestClusterSurvivesItsLeader(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	leader.shutdown(t)
	rest := without(nodes, leader)
	leaderOf(t, rest)
	receipt, err := setWeight(t, rest[0], 42)
	if err != nil {
		t.Fatalf("write after the leader is gone: %v", err)
	}
	if len(receipt.Applied) != 2 {
		t.Errorf("applied on %v", receipt.Applied)
	}

	back := leader.reopen(t)
	eventually(t, "the returned node has the write", func() bool { return weightOn(back) == 42 })
	eventually(t, "all state hashes are equal", func() bool {
		return back.View().Hash() == rest[0].View().Hash() && back.View().Hash() == rest[1].View().Hash()
	})
}

func TestWithoutQuorumReadsGoOnAndWritesSaySo(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	if _, err := setWeight(t, nodes[0], 5); err != nil {
		t.Fatal(err)
	}
	nodes[1].shutdown(t)
	nodes[2].shutdown(t)
	last := nodes[0]
	eventually(t, "the lone node has stepped down", func() bool { return !last.leads() })

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	command, err := fsm.NewCommand(fsm.AlgorithmSet, fsm.AlgorithmChange{Algorithm: "weighted"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := last.Apply(ctx, command); !errors.Is(err, fsm.ErrNoLeader) {
		t.Errorf("write without quorum: %v, want ErrNoLeader", err)
	}
	if got := weightOn(last); got != 5 {
		t.Errorf("weight %d, want the last state's 5", got)
	}
	if !last.Readiness().Ready() {
		t.Error("a node that has its state is not ready once the quorum is lost")
	}
	begun := time.Now()
	status := last.Status(t.Context())
	if took := time.Since(begun); took > time.Second {
		t.Errorf("status took %s", took)
	}
	if status.HasQuorum || status.Leader != nil {
		t.Errorf("status claims quorum %t, leader %v", status.HasQuorum, status.Leader)
	}
	for _, m := range status.Nodes {
		if reachable := m.ID == "n1"; m.Reachable != reachable {
			t.Errorf("%s reachable %t", m.ID, m.Reachable)
		}
	}
}

// TestWritesDoNotMakeNodesLookLate writes while the status is read: a probe's answer may be older than the last write.
func TestWritesDoNotMakeNodesLookLate(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	for i := range 200 {
		if _, err := setWeight(t, leader, 1+i%90); err != nil {
			t.Fatal(err)
		}
		for _, m := range leader.Status(t.Context()).Nodes {
			if m.Lag > 64 {
				t.Fatalf("after %d writes, each applied everywhere, %s lags by %d", i, m.ID, m.Lag)
			}
		}
	}
}

// TestSeedThatIsTheNodeItself spells the node's own address in another way.
func TestSeedThatIsTheNodeItself(t *testing.T) {
	t.Parallel()
	n := open(t, "n1", nil, func(c *store.Config) {
		_, port, err := net.SplitHostPort(c.Address)
		if err != nil {
			t.Fatal(err)
		}
		c.Seeds = []string{"localhost:" + port}
	})
	eventually(t, "the node says what to do", func() bool {
		return strings.Contains(n.Readiness().Fault, "is this node itself: name other nodes in --seed-nodes")
	})
}

func TestWholeClusterRestartKeepsItsState(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	if _, err := setWeight(t, nodes[2], 9); err != nil {
		t.Fatal(err)
	}
	clusterID := nodes[0].Status(t.Context()).ClusterID
	for _, n := range nodes {
		n.shutdown(t)
	}
	var back []*node
	for _, i := range []int{2, 0, 1} {
		n := nodes[i].reopen(t)
		back = append(back, n)
		if got := weightOn(n); got != 9 {
			t.Errorf("%s starts with weight %d, want its last state's 9", n.config.NodeID, got)
		}
	}
	leaderOf(t, back)
	if _, err := setWeight(t, back[1], 11); err != nil {
		t.Fatal(err)
	}
	for _, n := range back {
		if got := n.Status(t.Context()).ClusterID; got != clusterID {
			t.Errorf("%s is in cluster %s, want %s", n.config.NodeID, got, clusterID)
		}
		if strings.Contains(n.log.String(), "new cluster started") {
			t.Errorf("%s started a new cluster", n.config.NodeID)
		}
	}
}

func TestLoneNodeIsItsOwnQuorum(t *testing.T) {
	t.Parallel()
	n := open(t, "n1", nil, func(c *store.Config) { c.Clustered = false })
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	if _, err := setWeight(t, n, 3); err != nil {
		t.Fatal(err)
	}
	n.shutdown(t)
	back := n.reopen(t, func(c *store.Config) { c.Clustered = false })
	if got := weightOn(back); got != 3 {
		t.Errorf("weight %d after a restart, want 3", got)
	}
	eventually(t, "the node is ready again", func() bool { return back.Readiness().CaughtUp })
}

func TestOpenRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		harm func(t *testing.T, dir string)
		want string
	}{
		{"directory of another node", func(t *testing.T, dir string) {
			t.Helper()
			raw, err := os.ReadFile(filepath.Join(dir, "node.json"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, "node.json", strings.Replace(string(raw), `"n1"`, `"other"`, 1))
		}, `belongs to node "other"`},
		{"node file damaged", func(t *testing.T, dir string) { t.Helper(); write(t, dir, "node.json", "{") }, "is damaged"},
		{"node file of a newer version", func(t *testing.T, dir string) {
			t.Helper()
			write(t, dir, "node.json", `{"format":99,"node_id":"n1","instance_id":"x"}`)
		}, "newer version"},
		{"node file lost", func(t *testing.T, dir string) { t.Helper(); remove(t, dir, "node.json") }, "but no node.json"},
		{"all state but the node file lost", func(t *testing.T, dir string) { t.Helper(); loseState(t, dir) }, "its Raft state is gone"},
		{"raft log lost", func(t *testing.T, dir string) { t.Helper(); remove(t, dir, "raft.db") }, "the log was lost"},
		{"raft log damaged", func(t *testing.T, dir string) { t.Helper(); write(t, dir, "raft.db", "junk") }, "raft.db is damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := open(t, "n1", nil)
			eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
			n.shutdown(t)
			tt.harm(t, n.config.Dir)
			_, err := store.Open(n.config)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestDamagedMirrorIsRebuiltFromTheLog(t *testing.T) {
	t.Parallel()
	n := open(t, "n1", nil)
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	if _, err := setWeight(t, n, 13); err != nil {
		t.Fatal(err)
	}
	n.shutdown(t)
	path := filepath.Join(n.config.Dir, "state.db")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, n.config.Dir, "state.db", string(raw[:len(raw)/2]))
	back := n.reopen(t)
	eventually(t, "the state is back", func() bool { return weightOn(back) == 13 && back.Readiness().CaughtUp })
	if !strings.Contains(back.log.String(), "state mirror is damaged") {
		t.Error("nothing was said about the damage")
	}
	if _, err := os.Stat(path + ".damaged"); err != nil {
		t.Errorf("the damaged file was not kept: %v", err)
	}
}

func TestStatusTellsTheConfigurationIndex(t *testing.T) {
	t.Parallel()
	nodes := form(t, 2)
	for _, n := range nodes {
		eventually(t, "the change of configuration is known", func() bool {
			return n.Status(t.Context()).Raft.ConfigurationIndex > 1
		})
	}
}

func TestSecondProcessOnADirectoryIsRefused(t *testing.T) {
	t.Parallel()
	n := open(t, "n1", nil)
	_, err := store.Open(n.config)
	if err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("got %v, want an error that says the directory is in use", err)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
