package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
	"aiproxy/store"
)

// faultyDisk is Raft's database on a disk that hangs or fails when it is told to.
type faultyDisk struct {
	store.RaftDisk

	mu sync.Mutex
	// hangs is closed when the disk writes again. It is nil while the disk works.
	hangs chan struct{}
	err   error
}

func (d *faultyDisk) wrap(c *store.Config) {
	c.WrapDisk = func(database store.RaftDisk) store.RaftDisk {
		d.RaftDisk = database
		return d
	}
}

// hang makes writes wait until the result is called, once or more often.
func (d *faultyDisk) hang() (release func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	hangs := make(chan struct{})
	d.hangs = hangs
	return sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		close(hangs)
		d.hangs = nil
	})
}

// fail makes writes fail with err, or succeed again with nil.
func (d *faultyDisk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *faultyDisk) fault() error {
	d.mu.Lock()
	hangs, err := d.hangs, d.err
	d.mu.Unlock()
	if hangs != nil {
		<-hangs
	}
	return err
}

func (d *faultyDisk) StoreLogs(logs []*raft.Log) error {
	if err := d.fault(); err != nil {
		return err
	}
	return d.RaftDisk.StoreLogs(logs)
}

func (d *faultyDisk) SetUint64(key []byte, value uint64) error {
	if err := d.fault(); err != nil {
		return err
	}
	return d.RaftDisk.SetUint64(key, value)
}

// formFaulty starts a cluster of n nodes whose disks can be made to fail.
func formFaulty(t *testing.T, n int, changes ...func(*store.Config)) ([]*node, map[*node]*faultyDisk) {
	t.Helper()
	var nodes []*node
	var seeds []string
	disks := map[*node]*faultyDisk{}
	for _, id := range []string{"n1", "n2", "n3"}[:n] {
		disk := &faultyDisk{}
		next := open(t, id, seeds, append(changes, disk.wrap)...)
		nodes, disks[next] = append(nodes, next), disk
		seeds = append(seeds, next.config.Address)
	}
	for _, each := range nodes {
		eventually(t, "all nodes are healthy", func() bool { return each.votes() == n && each.Readiness().Ready() })
	}
	return nodes, disks
}

func TestLeaderWhoseDiskHangsIsReplaced(t *testing.T) {
	t.Parallel()
	nodes, disks := formFaulty(t, 3)
	old := leaderOf(t, nodes)
	if _, err := setWeight(t, old, 5); err != nil {
		t.Fatal(err)
	}
	release := disks[old].hang()
	defer release()
	// One write hangs with the disk; through the node's own API it reaches the next leader all the same.
	setWeightAtLast(t, old, 6)
	rest := without(nodes, old)
	leader := leaderOf(t, rest)

	status := old.Status(t.Context())
	if status.State != "disk_hangs" || !strings.Contains(status.Fault, "hangs: a write has been waiting for") {
		t.Errorf("status says %q, %q", status.State, status.Fault)
	}
	eventually(t, "the node knows the next leader from the other nodes", func() bool {
		status := old.Status(t.Context())
		return status.Leader != nil && status.HasQuorum && slices.ContainsFunc(rest, func(n *node) bool {
			return n.config.NodeID == status.Leader.NodeID
		})
	})
	if got := weightOn(old); got != 5 || !old.Readiness().Ready() {
		t.Errorf("weight %d, ready %t: want the last state, ready for traffic", got, old.Readiness().Ready())
	}
	if stats := old.Stats(); stats.State != "disk_hangs" || stats.DiskHangs != 1 || stats.LogWriteWaiting == 0 {
		t.Errorf("stats say %q, %d hangs, %s of waiting", stats.State, stats.DiskHangs, stats.LogWriteWaiting)
	}
	eventually(t, "the leader sees the fault", func() bool { return seesHang(t, leader, old) })
	setWeightAtLast(t, old, 7)

	release()
	eventually(t, "the node takes part again", func() bool { return old.votes() == 3 && leader.votes() == 3 })
	eventually(t, "all states are equal", func() bool {
		return weightOn(old) == 7 && equalStates(nodes)
	})
	if got := old.faults.text(); got != "[]" {
		t.Errorf("the node was to end: %s", got)
	}
}

