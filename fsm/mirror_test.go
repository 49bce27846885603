package fsm_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	bolt "go.etcd.io/bbolt"

	"aiproxy/fsm"
)

// sampleLog is a log that uses every command, keys, rejections and other entries.
func sampleLog(tb testing.TB) []*raft.Log {
	tb.Helper()
	commands := []fsm.Command{
		initial(tb),
		keyed(command(tb, fsm.MemberSet, member("n1")), "join-n1"),
		keyed(weightOfA(tb, 5), "k1"),
		keyed(weightOfA(tb, 5), "k1"),
		keyed(command(tb, fsm.InstanceDelete, fsm.Name{Name: "nobody"}), "k2"),
		command(tb, fsm.AlgorithmSet, fsm.AlgorithmChange{Algorithm: "weighted"}),
		command(tb, fsm.InstanceSet, instance("c", 3)),
		command(tb, fsm.MemberSet, member("n2")),
		keyed(command(tb, fsm.InstanceDelete, fsm.Name{Name: "b"}), "k3"),
		command(tb, fsm.SettingsSet, fsm.Settings{ModelProviders: []string{"one", "two"}}),
		keyed(command(tb, fsm.MemberDelete, fsm.Name{Name: "n1"}), "k4"),
		command(tb, fsm.InstanceUpdate, fsm.InstanceChange{Name: "c", Enabled: new(false)}),
		command(tb, fsm.InstanceDelete, fsm.Name{Name: "b"}),
	}
	var logs []*raft.Log
	for i, c := range commands {
		if i%5 == 4 {
			logs = append(logs, &raft.Log{Index: uint64(len(logs) + 1), Term: 1, Type: raft.LogConfiguration})
		}
		logs = append(logs, logEntry(tb, uint64(len(logs)+1), c))
	}
	return logs
}

// TestMirrorHoldsEveryPrefix restarts after every entry, as a process that is killed there, and lets Raft replay from
// the beginning: what the mirror has is skipped, and the end is the same as without the restart.
func TestMirrorHoldsEveryPrefix(t *testing.T) {
	t.Parallel()
	logs := sampleLog(t)
	whole := newMachine(t)
	whole.ApplyBatch(logs)
	running := newMachine(t)
	for i, l := range logs {
		running.Apply(l)
		m := newMachine(t)
		m.ApplyBatch(logs[:i+1])
		sameView(t, running.View(), m.View())
		sameAfterReopening(t, m)
		if got := m.View(); got.Index != l.Index || got.Term != l.Term {
			t.Fatalf("reopened at %d of term %d, want %d of term %d", got.Index, got.Term, l.Index, l.Term)
		}
		for j, res := range m.ApplyBatch(logs) {
			if res := res.(fsm.Result); res.Skipped != (j <= i) || res.Index == 0 || res.Fault != nil {
				t.Fatalf("entry %d replayed after %d: %+v", j, i, res)
			}
		}
		sameView(t, whole.View(), m.View())
		sameAfterReopening(t, m)
	}
}

func TestMirrorFileMode(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	info, err := os.Stat(m.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
}

func TestMirrorIsLocked(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	if f, err := fsm.Open(m.path, fsm.Options{Timeout: 1}); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("opened twice: %v, %v", f, err)
	}
	m.must(weightOfA(t, 4))
}

func TestReadMirrorIndex(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newMachine(t)
	m.ApplyBatch(sampleLog(t))
	want := m.View().Index
	if err := m.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	empty := write(t, filepath.Join(dir, "empty"), nil)
	unused := filepath.Join(dir, "unused")
	other(t, unused, func(*bolt.Tx) error { return nil })
	for _, tc := range []struct {
		name, path string
		index      uint64
		ok         bool
	}{
		{"absent", filepath.Join(dir, "absent"), 0, false},
		{"empty", empty, 0, false},
		{"never written to", unused, 0, false},
		{"written", m.path, want, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			index, ok, err := fsm.ReadMirrorIndex(tc.path)
			if index != tc.index || ok != tc.ok || err != nil {
				t.Errorf("index %d, %t, %v", index, ok, err)
			}
			f, err := fsm.Open(tc.path, fsm.Options{NoSync: true})
			if err != nil || f.View().Index != tc.index {
				t.Fatalf("open: %v", err)
			}
			f.Close()
		})
	}
}

// other makes a bbolt file with what fill puts in it.
func other(t *testing.T, path string, fill func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true, NoFreelistSync: true})
	if err != nil {
		t.Fatalf("open bbolt: %v", err)
	}
	defer db.Close()
	if err := db.Update(fill); err != nil {
		t.Fatalf("fill bbolt: %v", err)
	}
}

func write(t *testing.T, path string, raw []byte) string {
	t.Helper()
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// put returns an edit that overwrites one row behind the mirror's back.
func put(bucket, key, value string) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucket)).Put([]byte(key), []byte(value)) }
}

