//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const (
	oldSecret = "the-old-secret-of-the-tests"
	newSecret = "the-new-secret-of-the-tests"
)

// secretStatus is what a node says of the cluster secret.
type secretStatus struct {
	Secret struct {
		ID               string   `json:"id"`
		PreviousIDs      []string `json:"previous_ids"`
		SealedWith       string   `json:"sealed_with"`
		SealedWithOthers int      `json:"sealed_with_others"`
		Next             string   `json:"next"`
	} `json:"secret"`
}

func (n *node) secret(t *testing.T) secretStatus {
	t.Helper()
	var s secretStatus
	got, err := n.request(t, http.MethodGet, "/cluster/status", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{oldSecret, newSecret, upstreamKey} {
		if strings.Contains(got.body, text) {
			t.Errorf("the status of %s shows a secret", n.id)
		}
	}
	if err := json.Unmarshal([]byte(got.body), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// withSecrets replaces the secrets in the node's command line.
func (n *node) withSecrets(secret string, previous ...string) {
	n.args = slices.DeleteFunc(slices.Clone(n.args), func(a string) bool { return strings.HasPrefix(a, "--cluster-secret") })
	n.args = append(n.args, "--cluster-secret="+secret)
	for _, p := range previous {
		n.args = append(n.args, "--cluster-secret-previous="+p)
	}
}

// stop ends the node in order.
func (n *node) stop(t *testing.T) {
	t.Helper()
	n.signal(t, syscall.SIGTERM)
	if code := n.wait(t); code != 0 {
		t.Errorf("%s ended with %d:\n%s", n.id, code, n.output)
	}
}

// assertRefused starts the node, which must end by itself and say all of the texts.
func (n *node) assertRefused(t *testing.T, texts ...string) {
	t.Helper()
	n.start(t)
	if code := n.wait(t); code == 0 {
		t.Errorf("%s ended with 0", n.id)
	}
	for _, text := range texts {
		if !strings.Contains(n.output.String(), text) {
			t.Errorf("%s does not say %q:\n%s", n.id, text, n.output)
		}
	}
}

// restartEach restarts the nodes one by one, under traffic on the others, and writes before, during and after.
func (c *cluster) restartEach(t *testing.T, weight int, prepare func(*node)) {
	t.Helper()
	for i, n := range c.nodes {
		others := c.without(n)
		traffic := startLoad(t, others...)
		traffic.awaitProgress(t, 20)
		n.stop(t)
		others[0].put(t, weightPath, fmt.Sprintf(`{"weight": %d}`, weight+2*i))
		prepare(n)
		n.start(t)
		c.awaitVoters(t, 3, c.nodes...)
		n.put(t, weightPath, fmt.Sprintf(`{"weight": %d}`, weight+2*i+1))
		for _, other := range c.nodes {
			assertNotStale(t, other, weight+2*i+1)
		}
		traffic.awaitProgress(t, 20)
		traffic.stop(t)
		if _, err := n.chat(t.Context(), "gpt-4o", false); err != nil {
			t.Errorf("chat on %s after its restart: %v", n.id, err)
		}
	}
}

// TestSecretIsRotated replaces the cluster secret of running nodes by two rolling restarts, with a wrong step before
// each and after them.
func TestSecretIsRotated(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, "--cluster-secret="+oldSecret)
	first := c.nodes[0].secret(t)
	if first.Secret.SealedWith != first.Secret.ID || first.Secret.Next != "" {
		t.Errorf("before the rotation: %+v", first)
	}

	// Too early: the others do not know the new secret, and the state is sealed with the old one.
	early := c.nodes[2]
	early.stop(t)
	early.withSecrets(newSecret)
	early.assertRefused(t, "sealed with another cluster secret", "--cluster-secret-previous", first.Secret.ID)
	early.withSecrets(oldSecret)
	early.start(t)
	c.awaitVoters(t, 3, c.nodes...)

	c.restartEach(t, 100, func(n *node) { n.withSecrets(newSecret, oldSecret) })
	for _, n := range c.nodes {
		eventually(t, n.id+" has everything sealed with the new secret", func() bool {
			s := n.secret(t).Secret
			return s.SealedWith == s.ID && s.ID != first.Secret.ID && s.SealedWithOthers == 0 &&
				strings.Contains(s.Next, "without --cluster-secret-previous")
		})
	}
	c.restartEach(t, 200, func(n *node) { n.withSecrets(newSecret) })
	for _, n := range c.nodes {
		if s := n.secret(t).Secret; len(s.PreviousIDs) != 0 || s.Next != "" || s.SealedWithOthers != 0 {
			t.Errorf("%s after the rotation: %+v", n.id, s)
		}
	}

	// Too late: the old secret opens neither the state nor the door.
	late := c.nodes[1]
	late.stop(t)
	late.withSecrets(oldSecret)
	late.assertRefused(t, "sealed with another cluster secret", "the --cluster-secret")
	late.withSecrets(newSecret)
	late.start(t)
	c.awaitVoters(t, 3, c.nodes...)
	stranger := &node{id: "node4", address: freeAddress(t), dir: t.TempDir()}
	stranger.args = []string{
		"--config", c.upstreams.config, "--cluster-enabled", "--node-id", stranger.id, "--node-address", stranger.address,
		"--data-dir", stranger.dir, "--seed-nodes", c.nodes[0].address, "--cluster-secret=" + oldSecret, fast,
	}
	stranger.start(t)
	eventually(t, "the node with the old secret says why it is not admitted", func() bool {
		return strings.Contains(stranger.output.String(), "the cluster secrets of the two nodes probably differ")
	})
	if got := len(c.nodes[0].status().Nodes); got != 3 {
		t.Errorf("%d nodes are in the cluster", got)
	}
}
