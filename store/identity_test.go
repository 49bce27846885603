package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aiproxy/fsm"
	"aiproxy/store"
)

// loseState removes all that a node's directory holds but the node file.
func loseState(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"raft.db", "state.db", "snapshots"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFollowerThatLostItsStateStartsOver loses everything but the node file: the node has forgotten its votes, so it
// must not go on as the member that it was.
func TestFollowerThatLostItsStateStartsOver(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	lossy := without(nodes, leader)[0]
	before, _ := leader.View().Member(lossy.config.NodeID)
	lossy.shutdown(t)
	loseState(t, lossy.config.Dir)
	back := lossy.reopen(t, func(c *store.Config) { c.Seeds = []string{leader.config.Address} })
	eventually(t, "the node votes again", func() bool { return back.votes() == 3 && back.Readiness().Ready() })
	after, _ := leader.View().Member(lossy.config.NodeID)
	if before.InstanceID == after.InstanceID {
		t.Error("the node came back as the instance that had votes to remember")
	}
	// Whoever led by then has decided it.
	if !slices.ContainsFunc(nodes, func(n *node) bool { return strings.Contains(n.log.String(), "starts over without a vote") }) {
		t.Error("the leader let the node keep its vote")
	}
}

// TestFoundingIsRepeatedUnderTheSameID starts a node that ended between writing its cluster's id and bootstrapping.
func TestFoundingIsRepeatedUnderTheSameID(t *testing.T) {
	t.Parallel()
	prepare := func(c *store.Config) {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, c.Dir, "node.json", `{"format":1,"node_id":"n1","instance_id":"i","cluster_id":"c","founding":true}`)
	}
	n := open(t, "n1", nil, prepare)
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	if got := n.View().ClusterID; got != "c" {
		t.Errorf("cluster id %q, want the one on disk", got)
	}
	raw, err := os.ReadFile(filepath.Join(n.config.Dir, "node.json"))
	if err != nil || strings.Contains(string(raw), "founding") {
		t.Errorf("node file after the bootstrap: %s, %v", raw, err)
	}
}

// TestFoundingIsGivenUpForSeeds starts the same node with seeds: it never was in its cluster, and joins theirs.
func TestFoundingIsGivenUpForSeeds(t *testing.T) {
	t.Parallel()
	first := open(t, "n1", nil)
	n := open(t, "n2", []string{first.config.Address}, func(c *store.Config) {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, c.Dir, "node.json", `{"format":1,"node_id":"n2","instance_id":"i","cluster_id":"c","founding":true}`)
	})
	eventually(t, "the node is ready", func() bool { return n.Readiness().Ready() })
	if got, want := n.View().ClusterID, first.View().ClusterID; got != want {
		t.Errorf("cluster id %q, want %q", got, want)
	}
}

// TestLeaderTriesItsWorkAgain fails the first configuration once.
func TestLeaderTriesItsWorkAgain(t *testing.T) {
	t.Parallel()
	failed := false
	n := open(t, "n1", nil, func(c *store.Config) {
		first := c.Init
		c.Init = func(clusterID string) (fsm.Init, error) {
			if !failed {
				failed = true
				return fsm.Init{}, errors.New("not now")
			}
			return first(clusterID)
		}
	})
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	if !strings.Contains(n.log.String(), "not now") {
		t.Error("nothing was said about the failure")
	}
}

func TestRefusedFirstConfigurationEndsTheNode(t *testing.T) {
	t.Parallel()
	n := open(t, "n1", nil, func(c *store.Config) {
		c.Init = func(clusterID string) (fsm.Init, error) { return fsm.Init{ClusterID: clusterID}, nil }
	})
	eventually(t, "the node says why it can't go on", func() bool {
		return strings.Contains(n.faults.text(), "can't be a cluster's first: ")
	})
}

// TestNewsThatNobodyHearsIsNoRefusal restarts a member with another version while the other nodes are away.
func TestNewsThatNobodyHearsIsNoRefusal(t *testing.T) {
	t.Parallel()
	nodes := form(t, 2)
	for _, n := range nodes {
		n.shutdown(t)
	}
	back := nodes[0].reopen(t, func(c *store.Config) { c.Version = "next" })
	eventually(t, "the node says that nobody hears it", func() bool {
		return strings.Contains(back.log.String(), "does not know this node's address and version yet")
	})
	if fault := back.Readiness().Fault; fault != "" {
		t.Errorf("a member counts as refused: %s", fault)
	}
}

// TestMemberWithAnotherSecretSaysSo restarts a member with a secret that the others do not have.
func TestMemberWithAnotherSecretSaysSo(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	odd := without(nodes, leaderOf(t, nodes))[0]
	odd.shutdown(t)
	odd = odd.reopen(t, func(c *store.Config) { c.Secret = []byte("yet another secret") })
	eventually(t, "the node says that its secret is not that of the others", func() bool {
		return strings.Contains(odd.Status(t.Context()).Fault, "do not accept this node's cluster secret")
	})
	odd.shutdown(t)
	odd = odd.reopen(t, func(c *store.Config) {
		c.Secret, c.PreviousSecrets = []byte("yet another secret"), [][]byte{[]byte(secret)}
		c.SecretIDs = []string{"another", "first"}
	})
	eventually(t, "the node is back once it knows their secret as well", func() bool {
		return odd.votes() == 3 && odd.Status(t.Context()).Fault == ""
	})
	if err := odd.AwaitLatest(t.Context()); err != nil {
		t.Error(err)
	}
}
