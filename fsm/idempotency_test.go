package fsm_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

func weightOfA(tb testing.TB, weight int) fsm.Command {
	tb.Helper()
	return command(tb, fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: &weight})
}

func TestRepeatedKeyIsAnsweredFromMemory(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		again func(t *testing.T, m *machine)
	}{
		{"at once", func(*testing.T, *machine) {}},
		{"after a restart", func(_ *testing.T, m *machine) { m.reopen() }},
		{"after a snapshot", func(t *testing.T, m *machine) {
			t.Helper()
			restore(t, m, takeSnapshot(t, m.FSM))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.must(initial(t))
			accepted := m.apply(keyed(weightOfA(t, 5), "k1"))
			rejected := m.apply(keyed(command(t, fsm.InstanceDelete, fsm.Name{Name: "nobody"}), "k2"))
			m.must(weightOfA(t, 6))
			tc.again(t, m)
			accepted.Repeated, rejected.Repeated = true, true
			if diff := cmp.Diff(accepted, m.apply(keyed(weightOfA(t, 5), "k1"))); diff != "" {
				t.Errorf("repeated success differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(rejected, m.apply(keyed(command(t, fsm.InstanceDelete, fsm.Name{Name: "nobody"}), "k2"))); diff != "" {
				t.Errorf("repeated rejection differs (-want +got):\n%s", diff)
			}
			if in, _ := m.View().Instance("a"); in.Weight != 6 || m.View().Revision != 3 {
				t.Errorf("a repetition took effect: weight %d, revision %d", in.Weight, m.View().Revision)
			}
		})
	}
}

func TestRepeatedKeyWithinABatch(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	out := m.ApplyBatch([]*raft.Log{m.entry(keyed(weightOfA(t, 5), "k")), m.entry(keyed(weightOfA(t, 5), "k"))})
	want := []any{fsm.Result{Index: 2, Revision: 2}, fsm.Result{Index: 2, Revision: 2, Repeated: true}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("results differ (-want +got):\n%s", diff)
	}
}

func TestKeyOfAnotherCommandIsAConflict(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t), keyed(weightOfA(t, 5), "k"))
	for _, c := range []fsm.Command{
		command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "b", Weight: new(5)}),
		command(t, fsm.InstanceDelete, fsm.Name{Name: "a"}),
	} {
		if res := m.apply(keyed(c, "k")); res.Rejection == nil || res.Rejection.Code != fsm.RejectedConflict {
			t.Errorf("%s with a used key: %+v", c.Type, res)
		}
	}
	if res := m.apply(keyed(weightOfA(t, 5), "k")); res.Rejection != nil || !res.Repeated {
		t.Errorf("the conflict was remembered: %+v", res)
	}
}

// TestOldKeysAreForgotten makes sure that exactly the last 1024 keys are remembered, in memory as in the mirror.
func TestOldKeysAreForgotten(t *testing.T) {
	t.Parallel()
	const remembered = 1024
	m := newMachine(t)
	m.must(initial(t))
	key := func(i int) string { return fmt.Sprintf("key-%d", i) }
	for i := 0; i < remembered+100; {
		var batch []*raft.Log
		for range 1 + i%7 {
			batch = append(batch, m.entry(keyed(weightOfA(t, i%1000), key(i))))
			i++
		}
		m.ApplyBatch(batch)
	}
	last := int(m.index) - 2
	sameAfterReopening(t, m)
	oldest := last - remembered + 1
	if res := m.apply(keyed(weightOfA(t, 1), key(oldest))); !res.Repeated {
		t.Errorf("key %d of %d is forgotten", oldest, last)
	}
	if res := m.apply(keyed(weightOfA(t, 1), key(oldest-1))); res.Repeated {
		t.Errorf("key %d of %d is remembered", oldest-1, last)
	}
	if res := m.apply(keyed(weightOfA(t, 1), key(oldest))); res.Repeated {
		t.Errorf("key %d is remembered although a newer one took its place", oldest)
	}
	sameAfterReopening(t, m)
}

func TestMemoryIsPartOfTheHash(t *testing.T) {
	t.Parallel()
	one, other := newMachine(t), newMachine(t)
	one.must(initial(t), keyed(weightOfA(t, 5), "k1"))
	other.must(initial(t), keyed(weightOfA(t, 5), "k2"))
	if one.View().Hash() == other.View().Hash() {
		t.Error("states that remember different keys have one hash")
	}
}

// takeSnapshot returns the bytes of a snapshot of the current state.
func takeSnapshot(tb testing.TB, f *fsm.FSM) []byte {
	tb.Helper()
	s, err := f.Snapshot()
	if err != nil {
		tb.Fatalf("snapshot: %v", err)
	}
	defer s.Release()
	var sink memorySink
	if err := s.Persist(&sink); err != nil {
		tb.Fatalf("persist: %v", err)
	}
	if !sink.closed || sink.canceled {
		tb.Fatalf("sink closed %t, canceled %t", sink.closed, sink.canceled)
	}
	return sink.Bytes()
}

func restore(tb testing.TB, m *machine, raw []byte) {
	tb.Helper()
	if err := m.Restore(io.NopCloser(bytes.NewReader(raw))); err != nil {
		tb.Fatalf("restore: %v", err)
	}
}

// memorySink is a raft.SnapshotSink in memory. It fails once it would hold more than limit bytes, where that is set.
type memorySink struct {
	bytes.Buffer
	limit            int
	closed, canceled bool
}

func (s *memorySink) Write(p []byte) (int, error) {
	if s.limit > 0 && s.Len()+len(p) > s.limit {
		return 0, io.ErrShortWrite
	}
	return s.Buffer.Write(p)
}

func (s *memorySink) ID() string    { return "in memory" }
func (s *memorySink) Close() error  { s.closed = true; return nil }
func (s *memorySink) Cancel() error { s.canceled = true; return nil }
