package store_test

import (
	"net"
	"strings"
	"testing"

	"aiproxy/store"
)

// newAddress is a configuration change that moves a node to an address of the listener.
func newAddress(t *testing.T) (address string, change func(*store.Config)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String(), func(c *store.Config) {
		_ = c.Listener.Close()
		c.Listener, c.Address = listener, listener.Addr().String()
	}
}

// TestAllNodesMoveAtOnce restarts all nodes at other addresses, with their data and with the new addresses as seeds. None
// is where any of them has it recorded.
func TestAllNodesMoveAtOnce(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	if _, err := setWeight(t, nodes[0], 31); err != nil {
		t.Fatal(err)
	}
	clusterID := nodes[0].Status(t.Context()).ClusterID
	var seeds []string
	var moves []func(*store.Config)
	for _, n := range nodes {
		n.shutdown(t)
		address, move := newAddress(t)
		seeds, moves = append(seeds, address), append(moves, move)
	}
	var moved []*node
	for i, n := range nodes {
		moved = append(moved, n.reopen(t, moves[i], func(c *store.Config) { c.Seeds = seeds }))
	}
	for i, n := range moved {
		eventually(t, n.config.NodeID+" sees three healthy voters at their new addresses", func() bool {
			return n.votes() == 3 && n.Readiness().CaughtUp && n.View().Members[i].Address == seeds[i]
		})
		if got := n.Status(t.Context()).ClusterID; got != clusterID {
			t.Errorf("%s is in cluster %s, was in %s", n.config.NodeID, got, clusterID)
		}
	}
	setWeightAtLast(t, moved[2], 32)
	eventually(t, "all nodes have the write", func() bool { return weightOn(moved[0]) == 32 && equalStates(moved) })
}

// TestMajorityMoves leaves one node where it was, as the only seed that the others name.
func TestMajorityMoves(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	stays := nodes[0]
	nodes[1].shutdown(t)
	nodes[2].shutdown(t)
	eventually(t, "the quorum is lost", func() bool { return !stays.leads() })
	for _, n := range nodes[1:] {
		_, move := newAddress(t)
		n.reopen(t, move, func(c *store.Config) { c.Seeds = []string{stays.config.Address} })
	}
	eventually(t, "three voters are healthy again", func() bool { return stays.votes() == 3 })
}

// TestSeedsOfTwoClusters starts two clusters by mistake and a node that names a node of each.
func TestSeedsOfTwoClusters(t *testing.T) {
	t.Parallel()
	first, second := open(t, "n1", nil), open(t, "n2", nil)
	for _, n := range []*node{first, second} {
		eventually(t, "there is a cluster", func() bool { return n.Readiness().Ready() })
	}
	third := open(t, "n3", []string{first.config.Address, second.config.Address})
	eventually(t, "the third node joins one of them", func() bool { return third.votes() == 2 })
	other := second
	if third.Status(t.Context()).ClusterID == second.Status(t.Context()).ClusterID {
		other = first
	}
	want := "seed " + other.config.Address + " (node " + other.config.NodeID + ") belongs to cluster " + other.Status(t.Context()).ClusterID
	eventually(t, "the status tells of the other cluster", func() bool {
		return strings.Contains(strings.Join(third.Status(t.Context()).SeedConflicts, "\n"), want)
	})
	if !strings.Contains(third.log.String(), want) {
		t.Error("the log does not tell of the other cluster")
	}
	if list := first.Status(t.Context()).SeedConflicts; list == nil || len(list) != 0 {
		t.Errorf("a node without seeds has conflicts %v", list)
	}
}
