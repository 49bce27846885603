//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestGuide runs the commands of the product's guide as they stand, with loopback addresses in the place of
// 192.168.1.10 to 12: nothing but the environment's key and the flags of the guide.
func TestGuide(t *testing.T) {
	t.Parallel()
	port := portFreeOn(t, "127.0.0.1", "127.0.0.2", "127.0.0.3")
	address := func(host string) string { return net.JoinHostPort(host, port) }
	one, two, three := address("127.0.0.1"), address("127.0.0.2"), address("127.0.0.3")
	env := []string{"AIPROXY_API_KEY=" + clientKey}
	c := &cluster{}
	for _, n := range []*node{
		{id: "node1", address: one, args: []string{"--cluster-enabled", "--node-id", "node1", "--node-address", one}},
		{id: "node2", address: two, args: []string{"--cluster-enabled", "--node-id", "node2", "--node-address", two, "--seed-nodes", one}},
		{id: "node3", address: three, args: []string{"--cluster-enabled", "--node-id", "node3", "--node-address", three, "--seed-nodes", one + "," + two}},
	} {
		n.process = run(t, env, n.args...)
		c.nodes = append(c.nodes, n)
	}
	c.awaitVoters(t, 3, c.nodes...)
	first := c.nodes[0].status()
	if !first.Enabled || first.ClusterID == "" || len(first.Nodes) != 3 {
		t.Errorf("status %+v", first)
	}
	c.awaitEqualStates(t)
}

// startTogether starts three nodes with the same command line, but for their names and addresses.
func startTogether(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{upstreams: startUpstreams(t)}
	var addresses []string
	for range 3 {
		addresses = append(addresses, freeAddress(t))
	}
	for i, address := range addresses {
		n := &node{id: fmt.Sprintf("node%d", i+1), address: address, dir: t.TempDir()}
		n.args = []string{
			"--config", c.upstreams.config, "--cluster-enabled", "--node-id", n.id, "--node-address", address, "--data-dir", n.dir,
			"--bootstrap-expect", "3", "--seed-nodes", strings.Join(addresses, ","), fast,
		}
		n.start(t)
		c.nodes = append(c.nodes, n)
	}
	return c
}

// TestKilledWhileForming kills each of three nodes at random moments of forming their cluster, and starts it again.
func TestKilledWhileForming(t *testing.T) {
	t.Parallel()
	c := startTogether(t)
	for _, i := range rand.Perm(3) {
		<-time.After(rand.N(400 * time.Millisecond))
		c.nodes[i].kill(t)
		c.nodes[i].start(t)
	}
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
	clusterID := c.nodes[0].status().ClusterID
	for _, n := range c.nodes {
		if got := n.status().ClusterID; got == "" || got != clusterID {
			t.Errorf("%s is in cluster %q, another in %q", n.id, got, clusterID)
		}
	}
}

// TestOneCommandLineForAllNodes restarts three nodes that formed a cluster together, one of them without its disk.
func TestOneCommandLineForAllNodes(t *testing.T) {
	t.Parallel()
	c := startTogether(t)
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
	clusterID := c.nodes[0].status().ClusterID
	for _, n := range c.nodes {
		n.kill(t)
	}
	if err := os.RemoveAll(c.nodes[0].dir); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.nodes {
		n.start(t)
	}
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
	for _, n := range c.nodes {
		if got := n.status().ClusterID; got != clusterID {
			t.Errorf("%s is in cluster %q, was in %q", n.id, got, clusterID)
		}
	}
}

// TestLoopbackClusterWithoutASecret is for trying things out: nothing to choose, and nobody else can reach it.
func TestLoopbackClusterWithoutASecret(t *testing.T) {
	t.Parallel()
	c := &cluster{}
	for _, id := range []string{"node1", "node2"} {
		n := &node{id: id, address: freeAddress(t)}
		n.args = []string{"--cluster-enabled", "--node-id", id, "--node-address", n.address, fast}
		if len(c.nodes) > 0 {
			n.args = append(n.args, "--seed-nodes", c.nodes[0].address)
		}
		n.start(t)
		c.nodes = append(c.nodes, n)
	}
	c.awaitVoters(t, 2, c.nodes...)
	if !strings.Contains(c.nodes[0].output.String(), "the cluster has no secret") {
		t.Error("no warning that the cluster has no secret")
	}
}

// portFreeOn is a port that is free on all of the hosts at the moment.
func portFreeOn(t *testing.T, hosts ...string) string {
	t.Helper()
	for range 20 {
		_, port, err := net.SplitHostPort(freeAddress(t))
		if err != nil {
			t.Fatal(err)
		}
		if isFree(port, hosts) {
			return port
		}
	}
	t.Fatalf("no port is free on all of %v", hosts)
	return ""
}

func isFree(port string, hosts []string) bool {
	for _, host := range hosts {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			return false
		}
		_ = listener.Close()
	}
	return true
}

// TestFourthNodeJoins adds a node to a cluster under load.
func TestFourthNodeJoins(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.nodes[0].put(t, "/loadbalancer/instances/sim-a", `{"weight": 4}`)
	traffic := startLoad(t, c.nodes...)
	traffic.awaitProgress(t, 20)
	c.add(t)
	c.awaitVoters(t, 4, c.nodes...)
	traffic.awaitProgress(t, 20)
	traffic.stop(t)
	c.awaitEqualStates(t)
	_, want := c.nodes[0].call(t, "GET", "/loadbalancer/instances", "")
	assertSameConfiguration(t, c.nodes[3], want)
}

