package store_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"aiproxy/fsm"
	"aiproxy/store"
)

func TestTransferFromAnyNode(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	followers := without(nodes, leader)
	asked, heir := followers[0], followers[1]

	got, err := asked.Transfer(t.Context(), heir.config.NodeID)
	if err != nil || got != heir.config.NodeID {
		t.Fatalf("transfer asked of a follower: %q, %v, want %s", got, err, heir.config.NodeID)
	}
	eventually(t, "the heir leads", heir.leads)
	if got, err = heir.Transfer(t.Context(), heir.config.NodeID); err != nil || got != heir.config.NodeID {
		t.Errorf("transfer to the leader itself: %q, %v", got, err)
	}
	got, err = heir.Transfer(t.Context(), "")
	if err != nil || got == heir.config.NodeID {
		t.Errorf("transfer to the most current voter: %q, %v", got, err)
	}
	if _, err := setWeight(t, asked, 21); err != nil {
		t.Errorf("write after the transfers: %v", err)
	}
}

func TestTransferRefusals(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	followers := without(nodes, leader)
	followers[0].shutdown(t)
	gone := followers[0].config.NodeID
	eventually(t, "the leader sees that a node is gone", func() bool { return leader.votes() == 2 })

	for _, asked := range []*node{leader, followers[1]} {
		_, err := asked.Transfer(t.Context(), gone)
		assertRefused(t, err, store.RefusedUnreachable, "does not answer")
		_, err = asked.Transfer(t.Context(), "n9")
		assertRefused(t, err, fsm.RejectedNotFound, "there is no node n9")
	}
	if !leader.leads() {
		t.Error("a refused transfer cost the leader its leadership")
	}
}

func TestLoneNodeKeepsLeadershipAndMembership(t *testing.T) {
	t.Parallel()
	lone := open(t, "n1", nil, func(c *store.Config) { c.Clustered = false })
	eventually(t, "the node is ready", func() bool { return lone.Readiness().CaughtUp })
	_, err := lone.Transfer(t.Context(), "")
	assertRefused(t, err, store.RefusedUnreachable, "the only voter")
	assertRefused(t, lone.Leave(t.Context()), store.RefusedLastVoter, "the last voter")
	assertRefused(t, lone.Remove(t.Context(), "n1", true), store.RefusedLastVoter, "the last voter")
	assertRefused(t, lone.Remove(t.Context(), "", false), fsm.RejectedInvalid, "no node")
	if _, err := setWeight(t, lone, 3); err != nil {
		t.Errorf("write after the refusals: %v", err)
	}
}

func TestRemoveFollower(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	removed, asked := without(nodes, leader)[0], without(nodes, leader)[1]
	id := removed.config.NodeID
	if err := asked.Remove(t.Context(), id, false); err != nil {
		t.Fatalf("remove %s: %v", id, err)
	}
	for _, n := range []*node{leader, asked} {
		eventually(t, "the rest is a cluster of two", func() bool {
			_, member := n.View().Member(id)
			return !member && n.votes() == 2 && len(n.Status(t.Context()).Nodes) == 2
		})
	}
	assertRefused(t, asked.Remove(t.Context(), id, false), fsm.RejectedNotFound, "there is no node "+id)
	assertRemoved(t, removed)
	assertUndisturbed(t, leader)
}

func TestRemoveLeaderHandsOverFirst(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{true, false} {
		name := map[bool]string{true: "asked itself", false: "asked of a follower"}[own]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nodes := form(t, 3)
			leader := leaderOf(t, nodes)
			rest := without(nodes, leader)
			asked := rest[0]
			if own {
				asked = leader
			}
			if err := asked.Remove(t.Context(), leader.config.NodeID, false); err != nil {
				t.Fatal(err)
			}
			next := leaderOf(t, rest)
			eventually(t, "the removed leader has handed over", func() bool {
				return strings.Contains(leader.log.String(), "leadership handed over as asked")
			})
			eventually(t, "the rest is a cluster of two", func() bool { return next.votes() == 2 && len(next.View().Members) == 2 })
			if _, err := setWeight(t, rest[1], 8); err != nil {
				t.Errorf("write after the removal: %v", err)
			}
			assertRemoved(t, leader)
		})
	}
}

