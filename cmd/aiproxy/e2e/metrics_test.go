//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestRaftMetrics scrapes all nodes of a cluster: one leads, and each shows what it knows of the others.
func TestRaftMetrics(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.nodes[0].put(t, "/loadbalancer/instances/sim-a", `{"weight": 3}`)
	leaders := 0
	for _, n := range c.nodes {
		status, body := n.call(t, http.MethodGet, "/metrics", "")
		if status != http.StatusOK {
			t.Fatalf("%s: status %d", n.id, status)
		}
		text := string(body)
		if strings.Contains(text, `aiproxy_raft_state{state="leader"} 1`) {
			leaders++
		}
		for _, line := range []string{
			`aiproxy_raft_peers{suffrage="voter"} 3`, `aiproxy_raft_state{state="disk_hangs"} 0`,
			"aiproxy_raft_fsm_lag ", "aiproxy_raft_log_write_seconds_count ", "aiproxy_raft_log_write_errors_total 0",
		} {
			if !strings.Contains(text, "\n"+line) {
				t.Errorf("%s: no line %q", n.id, line)
			}
		}
	}
	if leaders != 1 {
		t.Errorf("%d nodes say that they lead", leaders)
	}
}
