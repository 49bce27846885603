package fsm_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// machine is a state machine under test together with the log that was fed to it.
type machine struct {
	*fsm.FSM
	t     testing.TB
	path  string
	index uint64
}

// newMachine opens a state machine on a new mirror. A fault fails the test.
func newMachine(tb testing.TB) *machine {
	tb.Helper()
	m := &machine{t: tb, path: filepath.Join(tb.TempDir(), "mirror.db")}
	m.open()
	tb.Cleanup(func() { m.Close() })
	return m
}

func (m *machine) open() {
	m.t.Helper()
	f, err := fsm.Open(m.path, fsm.Options{
		NoSync:  true,
		OnFault: func(err error) { m.t.Errorf("unexpected fault: %v", err) },
	})
	if err != nil {
		m.t.Fatalf("open: %v", err)
	}
	m.FSM = f
}

// reopen closes the state machine and opens its mirror again.
func (m *machine) reopen() {
	m.t.Helper()
	if err := m.Close(); err != nil {
		m.t.Fatalf("close: %v", err)
	}
	m.open()
}

// entry encodes a command as the next entry of the log.
func (m *machine) entry(c fsm.Command) *raft.Log {
	m.t.Helper()
	m.index++
	return logEntry(m.t, m.index, c)
}

// apply applies one command and returns its result.
func (m *machine) apply(c fsm.Command) fsm.Result {
	m.t.Helper()
	return m.Apply(m.entry(c)).(fsm.Result)
}

// must applies commands that are to be accepted.
func (m *machine) must(commands ...fsm.Command) {
	m.t.Helper()
	for _, c := range commands {
		if res := m.apply(c); res.Rejection != nil || res.Fault != nil {
			m.t.Fatalf("apply %s: rejection %v, fault %v", c.Type, res.Rejection, res.Fault)
		}
	}
}

func logEntry(tb testing.TB, index uint64, c fsm.Command) *raft.Log {
	tb.Helper()
	raw, err := c.Encode()
	if err != nil {
		tb.Fatalf("encode: %v", err)
	}
	return &raft.Log{Index: index, Term: 1 + index/50, Type: raft.LogCommand, Data: raw}
}

// command makes a command, stamped with a fixed time.
func command(tb testing.TB, kind fsm.Type, payload any) fsm.Command {
	tb.Helper()
	c, err := fsm.NewCommand(kind, payload)
	if err != nil {
		tb.Fatalf("new command: %v", err)
	}
	c.At = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return c
}

func keyed(c fsm.Command, key string) fsm.Command {
	c.Key = key
	return c
}

// initial is the first command of a cluster with two instances.
func initial(tb testing.TB) fsm.Command {
	tb.Helper()
	return command(tb, fsm.ClusterInit, fsm.Init{
		ClusterID:    "c1",
		FeatureLevel: 1,
		Settings: fsm.Settings{
			LoadBalancer:   fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"},
			ModelProviders: []string{"openai-custom"},
		},
		Instances: []fsm.Instance{instance("b", 2), instance("a", 1)},
		SealCheck: fsm.Sealed("sealed constant"),
	})
}

// initialAt2 is the first command of a cluster of feature level 2, with a client key beside the two instances.
func initialAt2(tb testing.TB) fsm.Command {
	tb.Helper()
	c := initial(tb)
	var first fsm.Init
	if err := json.Unmarshal(c.Payload, &first); err != nil {
		tb.Fatalf("decode payload: %v", err)
	}
	first.FeatureLevel, first.ClientKeys = 2, []fsm.ClientKey{clientKey("team")}
	return command(tb, fsm.ClusterInit, first)
}

func clientKey(name string) fsm.ClientKey {
	return fsm.ClientKey{Name: name, Key: fsm.Sealed("sealed client key " + name)}
}

// by is the command as somebody wants it.
func by(c fsm.Command, who string) fsm.Command {
	c.By = who
	return c
}

func instance(name string, weight int) fsm.Instance {
	return fsm.Instance{
		Name: name, Provider: "openai-custom", BaseURL: "https://" + name + ".example/v1",
		Models: []string{"gpt-4o*"}, Weight: weight, Enabled: true, APIKey: fsm.Sealed("sealed key of " + name),
	}
}

func member(id string) fsm.Member {
	return fsm.Member{ID: id, InstanceID: "disk-" + id, Address: id + ".example:3000", Version: "v1", FeatureLevel: 1}
}