func TestLeaveDownToOneNode(t *testing.T) {
	t.Parallel()
	nodes := form(t, 2)
	leader := leaderOf(t, nodes)
	last := without(nodes, leader)[0]
	if err := leader.Leave(t.Context()); err != nil {
		t.Fatalf("leave: %v", err)
	}
	if state := leader.Status(t.Context()).State; state != "removed" {
		t.Errorf("state %q right after leaving, want removed", state)
	}
	eventually(t, "the last node leads a cluster of one", func() bool { return last.leads() && last.votes() == 1 })
	assertRefused(t, last.Leave(t.Context()), store.RefusedLastVoter, "the last voter")
	if _, err := setWeight(t, last, 8); err != nil {
		t.Errorf("write on the last node: %v", err)
	}
}

func TestRemoveBelowQuorumIsRefused(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	down, up := without(nodes, leader)[0], without(nodes, leader)[1]
	down.shutdown(t)
	for _, force := range []bool{false, true} {
		for _, id := range []string{up.config.NodeID, leader.config.NodeID} {
			err := up.Remove(t.Context(), id, force)
			assertRefused(t, err, store.RefusedQuorum, "bring back or remove "+down.config.NodeID+" first")
		}
	}
	if err := up.Remove(t.Context(), down.config.NodeID, false); err != nil {
		t.Errorf("remove the node that is down: %v", err)
	}
	eventually(t, "the rest is a cluster of two", func() bool { return up.votes() == 2 && len(up.View().Members) == 2 })
}

