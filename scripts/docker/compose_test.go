//go:build docker

package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestComposedCluster does to the cluster what happens to containers. The steps build on each other: each begins and ends
// with a whole cluster, which stays the same one.
func TestComposedCluster(t *testing.T) {
	c := up(t)
	c.awaitWhole(t)
	cluster := c.nodes[0].status().ClusterID

	for _, step := range []struct {
		name string
		do   func(t *testing.T, c *composed)
	}{
		{"a follower is killed", killFollower},
		{"the leader is killed", killLeader},
		{"a process crashes", crash},
		{"the leader is cut off", cutOff},
		{"a volume is lost", loseVolume},
		{"all containers are restarted one by one", restartAll},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.do(t, c); c.awaitWhole(t) }) {
			return
		}
	}
	for _, n := range c.nodes {
		if got := n.status().ClusterID; got != cluster {
			t.Errorf("%s is in cluster %q, it was %q", n.name, got, cluster)
		}
	}
}

func killFollower(t *testing.T, c *composed) {
	t.Helper()
	c.killAndStart(t, c.without(leader(t, c.nodes))[0])
}

func killLeader(t *testing.T, c *composed) {
	t.Helper()
	c.killAndStart(t, leader(t, c.nodes))
}

// killAndStart kills the node's container under load. An engine does not restart what was killed through it, so the
// operator starts it again.
func (c *composed) killAndStart(t *testing.T, n *node) {
	t.Helper()
	id := c.container(t, n)
	c.survive(t, n, func() { docker(t, "kill", id) })
	docker(t, "start", id)
}

// crash kills a node's process behind the engine's back, which starts the container again by its restart policy.
func crash(t *testing.T, c *composed) {
	t.Helper()
	n := leader(t, c.nodes)
	id := c.container(t, n)
	pid, err := strconv.Atoi(docker(t, "inspect", "-f", "{{.State.Pid}}", id))
	if err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(syscall.SIGKILL); errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrProcessDone) {
		t.Skipf("the process of a container can't be killed from here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the engine starts the container again", func() bool {
		return docker(t, "inspect", "-f", "{{.RestartCount}} {{.State.Running}}", id) == "1 true"
	})
}

// cutOff takes the leader from the network and brings it back, perhaps at another address.
func cutOff(t *testing.T, c *composed) {
	t.Helper()
	n := leader(t, c.nodes)
	id := c.container(t, n)
	c.survive(t, n, func() { docker(t, "network", "disconnect", c.network(), id) })
	docker(t, "network", "connect", "--alias", n.name, c.network(), id)
}

// loseVolume makes a node anew with an empty volume.
func loseVolume(t *testing.T, c *composed) {
	t.Helper()
	n := c.without(leader(t, c.nodes))[0]
	c.survive(t, n, func() {
		c.compose(t, "rm", "-s", "-f", n.name)
		docker(t, "volume", "rm", c.project+"_"+n.name)
	})
	c.compose(t, "up", "-d", "--no-build", "--no-deps", n.name)
}

// restartAll is a rolling restart.
func restartAll(t *testing.T, c *composed) {
	t.Helper()
	for _, n := range c.nodes {
		id := c.container(t, n)
		c.survive(t, n, func() { docker(t, "restart", id) })
		c.awaitWhole(t)
	}
}

// survive takes the node away while clients use the others, which must serve all of them and accept writes.
func (c *composed) survive(t *testing.T, gone *node, takeAway func()) {
	t.Helper()
	rest := c.without(gone)
	load := startLoad(t, rest)
	load.awaitProgress(t)
	takeAway()
	load.awaitProgress(t)
	leader(t, rest)
	// Each write changes something, and both survivors must come to have it.
	algorithm := map[string]string{"round_robin": "weighted", "weighted": "round_robin"}[rest[0].algorithm(t)]
	rest[0].write(t, algorithm)
	eventually(t, "the write is on the other node", func() bool { return rest[1].algorithm(t) == algorithm })
	load.awaitProgress(t)
	load.stop(t)
}

// load is clients that ask for completions until they are stopped, one for each node.
type load struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
	served atomic.Int64
	failed atomic.Pointer[string]
}

func startLoad(t *testing.T, nodes []*node) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	l := &load{cancel: cancel}
	for _, n := range nodes {
		l.group.Go(func() {
			for ctx.Err() == nil {
				if err := n.chat(); err != nil {
					text := fmt.Sprintf("%s: %v", n.name, err)
					l.failed.CompareAndSwap(nil, &text)
					return
				}
				l.served.Add(1)
			}
		})
	}
	t.Cleanup(func() { cancel(); l.group.Wait() })
	return l
}

// awaitProgress waits until more requests were served, which proves that there is traffic.
func (l *load) awaitProgress(t *testing.T) {
	t.Helper()
	goal := l.served.Load() + 20
	eventually(t, "more requests are served", func() bool { return l.served.Load() >= goal || l.failed.Load() != nil })
}

// stop ends the load, which must not have failed once.
func (l *load) stop(t *testing.T) {
	t.Helper()
	l.cancel()
	l.group.Wait()
	if first := l.failed.Load(); first != nil {
		t.Errorf("a request failed on a node that stayed, first: %s", *first)
	}
	t.Logf("%d requests served", l.served.Load())
}