func TestMirrorRefuses(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.ApplyBatch(sampleLog(t))
	m.Close()
	good, err := os.ReadFile(m.path)
	if err != nil {
		t.Fatal(err)
	}
	edited := func(edit func(*bolt.Tx) error) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			write(t, path, good)
			other(t, path, edit)
		}
	}
	bytesOf := func(raw []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) { t.Helper(); write(t, path, raw) }
	}
	for _, tc := range []struct {
		name    string
		make    func(t *testing.T, path string)
		is      error
		message string
	}{
		{"text", bytesOf([]byte(strings.Repeat("no mirror\n", 4000))), fsm.ErrMirrorForeign, ""},
		{"a few bytes", bytesOf([]byte("short")), fsm.ErrMirrorForeign, ""},
		{"another program's file", func(t *testing.T, path string) {
			t.Helper()
			other(t, path, func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("logs")); return err })
		}, fsm.ErrMirrorForeign, "no meta bucket"},
		{"another format", edited(put("meta", "format", "aiproxy-fsm-mirror 2")), fsm.ErrMirrorForeign, `its format is "aiproxy-fsm-mirror 2"`},
		{"truncated by half", bytesOf(good[:len(good)/2]), fsm.ErrMirrorDamaged, ""},
		{"truncated to a page", bytesOf(good[:4096]), fsm.ErrMirrorDamaged, ""},
		{"truncated within a page", bytesOf(good[:len(good)-4096*3-100]), fsm.ErrMirrorDamaged, ""},
		{"no head", edited(func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Delete([]byte("head")) }), fsm.ErrMirrorDamaged, "no head"},
		{"changed head", edited(put("meta", "head", strings.Repeat("x", 80))), fsm.ErrMirrorDamaged, "checksum of its head"},
		{"changed row", edited(put("instances", "a", `{"name":"a"}`)), fsm.ErrMirrorDamaged, "checksum of its rows"},
		{"additional row", edited(put("members", "zz", `{}`)), fsm.ErrMirrorDamaged, "checksum of its rows"},
		{"missing row", edited(func(tx *bolt.Tx) error { return tx.Bucket([]byte("instances")).Delete([]byte("a")) }), fsm.ErrMirrorDamaged, "checksum of its rows"},
		{"missing table", edited(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("keys")) }), fsm.ErrMirrorDamaged, "bucket keys is missing"},
		{"zeroes within", bytesOf(slices.Concat(good[:8192], make([]byte, len(good)-8192))), fsm.ErrMirrorDamaged, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "mirror.db")
			tc.make(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := fsm.ReadMirrorIndex(path); !errors.Is(err, tc.is) {
				t.Errorf("read index: %v", err)
			}
			f, err := fsm.Open(path, fsm.Options{NoSync: true})
			if f != nil || !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.message) || !strings.Contains(err.Error(), path) {
				t.Errorf("open: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the refused file was changed (error %v)", err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			fresh, err := fsm.Open(path, fsm.Options{NoSync: true})
			if err != nil {
				t.Fatalf("open after removal: %v", err)
			}
			fresh.Close()
		})
	}
}

func TestMirrorUnreadable(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "no", "such", "directory")
	if _, err := fsm.Open(missing, fsm.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("open without a directory: %v", err)
	}
	if _, _, err := fsm.ReadMirrorIndex(t.TempDir()); err == nil || errors.Is(err, fsm.ErrMirrorDamaged) {
		t.Errorf("a directory: %v", err)
	}
}

// TestMirrorFlippedBits damages single bytes anywhere in the file. Whatever opens must be a state that was once
// committed, and must still be one after it was written to.
func TestMirrorFlippedBits(t *testing.T) {
	t.Parallel()
	logs := sampleLog(t)
	m := newMachine(t)
	hashes := map[uint64]string{}
	for _, l := range logs {
		m.Apply(l)
		hashes[m.View().Index] = m.View().Hash()
	}
	m.Close()
	good, err := os.ReadFile(m.path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	refused := 0
	path := filepath.Join(t.TempDir(), "mirror.db")
	for range rounds {
		raw := slices.Clone(good)
		at, bit := rng.IntN(len(raw)), rng.IntN(8)
		raw[at] ^= 1 << bit
		write(t, path, raw)
		f, err := fsm.Open(path, fsm.Options{NoSync: true, OnFault: func(err error) { t.Errorf("byte %d: fault %v", at, err) }})
		if err != nil {
			if !errors.Is(err, fsm.ErrMirrorDamaged) && !errors.Is(err, fsm.ErrMirrorForeign) {
				t.Fatalf("byte %d: %v", at, err)
			}
			refused++
			continue
		}
		damaged := &machine{t: t, path: path, FSM: f}
		if v := f.View(); v.Hash() != hashes[v.Index] {
			t.Fatalf("byte %d: opened with another state at index %d", at, v.Index)
		}
		damaged.ApplyBatch(logs)
		if v := f.View(); v.Hash() != hashes[v.Index] {
			t.Fatalf("byte %d: another state after the replay", at)
		}
		sameAfterReopening(t, damaged)
		damaged.Close()
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
	t.Logf("refused %d of %d", refused, rounds)
}
