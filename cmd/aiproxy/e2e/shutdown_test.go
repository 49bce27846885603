//go:build e2e

package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestTermDrainsAndHandsOver stops the leader while it streams an answer: the stream ends whole, another node leads at
// once, and the process ends with status 0.
func TestTermDrainsAndHandsOver(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	leader := c.leader(t, c.nodes)
	streamed := make(chan error, 1)
	go func() {
		_, err := leader.chat(t.Context(), "sim-slow-stream-60ms", true)
		streamed <- err
	}()
	eventually(t, "an upstream streams", func() bool {
		return len(c.upstreams.a.Requests())+len(c.upstreams.b.Requests()) > 0
	})
	leader.signal(t, syscall.SIGTERM)
	if err := <-streamed; err != nil {
		t.Errorf("the stream in flight: %v", err)
	}
	if code := leader.wait(t); code != 0 {
		t.Errorf("exit status %d", code)
	}
	if !strings.Contains(leader.output.String(), "leadership handed over") {
		t.Errorf("no leadership was handed over:\n%s", leader.output)
	}
	rest := c.without(leader)
	c.leader(t, rest)
	rest[0].put(t, "/loadbalancer/instances/sim-a", `{"weight": 6}`)
	if got := len(rest[0].status().Nodes); got != 3 {
		t.Errorf("%d members after a stop, want 3: stopping is not leaving", got)
	}
}

// TestSecondSignalEndsAtOnce stops a node that waits for a request which never ends.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	n := c.nodes[0]
	go func() {
		// It fails when the process ends.
		_, _ = n.chat(t.Context(), "sim-hang", false)
	}()
	eventually(t, "an upstream is called", func() bool {
		return len(c.upstreams.a.Requests())+len(c.upstreams.b.Requests()) > 0
	})
	n.signal(t, syscall.SIGTERM)
	eventually(t, "the node is stopping", func() bool { return strings.Contains(n.output.String(), "msg=stopping") })
	if !n.running() {
		t.Fatal("the node ended although a request is in flight")
	}
	n.signal(t, syscall.SIGTERM)
	if code := n.wait(t); code != 130 {
		t.Errorf("exit status %d, want 130", code)
	}
}

// TestDev runs the development cluster as a newcomer does.
func TestDev(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	port := consecutivePorts(t, 3)
	args := []string{"dev", "--port", strconv.Itoa(port), "--data-dir", dir}
	var key string
	for range 2 {
		dev := run(t, nil, args...)
		eventually(t, "dev tells how to use it", func() bool {
			if !dev.running() {
				t.Fatalf("dev ended:\n%s", dev.output)
			}
			return strings.Contains(dev.output.String(), "Ctrl-C stops everything")
		})
		said := dev.output.String()
		match := regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(said)
		if match == nil {
			t.Fatalf("dev shows no API key:\n%s", said)
		}
		if key != "" && key != match[1] {
			t.Errorf("the kept data directory has another key: %s, was %s", match[1], key)
		}
		key = match[1]
		for _, want := range []string{"curl -s http://127.0.0.1:" + strconv.Itoa(port), "/cluster/status", "kill -9", "curl -sN"} {
			if !strings.Contains(said, want) {
				t.Errorf("dev does not show %q", want)
			}
		}
		pids := regexp.MustCompile(`pid (\d+)`).FindAllStringSubmatch(said, -1)
		if len(pids) != 3 {
			t.Fatalf("%d nodes, want 3:\n%s", len(pids), said)
		}
		dev.signal(t, syscall.SIGINT)
		if code := dev.wait(t); code != 0 {
			t.Errorf("exit status %d:\n%s", code, dev.output)
		}
		for _, pid := range pids {
			if id, _ := strconv.Atoi(pid[1]); syscall.Kill(id, 0) == nil {
				t.Errorf("node process %d outlives dev", id)
			}
		}
	}
}

// consecutivePorts returns the first of n ports that are free at the moment.
func consecutivePorts(t *testing.T, n int) int {
	t.Helper()
	for range 50 {
		_, text, _ := strings.Cut(freeAddress(t), ":")
		first, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		free := first+n < 65536
		for i := range n {
			free = free && isFree(strconv.Itoa(first+i), []string{"127.0.0.1"})
		}
		if free {
			return first
		}
	}
	t.Fatal("no free ports in a row")
	return 0
}
