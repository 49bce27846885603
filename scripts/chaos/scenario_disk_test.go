//go:build chaos && linux

package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// diskSize is that of a small disk: enough for a scenario's log.
	diskSize = "48m"
	// handOverLimit is within what time a leader whose disk is bad has a successor that takes writes.
	handOverLimit = 5 * time.Second
)

// fillDisks is C14: the disk of the leader is full, then that of a follower.
func fillDisks(w *world) {
	w.form(3, smallDisk)
	leader := w.leader(w.nodes...)
	others := w.without(leader)
	ballast := leader.fillDisk()
	if took := w.timeWrite(others[w.random.IntN(len(others))]); took > handOverLimit {
		w.t.Errorf("writes waited %s when the leader's disk was full", took)
	}
	w.last(cutTime / 2)
	w.recover(leader, ballast)

	follower := w.without(w.leader(w.nodes...))[0]
	ballast = follower.fillDisk()
	w.timeWrite(w.leader(w.without(follower)...))
	w.last(cutTime / 2)
	w.recover(follower, ballast)
	w.finish(w.nodes...)
}

// smallDisk puts the node's data directory on a disk of its own, which ends with the test process's mount namespace.
func smallDisk(n *node) {
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		n.w.t.Fatal(err)
	}
	if err := run("mount -t tmpfs -o mode=700,size=" + diskSize + " tmpfs " + n.dir); err != nil {
		n.w.t.Fatal(err)
	}
	n.w.t.Cleanup(func() { _ = syscall.Unmount(n.dir, syscall.MNT_DETACH) })
}

// fillDisk leaves no byte free on the node's disk, and returns the file that takes them.
func (n *node) fillDisk() (ballast string) {
	n.w.t.Helper()
	ballast = filepath.Join(n.dir, "ballast")
	file, err := os.Create(ballast)
	if err != nil {
		n.w.t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		n.w.t.Fatalf("fill the disk of %s: %v", n.id, err)
	}
	n.w.event("filled the disk of %s", n.id)
	return ballast
}

// recover frees the disk. The node goes on by itself, or it has ended with an error and is started again.
func (w *world) recover(n *node, ballast string) {
	w.t.Helper()
	if n.running() && !strings.Contains(n.output(), "writes to the disk fail") {
		w.t.Errorf("the log of %s says nothing of its full disk", n.id)
	}
	if err := os.Remove(ballast); err != nil {
		w.t.Fatal(err)
	}
	w.event("freed the disk of %s, running: %t", n.id, n.running())
	if !n.running() {
		if code, _ := n.process.wait(endLimit); code <= 0 {
			w.t.Errorf("%s ended with status %d when its disk was full", n.id, code)
		}
		n.start()
	}
	w.awaitHealthy(w.nodes...)
	w.awaitLoad()
}

// hangTime is how long a disk hangs.
const hangTime = 30 * time.Second

// hangDisk is C15: writes to the leader's disk hang, and its heartbeats would go on for ever.
func hangDisk(w *world) {
	w.form(3, faulty)
	rounds := []time.Duration{hangTime}
	if testing.Short() {
		rounds = []time.Duration{hangTime / 3}
	}
	for _, hanging := range rounds {
		leader := w.leader(w.nodes...)
		others := w.without(leader)
		leader.order("hang", "now")
		begun := time.Now()
		if took := w.timeWrite(others[w.random.IntN(len(others))]); took > handOverLimit {
			w.t.Errorf("writes waited %s when the leader's disk hung", took)
		}
		if s := leader.status(); s.State == "leader" || s.Fault == "" {
			w.t.Errorf("%s, whose disk hangs, says that it is %s, fault %q", leader.id, s.State, s.Fault)
		}
		w.last(hanging - time.Since(begun))
		leader.order("hang", "")
		w.awaitHealthy(w.nodes...)
		w.awaitLoad()
	}
	w.finish(w.nodes...)
}

// damages are what is done to raft.db. Each must be refused with what to do about it, unless the node comes up with
// the state of the others.
func (w *world) damages() map[string]func(path string) error {
	return map[string]func(path string) error{
		"cut off inside a page": func(path string) error { return truncate(path, func(size int64) int64 { return size*2/3 - 1001 }) },
		"emptied":               func(path string) error { return truncate(path, func(int64) int64 { return 0 }) },
		"both meta pages flipped": func(path string) error {
			return overwrite(path, 40, 4096+40)
		},
		"a byte flipped anywhere": func(path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			return overwrite(path, w.random.Int64N(info.Size()))
		},
	}
}

// damageDisk is C16: Raft's database is damaged while the node is down.
func damageDisk(w *world) {
	w.form(3)
	for what, damage := range w.damages() {
		leader := w.leader(w.nodes...)
		damaged := w.without(leader, w.nodes[0])[0]
		damaged.kill()
		w.event("damage raft.db of %s: %s", damaged.id, what)
		if err := damage(filepath.Join(damaged.dir, "raft.db")); err != nil {
			w.t.Fatal(err)
		}
		before := len(damaged.output())
		damaged.start()
		w.checkDamaged(damaged, what, before)
		w.awaitHealthy(w.nodes...)
		w.awaitLoad()
	}
	w.finish(w.nodes...)
}

// checkDamaged waits until the node has ended with an error, in which case its directory is moved away as the message says, or is
// healthy. What it is healthy with is compared at the end.
func (w *world) checkDamaged(n *node, what string, before int) {
	w.t.Helper()
	w.eventually(patience, n.id+" ends or is healthy, raft.db "+what, func() string {
		if !n.running() || n.status().Quorum.HealthyVoters == len(w.nodes) {
			return ""
		}
		return "it is " + n.status().State
	})
	if n.running() {
		w.event("%s takes the database as it is", n.id)
		return
	}
	said := n.output()[before:]
	code, _ := n.process.wait(endLimit)
	if code != 1 || !strings.Contains(said, n.dir) || !strings.Contains(said, "join anew") {
		w.t.Errorf("%s, raft.db %s, ends with status %d and does not say what to do:\n%s", n.id, what, code, said)
	}
	w.event("%s refuses the database: %s", n.id, tail(said))
	if err := os.Rename(n.dir, fmt.Sprintf("%s.damaged-%d", n.dir, before)); err != nil {
		w.t.Fatal(err)
	}
	n.start()
}

func truncate(path string, size func(was int64) int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, size(info.Size()))
}

// overwrite flips all bits of the bytes at the offsets.
func overwrite(path string, offsets ...int64) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, at := range offsets {
		one := make([]byte, 1)
		if _, err := file.ReadAt(one, at); err != nil {
			return err
		}
		one[0] ^= 0xff
		if _, err := file.WriteAt(one, at); err != nil {
			return err
		}
	}
	return file.Close()
}
