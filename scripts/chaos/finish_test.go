//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// finish ends a scenario whose nodes are the given ones and healthy again, and makes the checks that all scenarios share.
func (w *world) finish(nodes ...*node) {
	w.t.Helper()
	w.awaitHealthy(nodes...)
	w.awaitLoad()
	w.clients.stop()
	w.awaitEqualStates(nodes...)
	w.traffic.check()
	w.readLast(nodes...)
	w.checkClients()
	w.observer.check()
	if w.settles || !testing.Short() {
		w.checkGrowth(w.before)
	}
	for _, n := range nodes {
		n.fall()
		n.stop()
	}
	w.checkLogs()
}

// awaitEqualStates waits until the nodes have the same state at the same index.
func (w *world) awaitEqualStates(nodes ...*node) {
	w.t.Helper()
	w.eventually(patience, "all nodes have equal states", func() string {
		first := nodes[0].status()
		for _, n := range nodes[1:] {
			s := n.status()
			if s.StateHash == "" || s.StateHash != first.StateHash || s.Raft.FSMIndex != first.Raft.FSMIndex {
				return fmt.Sprintf("%s is at %d %s, %s at %d %s", nodes[0].id, first.Raft.FSMIndex, first.StateHash, n.id, s.Raft.FSMIndex, s.StateHash)
			}
		}
		return ""
	})
}

// readLast reads the registers on every node when nothing is written any more: what was acknowledged must be there.
func (w *world) readLast(nodes ...*node) {
	w.t.Helper()
	for _, n := range nodes {
		call := w.history.now()
		seen, err := n.readWeights(context.Background(), false)
		if err != nil {
			w.t.Errorf("read at the end: %v", err)
			continue
		}
		w.noteRead(writers+readers, n, call, seen)
	}
}

// checkClients checks what the clients saw.
func (w *world) checkClients() {
	w.t.Helper()
	operations := w.history.all()
	w.t.Logf("clients: %d operations, %d refused by their condition, %d unresolved",
		len(operations), w.history.count(refused), w.history.count(unknown))
	for _, o := range operations {
		if o.Verdict == odd {
			w.t.Errorf("a client got an odd answer: %s: %s", describe(o), o.Note)
		}
	}
	if err := checkHistory(operations, filepath.Join(w.dir, "history.html")); err != nil {
		w.t.Error(err)
	}
}

// checkLogs looks for what no log may hold.
func (w *world) checkLogs() {
	w.t.Helper()
	for _, n := range slices.Concat(w.nodes, w.gone) {
		text := n.output()
		for _, bad := range []string{"panic:", "fatal error:", "DATA RACE", clientKey, upstreamKey} {
			if i := strings.Index(text, bad); i >= 0 {
				w.t.Errorf("the log of %s holds %q:\n%s", n.id, bad, text[max(0, i-200):min(len(text), i+2000)])
			}
		}
	}
}

// keep writes down what a failed scenario needs to be understood.
func (w *world) keep() {
	faults := []error{
		saveLines(filepath.Join(w.dir, "history.jsonl"), w.history.all()),
		os.WriteFile(filepath.Join(w.dir, "events.txt"), []byte(strings.Join(w.events, "\n")+"\n"), 0o600),
	}
	if w.observer != nil {
		w.observer.stop()
		faults = append(faults, saveLines(filepath.Join(w.dir, "status.jsonl"), w.observer.samples))
	}
	if w.traffic != nil {
		w.traffic.stop()
		faults = append(faults, saveLines(filepath.Join(w.dir, "failed-requests.jsonl"), w.traffic.failed))
	}
	for _, err := range faults {
		if err != nil {
			w.t.Logf("keep what happened: %v", err)
		}
	}
	w.t.Logf("events:\n%s", strings.Join(w.events, "\n"))
	for _, n := range slices.Concat(w.nodes, w.gone) {
		if raw, err := os.ReadFile(n.log); err == nil {
			w.t.Logf("%s ends its log with:\n%s", n.id, tail(string(raw)))
		}
	}
	w.t.Logf("history, status, events, logs and data directories are kept in %s", w.dir)
}
