package admin_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// machine is a store of one node: the real state machine without Raft.
type machine struct {
	*fsm.FSM

	mu    sync.Mutex
	index uint64
	// lost makes so many of the next writes take effect without an answer.
	lost int
}

func newMachine(t *testing.T, first fsm.Init) *machine {
	t.Helper()
	state, err := fsm.Open(filepath.Join(t.TempDir(), "state.db"), fsm.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{FSM: state}
	t.Cleanup(func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	first.ClusterID, first.FeatureLevel = "c1", fsm.FeatureLevel
	command, err := fsm.NewCommand(fsm.ClusterInit, first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	return m
}

// Apply implements admin.Store.
func (m *machine) Apply(_ context.Context, c fsm.Command) (fsm.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.index++
	c.At = time.Date(2026, 1, 1, 0, 0, int(m.index), 0, time.UTC)
	raw, err := c.Encode()
	if err != nil {
		return fsm.Receipt{}, err
	}
	result, _ := m.FSM.Apply(&raft.Log{Index: m.index, Term: 1, Type: raft.LogCommand, Data: raw}).(fsm.Result)
	if m.lost > 0 {
		m.lost--
		return fsm.Receipt{}, fsm.ErrIndeterminate
	}
	if result.Rejection != nil {
		return fsm.Receipt{}, result.Rejection
	}
	return fsm.Receipt{Index: result.Index, Revision: result.Revision, Applied: []string{"n1"}}, nil
}

func (m *machine) AwaitLatest(context.Context) error { return nil }

func (m *machine) AwaitIndex(context.Context, uint64) error { return nil }
