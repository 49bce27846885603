package fsm_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"aiproxy/fsm"
)

// TestMirrorThatCannotBeWrittenIsLeftBehind goes on from memory, and takes the mirror up again when it can be written.
func TestMirrorThatCannotBeWrittenIsLeftBehind(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		use  func(t *testing.T, m *machine, snapshot []byte) error
	}{
		{"apply", func(t *testing.T, m *machine, _ []byte) error {
			t.Helper()
			return m.Apply(m.entry(weightOfA(t, 9))).(fsm.Result).Fault
		}},
		{"restore", func(_ *testing.T, m *machine, snapshot []byte) error {
			return m.Restore(io.NopCloser(bytes.NewReader(snapshot)))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			other := newMachine(t)
			other.must(initial(t), weightOfA(t, 9))
			raw := takeSnapshot(t, other.FSM)

			m := newMachine(t)
			m.must(initial(t))
			if err := m.BreakMirror(); err != nil {
				t.Fatalf("break mirror: %v", err)
			}
			if err := tc.use(t, m, raw); err != nil {
				t.Fatalf("the state did not go on: %v", err)
			}
			if m.MirrorFault() == nil {
				t.Error("nobody learns that the mirror is behind")
			}
			if in, _ := m.View().Instance("a"); in.Weight != 9 {
				t.Errorf("weight %d, want 9", in.Weight)
			}
			repaired(t, m)
		})
	}
}

// repaired takes the mirror up again, first in vain, and makes sure that a restart finds all that was applied.
func repaired(t *testing.T, m *machine) {
	t.Helper()
	blocker := m.path + ".new"
	if err := os.MkdirAll(blocker+"/in/the/way", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := m.RepairMirror(); err == nil || m.MirrorFault() == nil {
		t.Errorf("repair with a directory in the way: %v, fault %v", err, m.MirrorFault())
	}
	if err := os.RemoveAll(blocker); err != nil {
		t.Fatal(err)
	}
	if err := m.RepairMirror(); err != nil || m.MirrorFault() != nil {
		t.Fatalf("repair: %v, fault %v", err, m.MirrorFault())
	}
	m.index = m.View().Index
	m.must(weightOfA(t, 11))
	want := m.View().Hash()
	m.reopen()
	if m.View().Index != m.index || m.View().Hash() != want {
		t.Errorf("the mirror is at %d, want %d, with the same state", m.View().Index, m.index)
	}
}

// TestMirrorLeftBehindIsAnEarlierState restarts while the mirror is behind: what it holds is whole, and the log brings
// the rest.
func TestMirrorLeftBehindIsAnEarlierState(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	if err := m.BreakMirror(); err != nil {
		t.Fatalf("break mirror: %v", err)
	}
	m.must(weightOfA(t, 9))
	_ = m.Close()
	m.open()
	if got := m.View().Index; got != 1 {
		t.Fatalf("the mirror is at %d, want 1", got)
	}
	m.index = 1
	m.must(weightOfA(t, 9))
	if in, _ := m.View().Instance("a"); in.Weight != 9 {
		t.Errorf("weight %d after the log was replayed, want 9", in.Weight)
	}
}
