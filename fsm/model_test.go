package fsm_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"aiproxy/fsm"
)

// randomLog draws a log after the initial command: few names, so that commands meet each other, few keys, so that
// they are used again, and now and then an entry that is no command or a gap in the indexes.
func randomLog(tb testing.TB) *rapid.Generator[[]*raft.Log] {
	tb.Helper()
	entry := rapid.Custom(func(r *rapid.T) *raft.Log {
		l := &raft.Log{Type: raft.LogConfiguration}
		if rapid.IntRange(0, 9).Draw(r, "kind of entry") > 0 {
			raw, err := randomCommand(r).Encode()
			if err != nil {
				r.Fatalf("encode: %v", err)
			}
			l.Type, l.Data = raft.LogCommand, raw
		}
		return l
	})
	return rapid.Custom(func(r *rapid.T) []*raft.Log {
		first := rapid.SampledFrom([]fsm.Command{initial(tb), initialAt2(tb)}).Draw(r, "first command")
		logs := append([]*raft.Log{logEntry(tb, 1, first)}, rapid.SliceOfN(entry, 1, 40).Draw(r, "entries")...)
		for i, l := range logs[1:] {
			l.Index = logs[i].Index + rapid.Uint64Range(1, 3).Draw(r, "distance")
			l.Term = 1 + l.Index/10
		}
		return logs
	})
}

func randomCommand(r *rapid.T) fsm.Command {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d", "", "not valid"}).Draw(r, "name")
	weight := rapid.IntRange(-1, 1001).Draw(r, "weight")
	in := instance(name, weight)
	n := member(name)
	n.Address = rapid.SampledFrom([]string{"", "one:1", "two:2"}).Draw(r, "address")
	n.FeatureLevel = rapid.IntRange(1, 2).Draw(r, "level of node")
	payloads := map[fsm.Type]any{
		fsm.ClusterInit:    fsm.Init{ClusterID: name, FeatureLevel: 1},
		fsm.SettingsSet:    fsm.Settings{ModelProviders: []string{name}},
		fsm.AlgorithmSet:   fsm.AlgorithmChange{Algorithm: name},
		fsm.InstanceSet:    in,
		fsm.InstanceUpdate: fsm.InstanceChange{Name: name, Weight: &weight, Enabled: rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(r, "enabled")},
		fsm.InstanceDelete: fsm.Name{Name: name},
		fsm.MemberSet:      n,
		fsm.MemberDelete:   fsm.Name{Name: name},
		fsm.ConfigApply:    randomChange(r, in),
		fsm.ConfigRollback: fsm.Rollback{Revision: rapid.Uint64Range(0, 12).Draw(r, "back to")},
		fsm.LevelRaise:     fsm.Level{Level: 2},
	}
	kind := rapid.SampledFrom([]fsm.Type{
		fsm.ClusterInit, fsm.SettingsSet, fsm.AlgorithmSet, fsm.InstanceSet,
		fsm.InstanceUpdate, fsm.InstanceDelete, fsm.MemberSet, fsm.MemberDelete,
		fsm.ConfigApply, fsm.ConfigApply, fsm.ConfigRollback, fsm.LevelRaise,
	}).Draw(r, "type")
	c, err := fsm.NewCommand(kind, payloads[kind])
	if err != nil {
		r.Fatalf("new command: %v", err)
	}
	c.Key = rapid.SampledFrom([]string{"", "", "k1", "k2", "k3", "bad\nkey"}).Draw(r, "key")
	c.By = rapid.SampledFrom([]string{"", "cli", "é"}).Draw(r, "by")
	c.IfRevision = rapid.Uint64Range(0, 3).Draw(r, "revision")
	return c
}

func randomChange(r *rapid.T, in fsm.Instance) fsm.ConfigChange {
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 2)
	change := fsm.ConfigChange{
		DeletedInstances: names.Draw(r, "deleted instances"), DeletedClientKeys: names.Draw(r, "deleted client keys"),
	}
	if rapid.Bool().Draw(r, "set an instance") {
		change.Instances = []fsm.Instance{in}
	}
	for _, name := range names.Draw(r, "client keys") {
		change.ClientKeys = append(change.ClientKeys, clientKey(name))
	}
	if rapid.Bool().Draw(r, "set settings") {
		change.Settings = &fsm.Settings{ModelProviders: names.Draw(r, "model providers")}
	}
	return change
}

// applyInBatches feeds the log in batches of random lengths and returns the results.
func applyInBatches(r *rapid.T, m *machine, logs []*raft.Log) []any {
	var out []any
	for len(logs) > 0 {
		n := rapid.IntRange(1, len(logs)).Draw(r, "length of batch")
		out = append(out, m.ApplyBatch(logs[:n])...)
		logs = logs[n:]
	}
	return out
}

// inDirectory returns a function that opens state machines on mirrors of their own.
func inDirectory(t *testing.T) func() *machine {
	t.Helper()
	dir, count := t.TempDir(), 0
	return func() *machine {
		count++
		m := &machine{t: t, path: filepath.Join(dir, strconv.Itoa(count))}
		m.open()
		return m
	}
}

func (m *machine) discard() {
	m.Close()
	os.Remove(m.path)
}

// TestSameLogSameState feeds one log to two replicas in different batches, one of which is restarted from its mirror
// at some point and one of which gets a snapshot of the other. All must end with one state and one set of answers.
func TestSameLogSameState(t *testing.T) {
	t.Parallel()
	open := inDirectory(t)
	logs := randomLog(t)
	rapid.Check(t, func(r *rapid.T) {
		log := logs.Draw(r, "log")
		one, other := open(), open()
		defer one.discard()
		defer other.discard()
		want := applyInBatches(r, one, log)

		cut := rapid.IntRange(0, len(log)).Draw(r, "restart after")
		got := applyInBatches(r, other, log[:cut])
		before := other.View()
		other.reopen()
		sameView(t, before, other.View())
		replayFrom := rapid.IntRange(0, cut).Draw(r, "replay from")
		got = append(got, applyInBatches(r, other, log[replayFrom:])[cut-replayFrom:]...)
		sameView(t, one.View(), other.View())
		for i := range want {
			if fmt.Sprintf("%+v", want[i]) != fmt.Sprintf("%+v", got[i]) {
				r.Fatalf("entry %d: %+v and %+v", i, want[i], got[i])
			}
		}

		third := open()
		defer third.discard()
		applyInBatches(r, third, log[:rapid.IntRange(0, len(log)).Draw(r, "behind")])
		restorePrefix(t, r, open, third, log)
		sameView(t, one.View(), third.View())
		third.reopen()
		sameView(t, one.View(), third.View())
	})
}

// restorePrefix restores a snapshot of a random prefix and applies the rest of the log, from some entry before on.
func restorePrefix(t *testing.T, r *rapid.T, open func() *machine, m *machine, log []*raft.Log) {
	t.Helper()
	at := rapid.IntRange(0, len(log)).Draw(r, "snapshot after")
	source := open()
	defer source.discard()
	source.ApplyBatch(log[:at])
	restore(t, m, takeSnapshot(t, source.FSM))
	sameView(t, source.View(), m.View())
	applyInBatches(r, m, log[rapid.IntRange(0, at).Draw(r, "resume from"):])
}
