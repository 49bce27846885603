package store_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"aiproxy/fsm"
	"aiproxy/store"
)

func TestFourthNodeJoinsARunningCluster(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	if _, err := setWeight(t, nodes[0], 77); err != nil {
		t.Fatal(err)
	}
	// Any node will do as a seed: those that do not lead name the leader.
	follower := without(nodes, leaderOf(t, nodes))[0]
	fourth := open(t, "n4", []string{follower.config.Address})
	eventually(t, "the fourth node votes", func() bool { return fourth.votes() == 4 })
	if got := weightOn(fourth); got != 77 {
		t.Errorf("the new node has weight %d, want 77", got)
	}
	member, ok := nodes[0].View().Member("n4")
	if !ok || member.Address != fourth.config.Address {
		t.Errorf("member record %+v", member)
	}
}

func TestJoinRefusals(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	followers := without(nodes, leader)
	seeds := []string{leader.config.Address}
	term := leader.Status(t.Context()).Term
	dead := closedPort(t)

	tests := []struct {
		name, id string
		change   func(*store.Config)
		// want is what the joiner learns, and the leader logs unless it never hears of the joiner.
		want    string
		fatal   bool
		unheard bool
	}{
		{name: "id of a running node", id: followers[0].config.NodeID, want: "is taken by the running node", fatal: true},
		{name: "id of the leader", id: leader.config.NodeID, want: "is taken by the running node", fatal: true},
		{
			name: "address of a member", id: "n5", fatal: true, want: "address",
			change: func(c *store.Config) { c.Address = followers[0].config.Address },
		},
		{
			name: "address of the leader", id: "n6", fatal: true, want: "address",
			change: func(c *store.Config) {
				c.Address, c.Seeds = leader.config.Address, []string{followers[1].config.Address}
			},
		},
		{
			name: "address that nobody can reach", id: "n7", want: "can't reach node n7",
			change: func(c *store.Config) { c.Address = dead },
		},
		{
			name: "address that means any", id: "n8", want: "can't be reached by others", fatal: true,
			change: func(c *store.Config) { c.Address = "0.0.0.0:3000" },
		},
		{
			name: "another secret", id: "n9", want: "secret", unheard: true,
			change: func(c *store.Config) { c.Secret = []byte("wrong") },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var changes []func(*store.Config)
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			joiner := open(t, tt.id, seeds, changes...)
			eventually(t, "the joiner learns why", func() bool { return strings.Contains(joiner.Readiness().Fault, tt.want) })
			if tt.fatal {
				eventually(t, "the joiner gives up", func() bool { return strings.Contains(joiner.faults.text(), tt.want) })
			} else if joiner.faults.text() != "[]" {
				t.Errorf("the joiner gave up: %s", joiner.faults.text())
			}
			if !tt.unheard && !strings.Contains(leader.log.String(), "node not admitted") {
				t.Error("the leader says nothing")
			}
			if joiner.Readiness().Ready() {
				t.Error("a refused node is ready")
			}
		})
	}
	status := leader.Status(t.Context())
	if status.Term != term || status.State != "leader" || status.Quorum.Voters != 3 || len(status.Nodes) != 3 {
		t.Errorf("the cluster was disturbed: %+v", status)
	}
}

func TestLoneNodeAdmitsNobody(t *testing.T) {
	t.Parallel()
	lone := open(t, "n1", nil, func(c *store.Config) { c.Clustered = false })
	eventually(t, "the lone node is ready", func() bool { return lone.Readiness().Ready() })
	joiner := open(t, "n2", []string{lone.config.Address})
	eventually(t, "the joiner gives up", func() bool { return strings.Contains(joiner.faults.text(), "runs alone") })
}

func TestChangedAddressAnnouncesItself(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	moving := without(nodes, leaderOf(t, nodes))[0]
	moving.shutdown(t)
	moved := moving.reopen(t, func(c *store.Config) {
		_ = c.Listener.Close()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c.Listener, c.Address = listener, listener.Addr().String()
	})
	rest := without(nodes, moving)
	eventually(t, "the cluster knows the new address and has three voters", func() bool {
		member, _ := rest[0].View().Member(moved.config.NodeID)
		return member.Address == moved.config.Address && rest[0].votes() == 3
	})
	if got := len(rest[0].Status(t.Context()).Nodes); got != 3 {
		t.Errorf("%d nodes after a move, want 3", got)
	}
}

func TestWipedFollowerStartsOverWithoutAVote(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	wiped := without(nodes, leader)[0]
	before, _ := leader.View().Member(wiped.config.NodeID)
	wiped.shutdown(t)
	if err := os.RemoveAll(wiped.config.Dir); err != nil {
		t.Fatal(err)
	}
	back := wiped.reopen(t, func(c *store.Config) { c.Seeds = []string{leader.config.Address} })
	eventually(t, "the wiped node votes again", func() bool { return back.votes() == 3 && back.Readiness().Ready() })
	after, _ := leader.View().Member(wiped.config.NodeID)
	if before.InstanceID == after.InstanceID {
		t.Error("the member record still has the lost disk's instance id")
	}
	if !strings.Contains(leader.log.String(), "starts over without a vote") {
		t.Error("the leader took the wiped node for the old one")
	}
}

// TestSeedThatHangsDoesNotHoldUpTheNext puts a seed that accepts connections and says nothing before a good one.
func TestSeedThatHangsDoesNotHoldUpTheNext(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	first := open(t, "n1", nil)
	eventually(t, "there is a cluster", func() bool { return first.Readiness().Ready() })
	begun := time.Now()
	joiner := open(t, "n2", []string{silent.Addr().String(), first.config.Address})
	eventually(t, "the node has joined", func() bool { return joiner.Status(t.Context()).ClusterID != "" })
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("joining took %s", took)
	}
}

// TestQuestionsAfterTheEnd asks a store that has shut down.
func TestQuestionsAfterTheEnd(t *testing.T) {
	t.Parallel()
	nodes := form(t, 2)
	nodes[0].shutdown(t)
	status := nodes[0].Status(t.Context())
	if status.State != "shutdown" {
		t.Errorf("state %q, want shutdown", status.State)
	}
	if _, err := setWeight(t, nodes[0], 3); !errors.Is(err, fsm.ErrNoLeader) {
		t.Errorf("write after the end: %v, want ErrNoLeader", err)
	}
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
