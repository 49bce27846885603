//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"aiproxy/providers/simulator"
)

const (
	clientKey   = "client-key-of-the-tests"
	upstreamKey = "upstream-key-of-the-tests"
)

// upstreams are two simulated upstreams, behind the instances sim-a and sim-b.
type upstreams struct {
	a, b *simulator.Simulator
	// config is the path of a configuration file that names both.
	config string
}

func startUpstreams(t *testing.T) *upstreams {
	t.Helper()
	u := &upstreams{}
	var file strings.Builder
	fmt.Fprintf(&file, "api_key: %s\nmodel_providers: [openai-custom]\ninstances:\n", clientKey)
	for name, sim := range map[string]**simulator.Simulator{"sim-a": &u.a, "sim-b": &u.b} {
		*sim = simulator.New(simulator.Options{Name: name, APIKeys: []string{upstreamKey}, Record: 1000})
		server := httptest.NewServer(*sim)
		t.Cleanup(server.Close)
		fmt.Fprintf(&file, "  - {name: %s, provider: openai-custom, base_url: %s/v1, api_key: %s}\n", name, server.URL, upstreamKey)
	}
	u.config = filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(u.config, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return u
}

// node is a node's process and what it was started with.
type node struct {
	*process
	id, address, dir string
	args             []string
	// program is the build that runs, empty for that under test.
	program string
}

// cluster is a set of node processes over the same upstreams.
type cluster struct {
	nodes     []*node
	upstreams *upstreams
	extra     []string
	// program is the build that new nodes run, empty for that under test.
	program string
}

// fast makes elections quick enough for tests.
const fast = "--raft-timeout-scale=0.25"

// newCluster forms a cluster of size nodes.
func newCluster(t *testing.T, size int, extra ...string) *cluster {
	t.Helper()
	c := &cluster{upstreams: startUpstreams(t), extra: append([]string{fast}, extra...)}
	for range size {
		c.add(t)
	}
	c.awaitVoters(t, size, c.nodes...)
	return c
}

// add starts one more node, with all others as its seeds.
func (c *cluster) add(t *testing.T) *node {
	t.Helper()
	n := &node{id: fmt.Sprintf("node%d", len(c.nodes)+1), address: freeAddress(t), dir: t.TempDir(), program: c.program}
	n.args = append([]string{
		"--config", c.upstreams.config, "--cluster-enabled", "--node-id", n.id, "--node-address", n.address, "--data-dir", n.dir,
	}, c.extra...)
	var seeds []string
	for _, other := range c.nodes {
		seeds = append(seeds, other.address)
	}
	if len(seeds) > 0 {
		n.args = append(n.args, "--seed-nodes", strings.Join(seeds, ","))
	}
	n.start(t)
	c.nodes = append(c.nodes, n)
	return n
}

func (n *node) start(t *testing.T) {
	t.Helper()
	n.process = runProgram(t, cmp.Or(n.program, binary), nil, n.args...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s (%s) said:\n%s", n.id, n.address, n.output)
		}
	})
}

// kill ends the node as a power cut would.
func (n *node) kill(t *testing.T) {
	t.Helper()
	n.signal(t, syscall.SIGKILL)
	n.wait(t)
}

// freeAddress is a loopback address that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// status is the part of /cluster/status that the tests look at.
type status struct {
	Enabled   bool   `json:"enabled"`
	ClusterID string `json:"cluster_id"`
	NodeID    string `json:"node_id"`
	State     string `json:"state"`
	Term      uint64 `json:"term"`
	HasQuorum bool   `json:"has_quorum"`
	Leader    *struct {
		NodeID string `json:"node_id"`
	} `json:"leader"`
	Quorum struct {
		Voters        int `json:"voters"`
		HealthyVoters int `json:"healthy_voters"`
	} `json:"quorum"`
	Raft struct {
		FSMIndex uint64 `json:"fsm_index"`
	} `json:"raft"`
	Nodes []struct {
		ID        string `json:"id"`
		State     string `json:"state"`
		Suffrage  string `json:"suffrage"`
		Reachable bool   `json:"reachable"`
	} `json:"nodes"`
	FeatureLevel int      `json:"feature_level"`
	StateHash    string   `json:"state_hash"`
	ConfigDrift  []string `json:"config_drift"`
}

