package store_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"aiproxy/fsm"
	"aiproxy/store"
)

func withoutVote(c *store.Config) { c.NonVoter = true }

func withVote(c *store.Config) { c.NonVoter = false }

// suffrage is what the leader's configuration says of the node.
func suffrage(asked *node, id string) string {
	for _, m := range asked.Status(context.Background()).Nodes {
		if m.ID == id {
			return m.Suffrage
		}
	}
	return ""
}

func TestNonVoterServesAndStaysOne(t *testing.T) {
	t.Parallel()
	nodes := form(t, 2)
	reader := open(t, "n3", []string{nodes[0].config.Address}, withoutVote)
	eventually(t, "the reader is ready and has the state", func() bool { return reader.Readiness().CaughtUp && weightOn(reader) == 1 })
	if _, err := setWeight(t, reader, 6); err != nil {
		t.Errorf("write through the reader: %v", err)
	}
	eventually(t, "the reader has the write", func() bool { return weightOn(reader) == 6 })
	// Five looks in a row would promote it after some 250 ms at this scale.
	begun := time.Now()
	eventually(t, "a joiner would have been promoted", func() bool { return time.Since(begun) > 1500*time.Millisecond })
	status := reader.Status(t.Context())
	if suffrage(reader, "n3") != "nonvoter" || status.Quorum.Voters != 2 || status.Quorum.Required != 2 {
		t.Errorf("status of the reader %+v", status)
	}
	_, err := reader.Transfer(t.Context(), "n3")
	assertRefused(t, err, store.RefusedNotVoter, "has no vote")
	if err := nodes[1].Remove(t.Context(), "n3", false); err != nil {
		t.Errorf("remove the reader: %v", err)
	}
	assertRemoved(t, reader)
}

func TestVoteFollowsTheFlag(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	id := leader.config.NodeID
	rest := without(nodes, leader)
	leader.shutdown(t)
	demoted := leader.reopen(t, withoutVote)
	eventually(t, "the node has lost its vote", func() bool { return suffrage(rest[0], id) == "nonvoter" })
	eventually(t, "two healthy voters are left", func() bool { return rest[1].votes() == 2 && demoted.Readiness().Ready() })
	demoted.shutdown(t)
	demoted.reopen(t, withVote)
	eventually(t, "the node has its vote back", func() bool { return suffrage(rest[0], id) == "voter" && rest[1].votes() == 3 })
}

// TestLeaderGivesUpItsVote starts two nodes of which one shall lose its vote, and is likely to lead first.
func TestLeaderGivesUpItsVote(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	for _, n := range nodes {
		n.shutdown(t)
	}
	var readers []*node
	for _, n := range nodes[:2] {
		readers = append(readers, n.reopen(t, withoutVote))
	}
	eventually(t, "one of them leads, for want of another", func() bool { return readers[0].leads() || readers[1].leads() })
	voter := nodes[2].reopen(t)
	eventually(t, "the node with a vote leads alone", func() bool {
		return voter.leads() && suffrage(voter, "n1") == "nonvoter" && suffrage(voter, "n2") == "nonvoter"
	})
	if _, err := setWeight(t, readers[0], 9); err != nil {
		t.Errorf("write through a node without a vote: %v", err)
	}
}

func TestVoteIsKeptWhereTheQuorumNeedsIt(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	rest := without(nodes, leader)
	rest[0].shutdown(t)
	rest[1].shutdown(t)
	// With one of three voters down, the other two are the quorum.
	kept := rest[1].reopen(t, withoutVote)
	want := "bring back or remove " + rest[0].config.NodeID
	eventually(t, "the node says why it keeps its vote", func() bool { return strings.Contains(kept.Readiness().Fault, want) })
	if suffrage(kept, kept.config.NodeID) != "voter" {
		t.Error("the node has lost the vote that the quorum needs")
	}
	rest[0].reopen(t)
	eventually(t, "the node loses its vote when the third is back", func() bool {
		return suffrage(leader, kept.config.NodeID) == "nonvoter" && kept.Readiness().Fault == ""
	})
}

func TestNonVoterFoundsNothing(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c := store.Config{
		Dir: t.TempDir(), NodeID: "n1", Address: "127.0.0.1:1", Clustered: true, NonVoter: true, Secret: []byte(secret),
		Listener: listener, Init: func(string) (fsm.Init, error) { return fsm.Init{}, nil }, OnFault: func(error) {}, Logger: slog.New(slog.DiscardHandler),
	}
	if _, err := store.Open(c); err == nil || !strings.Contains(err.Error(), "can't start a cluster") {
		t.Errorf("got %v, want that it can't start a cluster", err)
	}
}
