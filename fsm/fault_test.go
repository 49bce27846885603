package fsm_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// faulty opens a state machine that records its faults.
func faulty(t *testing.T) (*machine, *[]error) {
	t.Helper()
	var faults []error
	m := &machine{t: t, path: filepath.Join(t.TempDir(), "mirror.db")}
	f, err := fsm.Open(m.path, fsm.Options{NoSync: true, OnFault: func(err error) { faults = append(faults, err) }})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	m.FSM = f
	t.Cleanup(func() { m.Close() })
	return m, &faults
}

func TestEntryThatCannotBeAppliedStops(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, data, message string
		is                  error
	}{
		{"unknown type", `{"v":1,"type":"cache.fly","at":"2026-11-23T12:00:00Z","payload":{}}`, `type "cache.fly"`, fsm.ErrUnknownType},
		{"newer level", `{"v":1,"type":"cluster.init","at":"2026-11-23T12:00:00Z","payload":{"cluster_id":"c1","feature_level":3}}`, "to feature level 3 where this build has 2", fsm.ErrFeatureLevel},
		{"newer envelope", `{"v":2,"type":"settings.set","at":"2026-11-23T12:00:00Z","payload":{}}`, "version 2 is not 1", nil},
		{"unknown field", `{"v":1,"type":"instance.update","at":"2026-11-23T12:00:00Z","payload":{"name":"a","colour":1}}`, "colour", nil},
		{"wrong kind of value", `{"v":1,"type":"instance.update","at":"2026-11-23T12:00:00Z","payload":{"name":"a","weight":"1"}}`, "decode payload of instance.update", nil},
		{"junk", "\x00\x01", "decode command", nil},
		{"nothing", "", "decode command", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m, faults := faulty(t)
			out := m.ApplyBatch([]*raft.Log{
				m.entry(initial(t)),
				{Index: 2, Term: 1, Type: raft.LogCommand, Data: []byte(tc.data)},
				logEntry(t, 3, weightOfA(t, 9)),
			})
			if len(*faults) != 1 {
				t.Fatalf("faults: %v", *faults)
			}
			fault := (*faults)[0]
			if !strings.Contains(fault.Error(), tc.message) || !strings.Contains(fault.Error(), "apply entry 2 of term 1") {
				t.Errorf("fault = %v", fault)
			}
			if tc.is != nil && !errors.Is(fault, tc.is) {
				t.Errorf("fault %v is not %v", fault, tc.is)
			}
			if res := out[0].(fsm.Result); res.Fault != nil || res.Revision != 1 {
				t.Errorf("entry before the fault: %+v", res)
			}
			for _, res := range out[1:] {
				if !errors.Is(res.(fsm.Result).Fault, fault) {
					t.Errorf("entry from the fault on: %+v", res)
				}
			}
			stays(t, m, faults)
			if index, ok, err := closedIndex(t, m); index != 1 || !ok || err != nil {
				t.Errorf("mirror at %d, %t, %v", index, ok, err)
			}
		})
	}
}

// stays makes sure that a stopped state machine does nothing more.
func stays(t *testing.T, m *machine, faults *[]error) {
	t.Helper()
	want := m.View()
	if res := m.Apply(logEntry(t, want.Index+7, weightOfA(t, 8))).(fsm.Result); res.Fault == nil {
		t.Errorf("a later entry: %+v", res)
	}
	if _, err := m.Snapshot(); err == nil {
		t.Error("a snapshot was taken of a state that may lack entries")
	}
	if err := m.Restore(io.NopCloser(&bytes.Buffer{})); err == nil || errors.Is(err, fsm.ErrSnapshotForeign) {
		t.Errorf("restore: %v", err)
	}
	if err := m.WaitIndex(t.Context(), want.Index+1); !errors.Is(err, (*faults)[0]) {
		t.Errorf("wait: %v", err)
	}
	if got := m.View(); got != want {
		t.Errorf("the view moved to %d", got.Index)
	}
	if len(*faults) != 1 {
		t.Errorf("faults: %v", *faults)
	}
}

func closedIndex(t *testing.T, m *machine) (uint64, bool, error) {
	t.Helper()
	if err := m.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return fsm.ReadMirrorIndex(m.path)
}

func TestFaultWithoutOwnerPanics(t *testing.T) {
	t.Parallel()
	f, err := fsm.Open(filepath.Join(t.TempDir(), "mirror.db"), fsm.Options{NoSync: true})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer f.Close()
	defer func() {
		if recover() == nil {
			t.Error("the fault went unnoticed")
		}
	}()
	f.Apply(&raft.Log{Index: 1, Type: raft.LogCommand, Data: []byte("junk")})
}

func TestClosed(t *testing.T) {
	t.Parallel()
	m, faults := faulty(t)
	m.must(initial(t))
	for range 2 {
		if err := m.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if res := m.apply(weightOfA(t, 3)); !errors.Is(res.Fault, fsm.ErrClosed) {
		t.Errorf("apply: %+v", res)
	}
	if _, err := m.Snapshot(); !errors.Is(err, fsm.ErrClosed) {
		t.Errorf("snapshot: %v", err)
	}
	if err := m.WaitIndex(t.Context(), 5); !errors.Is(err, fsm.ErrClosed) {
		t.Errorf("wait: %v", err)
	}
	if m.View().ClusterID != "c1" || len(*faults) != 0 {
		t.Errorf("view %+v, faults %v", m.View(), *faults)
	}
}
