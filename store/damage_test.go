package store_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/store"
)

// usedDirectory runs a lone node until its directory holds a snapshot and a log before and after it, and stops it.
func usedDirectory(t *testing.T) *node {
	t.Helper()
	n := open(t, "n1", nil)
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	for weight := 2; weight <= 6; weight++ {
		if _, err := setWeight(t, n, weight); err != nil {
			t.Fatal(err)
		}
		if weight == 4 {
			if err := n.TakeSnapshot(); err != nil {
				t.Fatal(err)
			}
		}
	}
	n.shutdown(t)
	return n
}

// copied returns a configuration that opens a copy of the stopped node's directory.
func copied(t *testing.T, n *node) store.Config {
	t.Helper()
	c := n.config
	c.Dir = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(c.Dir, os.DirFS(n.config.Dir)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDamagedDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	used := usedDirectory(t)
	for _, tc := range []struct {
		name string
		harm func(t *testing.T, dir string)
		want []string
	}{
		{"raft.db lost, snapshot beyond the mirror", func(t *testing.T, dir string) {
			t.Helper()
			remove(t, dir, "raft.db")
			remove(t, dir, "state.db")
		}, []string{"raft.db is missing or empty", "join anew"}},
		{"raft.db empty", func(t *testing.T, dir string) { t.Helper(); write(t, dir, "raft.db", "") }, []string{"missing or empty"}},
		{"raft.db cut to a size that is no page's", func(t *testing.T, dir string) {
			t.Helper()
			truncate(t, filepath.Join(dir, "raft.db"), 10_001)
		}, []string{"raft.db is damaged", "join anew"}},
		{"raft.db cut by a page", func(t *testing.T, dir string) {
			t.Helper()
			truncate(t, filepath.Join(dir, "raft.db"), 4*4096)
		}, []string{"raft.db is damaged"}},
		{"entry of raft.db changed", func(t *testing.T, dir string) {
			t.Helper()
			replaceIn(t, filepath.Join(dir, "raft.db"), `"weight":6`, `"weight":9`)
		}, []string{"raft.db is damaged", "checksum does not match"}},
		{"raft.db a directory", func(t *testing.T, dir string) {
			t.Helper()
			remove(t, dir, "raft.db")
			mkdir(t, filepath.Join(dir, "raft.db"))
		}, []string{"raft.db must be a file"}},
		{"snapshot changed", func(t *testing.T, dir string) {
			t.Helper()
			replaceIn(t, filepath.Join(newestSnapshot(t, dir), "state.bin"), `"weight":4`, `"weight":7`)
		}, []string{"snapshots", "is damaged", "join anew"}},
		{"snapshot cut", func(t *testing.T, dir string) {
			t.Helper()
			truncate(t, filepath.Join(newestSnapshot(t, dir), "state.bin"), 100)
		}, []string{"snapshots", "is damaged"}},
		{"snapshots a file", func(t *testing.T, dir string) {
			t.Helper()
			if err := os.RemoveAll(filepath.Join(dir, "snapshots")); err != nil {
				t.Fatal(err)
			}
			write(t, dir, "snapshots", "")
		}, []string{"snapshots is a file, and must be a directory"}},
		{"node file of another cluster", func(t *testing.T, dir string) {
			t.Helper()
			write(t, dir, "node.json", `{"format":1,"node_id":"n1","instance_id":"x","cluster_id":"other"}`)
		}, []string{`is of cluster "other"`, "move it away"}},
		{"node file without a format", func(t *testing.T, dir string) {
			t.Helper()
			write(t, dir, "node.json", `{"node_id":"n1","instance_id":"x"}`)
		}, []string{"node.json is damaged"}},
		{"node file a directory", func(t *testing.T, dir string) {
			t.Helper()
			remove(t, dir, "node.json")
			mkdir(t, filepath.Join(dir, "node.json"))
		}, []string{"node.json must be a file"}},
		{"node file lost, snapshots there", func(t *testing.T, dir string) {
			t.Helper()
			remove(t, dir, "node.json")
			remove(t, dir, "raft.db")
			remove(t, dir, "state.db")
		}, []string{"holds snapshots but no node.json"}},
		{"mirror of another format", func(t *testing.T, dir string) {
			t.Helper()
			write(t, dir, "state.db", strings.Repeat("not a mirror\n", 1000))
		}, []string{"state.db was not written by this version", "remove the file"}},
		{"mirror a directory", func(t *testing.T, dir string) {
			t.Helper()
			remove(t, dir, "state.db")
			mkdir(t, filepath.Join(dir, "state.db"))
		}, []string{"state.db must be a file"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := copied(t, used)
			tc.harm(t, c.Dir)
			refused(t, c, tc.want...)
		})
	}
}

// TestDirectoryThatCannotBeUsedIsRefused needs no root: it puts a file where a directory should be.
func TestDirectoryThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "file", "")
	for _, path := range []string{filepath.Join(dir, "file"), filepath.Join(dir, "file", "below")} {
		n := open(t, "n1", nil)
		n.shutdown(t)
		c := n.config
		c.Dir = path
		refused(t, c, path, "a file where a directory should be")
	}
}

// TestFlippedBitIsNeverServed flips single bits all over raft.db: it is refused, or what is read is what was written.
func TestFlippedBitIsNeverServed(t *testing.T) {
	t.Parallel()
	used := usedDirectory(t)
	want, err := store.ReadEntries(used.config.Dir)
	if err != nil || len(want) < 6 {
		t.Fatalf("%d entries, %v", len(want), err)
	}
	raw, err := os.ReadFile(filepath.Join(used.config.Dir, "raft.db"))
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	dir, noticed, flips := t.TempDir(), 0, 500
	for range flips {
		// bbolt itself checks the first two pages, and goes on with the one that is whole.
		at := 2*os.Getpagesize() + random.IntN(len(raw)-2*os.Getpagesize())
		harmed := slices.Clone(raw)
		harmed[at] ^= 1 << random.IntN(8)
		write(t, dir, "raft.db", string(harmed))
		got, err := store.ReadEntries(dir)
		if err != nil {
			noticed++
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("a flip in byte %d (seed %d) changed what is read (-want +got):\n%s", at, seed, diff)
		}
	}
	if noticed == 0 {
		t.Errorf("none of %d flips was noticed (seed %d)", flips, seed)
	}
}

// refused makes sure that the directory does not open, and that the error says what it should.
func refused(t *testing.T, c store.Config, want ...string) {
	t.Helper()
	s, err := store.Open(c)
	if err == nil {
		_ = s.Shutdown(t.Context())
		t.Fatal("the directory was opened")
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %v\nlacks %q", err, text)
		}
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Size() <= size {
		t.Fatalf("%s has %d bytes, can't be cut to %d: %v", path, info.Size(), size, err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// replaceIn changes all occurrences of a text in a file to one of the same length.
func replaceIn(t *testing.T, path, old, next string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		t.Fatalf("%s does not hold %s", path, old)
	}
	write(t, filepath.Dir(path), filepath.Base(path), strings.ReplaceAll(string(raw), old, next))
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// newestSnapshot is the path of the newest snapshot's directory.
func newestSnapshot(t *testing.T, dir string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "snapshots", "*-*-*"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no snapshot in %s: %v", dir, err)
	}
	return all[len(all)-1]
}
