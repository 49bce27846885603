package store_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aiproxy/store"
)

func recoverDir(t *testing.T, dir string) (store.RecoveryPlan, store.RecoveryResult) {
	t.Helper()
	r, err := store.OpenRecovery(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	result, err := r.Run()
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return r.Plan(), result
}

// TestRecoveredNodeLeadsAloneAndOldOnesAreRefused loses two of three nodes, recovers the third, and lets the others come
// back: as they were, and with empty directories.
func TestRecoveredNodeLeadsAloneAndOldOnesAreRefused(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	if err := nodes[1].TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	if _, err := setWeight(t, nodes[0], 42); err != nil {
		t.Fatal(err)
	}
	old := nodes[0].View().ClusterID
	for _, n := range nodes {
		n.shutdown(t)
	}
	plan, result := recoverDir(t, nodes[1].config.Dir)
	others := []string{plan.Others[0].ID, plan.Others[1].ID}
	if plan.NodeID != "n2" || plan.ClusterID != old || plan.LastIndex == 0 || !slices.Equal(others, []string{"n1", "n3"}) {
		t.Errorf("plan %+v", plan)
	}
	for _, name := range []string{"raft.db", "state.db", "node.json", "snapshots"} {
		if _, err := os.Stat(filepath.Join(result.Kept, name)); err != nil {
			t.Errorf("an old file was not kept: %v", err)
		}
	}

	back := nodes[1].reopen(t)
	eventually(t, "the recovered node leads alone", func() bool { return back.leads() && back.votes() == 1 && back.Readiness().Ready() })
	if got := weightOn(back); got != 42 {
		t.Errorf("weight %d, want the last acknowledged 42", got)
	}
	if got := back.View().ClusterID; got == old || got != result.ClusterID {
		t.Errorf("cluster id %s, want a new one, %s", got, result.ClusterID)
	}
	if _, err := setWeight(t, back, 43); err != nil {
		t.Fatalf("write to the recovered cluster: %v", err)
	}

	foreign := nodes[0].reopen(t)
	eventually(t, "the node with its old data is refused, and says so", func() bool {
		return slices.ContainsFunc(foreign.Status(t.Context()).Nodes, func(m store.MemberStatus) bool {
			return m.ID == "n2" && strings.Contains(m.Error, "empty data directory")
		})
	})
	if foreign.leads() || back.votes() != 1 || !back.leads() {
		t.Error("the old node disturbs the recovered cluster")
	}
	foreign.shutdown(t)

	seeds := func(c *store.Config) { c.Seeds = []string{back.config.Address} }
	for i, n := range []*node{nodes[0], nodes[2]} {
		if err := os.RemoveAll(n.config.Dir); err != nil {
			t.Fatal(err)
		}
		joined := n.reopen(t, seeds)
		eventually(t, "the emptied node votes", func() bool { return back.votes() == i+2 && weightOn(joined) == 43 })
	}
}

func TestRecoveryOfALostLog(t *testing.T) {
	t.Parallel()
	used := usedDirectory(t)
	remove(t, used.config.Dir, "raft.db")
	recoverDir(t, used.config.Dir)
	back := used.reopen(t)
	eventually(t, "the recovered node leads", func() bool { return back.leads() && back.Readiness().Ready() })
	if got := weightOn(back); got != 6 {
		t.Errorf("weight %d, want the mirror's 6", got)
	}
}

func TestRecoveryOfADamagedSnapshot(t *testing.T) {
	t.Parallel()
	used := usedDirectory(t)
	replaceIn(t, filepath.Join(newestSnapshot(t, used.config.Dir), "state.bin"), `"weight":4`, `"weight":7`)
	recoverDir(t, used.config.Dir)
	back := used.reopen(t)
	eventually(t, "the recovered node leads", func() bool { return back.leads() && back.Readiness().Ready() })
	if got := weightOn(back); got != 6 {
		t.Errorf("weight %d, want 6", got)
	}
}

func TestRecoveryIsRefused(t *testing.T) {
	t.Parallel()
	used := usedDirectory(t)
	for _, tc := range []struct {
		name, want string
		harm       func(t *testing.T, dir string)
	}{
		{"no such directory", "is no data directory of a node", func(t *testing.T, dir string) {
			t.Helper()
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}},
		{"in no cluster", "nothing to recover", func(t *testing.T, dir string) {
			t.Helper()
			write(t, dir, "node.json", `{"format":1,"node_id":"n1","instance_id":"i"}`)
		}},
		{"state lost", "holds no state", loseState},
		{"damaged log", "raft.db is damaged", func(t *testing.T, dir string) {
			t.Helper()
			replaceIn(t, filepath.Join(dir, "raft.db"), `"weight":6`, `"weight":9`)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := copied(t, used).Dir
			tc.harm(t, dir)
			r, err := store.OpenRecovery(dir, slog.New(slog.DiscardHandler))
			if err == nil {
				_ = r.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
			if tc.name == "no such directory" {
				if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the directory was made: %v", err)
				}
			}
		})
	}
}

func TestRecoveryIsRefusedWhileANodeRuns(t *testing.T) {
	t.Parallel()
	n := open(t, "n1", nil)
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	_, err := store.OpenRecovery(n.config.Dir, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("got %v, want an error that says the directory is in use", err)
	}
}

// TestInterruptedRecoveryKeepsNodesFromStarting leaves the mark of a recovery that did not end, and runs it again.
func TestInterruptedRecoveryKeepsNodesFromStarting(t *testing.T) {
	t.Parallel()
	used := usedDirectory(t)
	path := filepath.Join(used.config.Dir, "node.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, used.config.Dir, "node.json", strings.Replace(string(raw), "{", `{"recovering":"recover-x",`, 1))
	refused(t, used.config, "a recovery was interrupted", "recover-x")
	recoverDir(t, used.config.Dir)
	back := used.reopen(t)
	eventually(t, "the recovered node leads", func() bool { return back.leads() })
}
