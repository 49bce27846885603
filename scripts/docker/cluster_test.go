//go:build docker

package docker

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

const clientKey = "client-key-of-the-tests"

// composed is the cluster of docker-compose.cluster.yml.
type composed struct {
	engine  *engine
	project string
	env     []string
	nodes   []*node
}

// node is one service of it.
type node struct {
	name, address string
}

// up builds the image, starts a simulated upstream and the cluster, and takes all of it down in the end.
func up(t *testing.T) *composed {
	t.Helper()
	c := &composed{engine: findEngine(t), project: fmt.Sprintf("aiproxy-test-%d", os.Getpid())}
	image, simulator := c.project+":test", c.project+"-upstream"
	buildImage(t, image)
	c.env = []string{
		"AIPROXY_IMAGE=" + image, "AIPROXY_API_KEY=" + clientKey, "OPENAI_API_KEY=upstream-key",
		"OPENAI_BASE_URL=http://" + simulator + ":8080/v1",
	}
	for i := range 3 {
		n := &node{name: fmt.Sprintf("node%d", i+1), address: freeAddress(t)}
		_, port, _ := net.SplitHostPort(n.address)
		c.env = append(c.env, fmt.Sprintf("NODE%d_PORT=%s", i+1, port))
		c.nodes = append(c.nodes, n)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.compose(t, "logs", "--tail", "60"))
		}
		docker(t, "rm", "-f", "-v", simulator)
		c.compose(t, "down", "-v", "--remove-orphans", "-t", "5")
	})
	c.compose(t, "up", "-d", "--no-build")
	docker(t, "run", "-d", "--name", simulator, "--network", c.network(), "--no-healthcheck", image, "simulate", "--listen", "0.0.0.0:8080")
	return c
}

func (c *composed) compose(t *testing.T, args ...string) string {
	t.Helper()
	all := slices.Concat(c.engine.compose, []string{"-p", c.project, "-f", "../../docker-compose.cluster.yml"}, args)
	return command(t, c.env, all...)
}

func (c *composed) network() string { return c.project + "_default" }

// container is the ID of the node's container.
func (c *composed) container(t *testing.T, n *node) string {
	t.Helper()
	return c.compose(t, "ps", "-q", n.name)
}

// health is what the engine says of the node's container.
func (c *composed) health(t *testing.T, n *node) string {
	t.Helper()
	return docker(t, "inspect", "-f", "{{.State.Health.Status}}", c.container(t, n))
}

func (c *composed) without(gone *node) []*node {
	return slices.DeleteFunc(slices.Clone(c.nodes), func(n *node) bool { return n == gone })
}

// awaitWhole waits until all nodes are ready, vote, and have equal states, and the engine calls them healthy.
func (c *composed) awaitWhole(t *testing.T) {
	t.Helper()
	eventually(t, "all nodes vote and have equal states", func() bool {
		hashes := map[string]bool{}
		for _, n := range c.nodes {
			s := n.status()
			if s.Quorum.HealthyVoters != 3 || s.StateHash == "" || n.ready() != nil {
				return false
			}
			hashes[s.StateHash] = true
		}
		return len(hashes) == 1
	})
	for _, n := range c.nodes {
		eventually(t, n.name+" is healthy", func() bool { return c.health(t, n) == "healthy" })
	}
}

// leader waits until the nodes agree on a leader among them.
func leader(t *testing.T, among []*node) *node {
	t.Helper()
	var leader *node
	eventually(t, "the nodes agree on a leader", func() bool {
		leader = nil
		for _, n := range among {
			s := n.status()
			i := slices.IndexFunc(among, func(n *node) bool { return s.Leader != nil && n.name == s.Leader.NodeID })
			if i < 0 || leader != nil && leader != among[i] {
				return false
			}
			leader = among[i]
		}
		return true
	})
	return leader
}

// status is the part of /cluster/status that the tests look at.
type status struct {
	ClusterID string `json:"cluster_id"`
	StateHash string `json:"state_hash"`
	Leader    *struct {
		NodeID string `json:"node_id"`
	} `json:"leader"`
	Quorum struct {
		HealthyVoters int `json:"healthy_voters"`
	} `json:"quorum"`
}

// status asks the node for the cluster's state; the zero value stands for no answer.
func (n *node) status() (s status) {
	if raw, err := n.call(http.MethodGet, "/cluster/status", ""); err == nil {
		_ = json.Unmarshal(raw, &s) // An answer that is none is no status.
	}
	return s
}

func (n *node) ready() error {
	_, err := n.call(http.MethodGet, "/readyz", "")
	return err
}

func (n *node) chat() error {
	raw, err := n.call(http.MethodPost, "/v1/chat/completions",
		`{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}`)
	if err == nil && !strings.Contains(string(raw), `"choices"`) {
		return fmt.Errorf("no completion: %.200s", raw)
	}
	return err
}

// write changes the balancing algorithm, until the node has a leader for it.
func (n *node) write(t *testing.T, algorithm string) {
	t.Helper()
	var err error
	eventually(t, "a write on "+n.name, func() bool {
		_, err = n.call(http.MethodPut, "/loadbalancer/algorithm", fmt.Sprintf(`{"algorithm":%q}`, algorithm))
		return err == nil
	})
}

// algorithm is the one that the node has.
func (n *node) algorithm(t *testing.T) string {
	t.Helper()
	var list struct {
		Algorithm string `json:"algorithm"`
	}
	raw, err := n.call(http.MethodGet, "/loadbalancer/instances", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	return list.Algorithm
}

// call makes one request over a connection of its own, so that nothing is repeated and none outlives its container.
func (n *node) call(method, path, body string) ([]byte, error) {
	request, err := http.NewRequest(method, "http://"+n.address+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Close = true
	request.Header.Set("Authorization", "Bearer "+clientKey)
	response, err := (&http.Client{Timeout: deadline}).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s on %s: %s %s", method, path, n.name, response.Status, raw)
	}
	return raw, err
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