// status asks the node for the cluster's state; the zero value stands for no answer.
func (n *node) status() status {
	var s status
	response, err := http.Get("http://" + n.address + "/cluster/status")
	if err != nil {
		return s
	}
	defer response.Body.Close()
	_ = json.NewDecoder(response.Body).Decode(&s)
	return s
}

// ready tells whether the node says that it is.
func (n *node) ready() bool {
	response, err := http.Get("http://" + n.address + "/readyz")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// awaitVoters waits until each of the nodes is ready and sees so many healthy voters.
func (c *cluster) awaitVoters(t *testing.T, voters int, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		eventually(t, fmt.Sprintf("%s is ready and sees %d healthy voters", n.id, voters), func() bool {
			if !n.running() {
				t.Fatalf("%s ended:\n%s", n.id, n.output)
			}
			return n.ready() && n.status().Quorum.HealthyVoters == voters
		})
	}
}

// leader waits until the given nodes agree on a leader among them.
func (c *cluster) leader(t *testing.T, among []*node) *node {
	t.Helper()
	var leader *node
	eventually(t, "the nodes agree on a leader", func() bool {
		leader = nil
		for _, n := range among {
			s := n.status()
			if s.Leader == nil {
				return false
			}
			i := slices.IndexFunc(among, func(n *node) bool { return n.id == s.Leader.NodeID })
			if i < 0 || leader != nil && leader != among[i] {
				return false
			}
			leader = among[i]
		}
		return leader != nil
	})
	return leader
}

// without returns the cluster's nodes but one.
func (c *cluster) without(gone *node) []*node {
	return slices.DeleteFunc(slices.Clone(c.nodes), func(n *node) bool { return n == gone })
}

// awaitEqualStates waits until all nodes have the same state at the same index.
func (c *cluster) awaitEqualStates(t *testing.T) {
	t.Helper()
	eventually(t, "all nodes have equal state hashes", func() bool {
		first := c.nodes[0].status()
		for _, n := range c.nodes[1:] {
			s := n.status()
			if s.StateHash == "" || s.StateHash != first.StateHash || s.Raft.FSMIndex != first.Raft.FSMIndex {
				return false
			}
		}
		return true
	})
}

// receipt is the answer to a write.
type receipt struct {
	Index    uint64   `json:"index"`
	Revision uint64   `json:"revision"`
	Applied  []string `json:"applied"`
}

// put writes through the node's management API. It tries again as long as the node says 503, as a client should.
func (n *node) put(t *testing.T, path, body string) receipt {
	t.Helper()
	var answer receipt
	eventually(t, "PUT "+path+" on "+n.id, func() bool {
		code, raw := n.call(t, http.MethodPut, path, body)
		if code == http.StatusServiceUnavailable {
			return false
		}
		if code != http.StatusOK {
			t.Fatalf("PUT %s on %s: %d %s", path, n.id, code, raw)
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
		return true
	})
	return answer
}

// call makes one request with the client's key.
func (n *node) call(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+n.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+clientKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, raw
}

// chat makes one chat request and returns the instance that answered.
func (n *node) chat(ctx context.Context, model string, stream bool) (instance string, err error) {
	body := fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":"Hello"}]}`, model, stream)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+n.address+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+clientKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return "", errors.New("the answer was cut: " + err.Error()) // Not wrapped: it is no refused connection.
	case response.StatusCode != http.StatusOK:
		return "", fmt.Errorf("status %d: %s", response.StatusCode, raw)
	case stream && !bytes.HasSuffix(bytes.TrimSpace(raw), []byte("data: [DONE]")):
		return "", errors.New("the stream was cut")
	}
	return response.Header.Get("X-Aiproxy-Instance"), nil
}

// sdk is the official client of OpenAI, pointed at the node.
func (n *node) sdk() openai.Client {
	return openai.NewClient(option.WithBaseURL("http://"+n.address+"/v1"), option.WithAPIKey(clientKey), option.WithMaxRetries(0))
}
