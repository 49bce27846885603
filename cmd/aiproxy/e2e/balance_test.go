//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// balancer is the configured part of GET /loadbalancer/instances.
type balancer struct {
	Algorithm string `json:"algorithm"`
	Instances []struct {
		Name    string `json:"name"`
		BaseURL string `json:"base_url"`
		Weight  int    `json:"weight"`
		Enabled bool   `json:"enabled"`
	} `json:"instances"`
}

func decodeBalancer(t *testing.T, raw []byte) balancer {
	t.Helper()
	var b balancer
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatalf("decode %s: %v", raw, err)
	}
	return b
}

func assertSameConfiguration(t *testing.T, n *node, want []byte) {
	t.Helper()
	_, raw := n.call(t, "GET", "/loadbalancer/instances", "")
	if diff := cmp.Diff(decodeBalancer(t, want), decodeBalancer(t, raw)); diff != "" {
		t.Errorf("%s balances differently (-want +got):\n%s", n.id, diff)
	}
}

// TestWeightsSteerAllNodes changes weights on one node and counts what the others do.
func TestWeightsSteerAllNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.nodes[1].put(t, "/loadbalancer/algorithm", `{"algorithm":"weighted"}`)
	receipt := c.nodes[1].put(t, "/loadbalancer/instances/sim-a", `{"weight": 3}`)
	if len(receipt.Applied) != 3 || receipt.Index == 0 || receipt.Revision == 0 {
		t.Errorf("receipt %+v", receipt)
	}
	for _, n := range []*node{c.nodes[2], c.nodes[0]} {
		answered := map[string]int{}
		for range 40 {
			instance, err := n.chat(t.Context(), "gpt-4o", false)
			if err != nil {
				t.Fatal(err)
			}
			answered[instance]++
		}
		if answered["sim-a"] != 30 || answered["sim-b"] != 10 {
			t.Errorf("%s spread 40 requests as %v, want 30 and 10", n.id, answered)
		}
	}

	c.nodes[2].put(t, "/loadbalancer/instances/sim-a", `{"enabled": false}`)
	for _, n := range c.nodes {
		if instance, err := n.chat(t.Context(), "gpt-4o", true); err != nil || instance != "sim-b" {
			t.Errorf("%s: got %q, %v while sim-a is disabled", n.id, instance, err)
		}
	}
	code, body := c.nodes[0].call(t, "PUT", "/loadbalancer/algorithm", `{"algorithm":"sorcery"}`)
	if code != 400 || !strings.Contains(string(body), "round_robin") || !strings.Contains(string(body), "weighted") {
		t.Errorf("unknown algorithm: %d %s", code, body)
	}
}