// TestLoneNode is a whole gateway without a cluster, and keeps its state.
func TestLoneNode(t *testing.T) {
	t.Parallel()
	u := startUpstreams(t)
	n := &node{id: "node1", address: freeAddress(t), dir: t.TempDir()}
	host, port, _ := net.SplitHostPort(n.address)
	n.args = []string{"--config", u.config, "--host", host, "--port", port, "--data-dir", n.dir, fast}
	n.start(t)
	eventually(t, "the node is ready", n.ready)
	if s := n.status(); s.Enabled || len(s.Nodes) != 1 {
		t.Errorf("status of a lone node: %+v", s)
	}
	if _, err := n.chat(t.Context(), "gpt-4o", true); err != nil {
		t.Error(err)
	}
	n.put(t, "/loadbalancer/instances/sim-a", `{"enabled": false}`)
	n.kill(t)
	n.start(t)
	eventually(t, "the node is ready again", n.ready)
	if instance, err := n.chat(t.Context(), "gpt-4o", false); err != nil || instance != "sim-b" {
		t.Errorf("after a restart: answered by %q, %v; sim-a was disabled", instance, err)
	}
}

// TestJoinRefusedAtBothEnds starts a second node2.
func TestJoinRefusedAtBothEnds(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	imposter := &node{id: "node2", address: freeAddress(t), dir: t.TempDir()}
	imposter.args = []string{
		"--config", c.upstreams.config, "--cluster-enabled", "--node-id", imposter.id, "--node-address", imposter.address,
		"--data-dir", imposter.dir, "--seed-nodes", c.nodes[0].address,
	}
	imposter.start(t)
	if code := imposter.wait(t); code != 1 {
		t.Errorf("exit status %d, want 1", code)
	}
	const reason = "node id node2 is taken by the running node"
	if !strings.Contains(imposter.output.String(), reason) {
		t.Errorf("the refused node says:\n%s", imposter.output)
	}
	if leader := c.leader(t, c.nodes); !strings.Contains(leader.output.String(), reason) {
		t.Errorf("the leader says:\n%s", leader.output)
	}
}

// TestNoSecretOnDiskOrInOutput looks for every secret in everything that a cluster has written.
func TestNoSecretOnDiskOrInOutput(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2, "--log-level=debug")
	if _, err := c.nodes[1].chat(t.Context(), "gpt-4o", true); err != nil {
		t.Fatal(err)
	}
	_, instances := c.nodes[0].call(t, "GET", "/loadbalancer/instances", "")
	for _, n := range c.nodes {
		n.signal(t, syscall.SIGTERM)
		if code := n.wait(t); code != 0 {
			t.Errorf("%s: exit status %d", n.id, code)
		}
	}
	for _, secret := range []string{clientKey, upstreamKey} {
		if strings.Contains(string(instances), secret) {
			t.Errorf("GET /loadbalancer/instances shows %s", secret)
		}
		for _, n := range c.nodes {
			if strings.Contains(n.output.String(), secret) {
				t.Errorf("the log of %s shows %s", n.id, secret)
			}
			for _, path := range filesWith(t, n.dir, secret) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
	}
}

// filesWith lists the files below dir that contain the text.
func filesWith(t *testing.T, dir, text string) []string {
	t.Helper()
	var found []string
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(raw), text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil || files < 3 {
		t.Fatalf("walk %s: %d files, %v", dir, files, err)
	}
	return found
}

// TestSecondProcessOnADataDirectory must not disturb the first.
func TestSecondProcessOnADataDirectory(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	second := run(t, nil, append(c.nodes[0].args, "--node-address", freeAddress(t))...)
	if code := second.wait(t); code != 1 || !strings.Contains(second.output.String(), "is in use") {
		t.Errorf("exit status %d:\n%s", code, second.output)
	}
	if !c.nodes[0].ready() {
		t.Error("the first process is not ready any more")
	}
}

// TestBusyPort names the port and what sets it.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, args := range [][]string{{"--port", port, "--data-dir", t.TempDir()}, {"dev", "--port", port}} {
		p := run(t, nil, args...)
		if code := p.wait(t); code != 1 || !strings.Contains(p.output.String(), port) || !strings.Contains(p.output.String(), "--port") {
			t.Errorf("%v: exit status %d:\n%s", args, code, p.output)
		}
	}
}

// TestTwoFaultsInOneReport starts a node with a faulty configuration.
func TestTwoFaultsInOneReport(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(path, []byte("api_kee: x\nport: many\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--config", path}, {"config", "check", "--config", path}} {
		p := run(t, nil, args...)
		code, text := p.wait(t), ""
		text = p.output.String()
		for _, want := range []string{"bad.yaml:1", "api_kee", "api_key", "bad.yaml:2", "port"} {
			if code != 1 || !strings.Contains(text, want) {
				t.Errorf("%v: exit status %d, want %q in:\n%s", args, code, want, text)
			}
		}
	}
}
