package peer_test

import (
	"slices"
	"sync"
	"testing"

	"aiproxy/store/peer"
)

// TestMovedNode dials a node at the address that the configuration has for it and at the one where it was seen.
func TestMovedNode(t *testing.T) {
	t.Parallel()
	b, c := startNode(t, "b"), startNode(t, "c")
	for _, n := range []*node{b, c} {
		layer := n.Raft(n.addr)
		n.background("accept", func() error {
			for conn, err := layer.Accept(); err == nil; conn, err = layer.Accept() {
				_ = conn.Close()
			}
			return nil
		})
	}
	const gone = "127.0.0.1:1"
	tests := []struct {
		name, configured, seen string
		ok                     bool
	}{
		{"moved", gone, b.addr, true},
		{"moved back", b.addr, gone, true},
		{"its place taken by another", c.addr, b.addr, true},
		{"seen where another is now", b.addr, c.addr, true},
		{"not seen", b.addr, "", true},
		{"seen where it is configured", b.addr, b.addr, true},
		{"gone from both", gone, c.addr, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := startNode(t, "a", withConfig(func(c *peer.Config) {
				c.NodeAt = func(address string) string { return map[string]string{tt.configured: "b"}[address] }
				c.MovedTo = func(id string) string { return map[string]string{"b": tt.seen}[id] }
			}))
			if err := byRaft(t.Context(), a, tt.configured); (err == nil) != tt.ok {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// TestBothEndsMeet looks at who each end of a handshake has met.
func TestBothEndsMeet(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	met := map[string][]string{}
	noting := func(id string) option {
		return withConfig(func(c *peer.Config) {
			c.Met = func(other peer.Identity) {
				mu.Lock()
				defer mu.Unlock()
				met[id] = append(met[id], other.NodeID+" at "+other.Address)
			}
		})
	}
	a, b := startNode(t, "a", noting("a")), startNode(t, "b", noting("b"))
	stranger := startNode(t, "x", noting("x"), withCluster("c2"))
	if err := byProbe(t.Context(), a, b.addr); err != nil {
		t.Fatal(err)
	}
	if err := byProbe(t.Context(), stranger, b.addr); err == nil {
		t.Fatal("a node of another cluster was not refused")
	}
	waitFor(t, "both have met", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Equal(met["a"], []string{"b at " + b.addr}) && slices.Equal(met["b"], []string{"a at " + a.addr})
	})
	mu.Lock()
	defer mu.Unlock()
	if len(met["x"]) > 0 {
		t.Errorf("refused, and yet met %v", met["x"])
	}
}