// setWeightAtLast writes as a client does that repeats, under the same key, what it has no certain answer to: how long an
// election takes is the machine's affair, and may be more than the time of one try.
func setWeightAtLast(t *testing.T, n *node, weight int) {
	t.Helper()
	command, err := fsm.NewCommand(fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: &weight})
	if err != nil {
		t.Fatal(err)
	}
	command.Key = fmt.Sprintf("weight %d", weight)
	eventually(t, fmt.Sprintf("weight %d is written through %s", weight, n.config.NodeID), func() bool {
		_, err = n.Apply(t.Context(), command)
		if err != nil && !errors.Is(err, fsm.ErrIndeterminate) && !errors.Is(err, fsm.ErrNoLeader) {
			t.Fatalf("write through %s: %v", n.config.NodeID, err)
		}
		return err == nil
	})
}

func seesHang(t *testing.T, from, hanging *node) bool {
	t.Helper()
	for _, m := range from.Status(t.Context()).Nodes {
		if m.ID == hanging.config.NodeID {
			return m.State == "disk_hangs" && !m.Healthy && m.Reachable && m.Error != ""
		}
	}
	return false
}

func equalStates(nodes []*node) bool {
	for _, n := range nodes {
		if n.View().Hash() != nodes[0].View().Hash() {
			return false
		}
	}
	return true
}

func TestFollowerWhoseDiskHangsTakesNoPart(t *testing.T) {
	t.Parallel()
	nodes, disks := formFaulty(t, 3)
	leader := leaderOf(t, nodes)
	slow := without(nodes, leader)[0]
	release := disks[slow].hang()
	defer release()
	if _, err := setWeight(t, leader, 5); err != nil {
		t.Fatalf("write while a follower's disk hangs: %v", err)
	}
	eventually(t, "the follower says so", func() bool { return seesHang(t, leader, slow) })
	if !leader.leads() {
		t.Error("the leader changed with a follower's disk")
	}
	release()
	eventually(t, "the follower catches up", func() bool { return leader.votes() == 3 && equalStates(nodes) && weightOn(slow) == 5 })
}

func TestLeaderWhoseDiskIsFullStepsDown(t *testing.T) {
	t.Parallel()
	nodes, disks := formFaulty(t, 3)
	old := leaderOf(t, nodes)
	disks[old].fail(syscall.ENOSPC)
	// The write finds its way to the next leader.
	setWeightAtLast(t, old, 5)
	leaderOf(t, without(nodes, old))
	eventually(t, "the node says what to do", func() bool {
		status := old.Status(t.Context())
		return status.State != "leader" && strings.Contains(status.Fault, "is full: free space")
	})
	if text := old.log.String(); !strings.Contains(text, "writes to the disk fail") {
		t.Errorf("the log says nothing of the disk:\n%s", text)
	}
	disks[old].fail(nil)
	eventually(t, "the node goes on by itself", func() bool {
		return old.Status(t.Context()).Fault == "" && old.votes() == 3 && weightOn(old) == 5 && equalStates(nodes)
	})
	if got := old.faults.text(); got != "[]" {
		t.Errorf("the node was to end: %s", got)
	}
}

func TestLoneNodeWithAFullDiskGoesOnWhenThereIsSpace(t *testing.T) {
	t.Parallel()
	nodes, disks := formFaulty(t, 1)
	lone := nodes[0]
	disks[lone].fail(syscall.ENOSPC)
	_, err := setWeight(t, lone, 5)
	if !errors.Is(err, fsm.ErrIndeterminate) || !strings.Contains(err.Error(), "is full: free space") {
		t.Errorf("write to a full disk: %v, want ErrIndeterminate and what to do", err)
	}
	if !lone.Readiness().Ready() {
		t.Error("a node with a full disk is not ready for traffic")
	}
	disks[lone].fail(nil)
	eventually(t, "the node leads again", lone.leads)
	if _, err := setWeight(t, lone, 6); err != nil {
		t.Error(err)
	}
}

func TestNodeWhoseDiskHangsShutsDownAtOnce(t *testing.T) {
	t.Parallel()
	nodes, disks := formFaulty(t, 1)
	lone := nodes[0]
	release := disks[lone].hang()
	defer release()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = setWeight(t, lone, 5) // It ends with the node.
	}()
	eventually(t, "the node notices", func() bool { return lone.Status(t.Context()).State == "disk_hangs" })
	// It returns while the disk still hangs, or never.
	if err := lone.Shutdown(t.Context()); err == nil || !strings.Contains(err.Error(), "hangs") {
		t.Errorf("shut down: %v, want an error that names the disk", err)
	}
	<-done
}