func TestWithoutQuorumNothingIsRemoved(t *testing.T) {
	t.Parallel()
	nodes := form(t, 2)
	nodes[1].shutdown(t)
	eventually(t, "the lone node has stepped down", func() bool { return !nodes[0].leads() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := nodes[0].Remove(ctx, "n2", true); !errors.Is(err, fsm.ErrNoLeader) {
		t.Errorf("got %v, want ErrNoLeader", err)
	}
}

// TestNodeRemovedWhileItWasDown starts a node with data in which it is a voter of a cluster that has removed it.
func TestNodeRemovedWhileItWasDown(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	gone, other := without(nodes, leader)[0], without(nodes, leader)[1]
	id := gone.config.NodeID
	gone.shutdown(t)
	if err := other.Remove(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	// Another version makes the node announce itself, which must not bring it back either.
	back := gone.reopen(t, func(c *store.Config) { c.Version = "next"; c.Seeds = []string{leader.config.Address} })
	eventually(t, "the node ends and says why", func() bool { return strings.Contains(back.faults.text(), "was removed") })
	assertRemoved(t, back)
	assertUndisturbed(t, leader)
	if n := len(leader.Status(t.Context()).Nodes); n != 2 {
		t.Errorf("%d nodes after the removed one came back, want 2", n)
	}
	back.shutdown(t)
	assertRefusesToOpen(t, back)
	if err := os.RemoveAll(back.config.Dir); err != nil {
		t.Fatal(err)
	}
	anew := back.reopen(t, func(c *store.Config) { c.Seeds = []string{leader.config.Address} })
	eventually(t, "the wiped node is a voter again", func() bool { return anew.votes() == 3 && anew.Readiness().Ready() })
}

// TestFollowerOfALostQuorumIsNotRemoved is in doubt for as long as a removed node would be, and must not judge itself.
func TestFollowerOfALostQuorumIsNotRemoved(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	nodes[1].shutdown(t)
	nodes[2].shutdown(t)
	last := nodes[0]
	eventually(t, "the node hears no leader", func() bool { return !last.Readiness().Leader })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := last.Transfer(ctx, ""); !errors.Is(err, fsm.ErrNoLeader) {
		t.Errorf("transfer without a leader: %v, want ErrNoLeader", err)
	}
	if r := last.Readiness(); r.Removed || !r.Ready() {
		t.Errorf("readiness %+v", r)
	}
}

// TestRecordOfARemovedNodeIsForgotten leaves what a leader leaves that ends between the two steps of a removal: a record
// of a node that is not in the configuration.
func TestRecordOfARemovedNodeIsForgotten(t *testing.T) {
	t.Parallel()
	nodes := form(t, 2)
	stray := fsm.Member{ID: "n9", InstanceID: "i9", Address: "127.0.0.1:9", Version: "test", FeatureLevel: fsm.FeatureLevel}
	command, err := fsm.NewCommand(fsm.MemberSet, stray)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nodes[1].Apply(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	if err := nodes[1].Remove(t.Context(), "n9", false); err != nil {
		t.Errorf("the removal repeated: %v", err)
	}
	command.Key = "again"
	if _, err := nodes[0].Apply(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the leader forgets the record by itself", func() bool {
		_, recorded := nodes[0].View().Member("n9")
		return !recorded
	})
	if len(nodes[0].View().Members) != 2 {
		t.Errorf("members %+v", nodes[0].View().Members)
	}
}

// TestReplacedNodeLearnsOfIt starts the data of a node that has come back under its id with another disk.
func TestReplacedNodeLearnsOfIt(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	old := without(nodes, leader)[0]
	old.shutdown(t)
	kept := old.config.Dir
	anew := old.reopen(t, func(c *store.Config) { c.Dir, c.Seeds = t.TempDir(), []string{leader.config.Address} })
	eventually(t, "the new disk's node votes", func() bool { return anew.votes() == 3 && anew.Readiness().CaughtUp })
	_, move := newAddress(t)
	twin := open(t, old.config.NodeID, nil, move, func(c *store.Config) { c.Dir, c.Seeds = kept, []string{leader.config.Address} })
	eventually(t, "the old disk's node ends", func() bool { return twin.faults.text() != "[]" })
	if leader.votes() != 3 || anew.Readiness().Removed {
		t.Errorf("the node with the new disk suffers: %+v", leader.Status(t.Context()).Quorum)
	}
}

func assertRefused(t *testing.T, err error, code fsm.RejectionCode, text string) {
	t.Helper()
	var refused *fsm.Rejection
	if !errors.As(err, &refused) || refused.Code != code || !strings.Contains(refused.Message, text) {
		t.Errorf("got %v, want a refusal as %s with %q", err, code, text)
	}
}

// assertRemoved waits until the node knows that it was removed, and checks that it says so everywhere.
func assertRemoved(t *testing.T, n *node) {
	t.Helper()
	eventually(t, n.config.NodeID+" knows that it was removed", func() bool { return n.Readiness().Removed })
	status := n.Status(t.Context())
	if status.State != "removed" || status.Ready || !strings.Contains(status.Fault, "was removed") {
		t.Errorf("status of a removed node: %+v", status)
	}
	if !strings.Contains(n.log.String(), "this node was removed from its cluster") {
		t.Error("the log of the removed node does not say so")
	}
	if strings.Contains(status.Fault, n.config.Dir) {
		t.Errorf("the status, which needs no key, tells the data directory's path: %s", status.Fault)
	}
	_, err := setWeight(t, n, 1)
	assertRefused(t, err, store.RefusedRemoved, "was removed")
	begun := time.Now()
	if err := n.AwaitLatest(t.Context()); !errors.Is(err, fsm.ErrNoLeader) || !strings.Contains(err.Error(), "was removed") {
		t.Errorf("fresh read on a removed node: %v after %s, want the removal at once", err, time.Since(begun))
	}
	assertRefused(t, n.Remove(t.Context(), "n1", false), store.RefusedRemoved, "was removed")
}

// assertUndisturbed checks that the leader keeps leading in its term for some elections' time.
func assertUndisturbed(t *testing.T, leader *node) {
	t.Helper()
	term := leader.Status(t.Context()).Term
	begun := time.Now()
	eventually(t, "some elections' time has passed", func() bool { return time.Since(begun) > 3*time.Second })
	if status := leader.Status(t.Context()); status.State != "leader" || status.Term != term {
		t.Errorf("state %s in term %d, was leader in term %d", status.State, status.Term, term)
	}
}

// assertRefusesToOpen checks that a node that knows of its removal does not start again.
func assertRefusesToOpen(t *testing.T, n *node) {
	t.Helper()
	c := n.config
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c.Listener = listener
	if again, err := store.Open(c); err == nil {
		t.Error("a removed node opened its store again")
		_ = again.Shutdown(t.Context())
	} else if !strings.Contains(err.Error(), "was removed from cluster") || !strings.Contains(err.Error(), "--seed-nodes") {
		t.Errorf("got %v, want the removal and the way out", err)
	}
}
