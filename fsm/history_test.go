package fsm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"aiproxy/fsm"
)

func configuration(v *fsm.View) fsm.Configuration {
	return fsm.Configuration{Settings: v.Settings, Instances: v.Instances, ClientKeys: v.ClientKeys}
}

func summaries(changes []fsm.Change) []string {
	var all []string
	for _, c := range changes {
		all = append(all, fmt.Sprintf("%d %d %s %s %s: %s", c.Index, c.Revision, c.By, c.Type, c.Target, strings.Join(c.Summary, "; ")))
	}
	return all
}

// TestAuditTellsWhatChanged goes through all kinds of changes.
func TestAuditTellsWhatChanged(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(
		initialAt2(t),
		by(weightOfA(t, 3), "cli"),
		weightOfA(t, 3),
		command(t, fsm.AlgorithmSet, fsm.AlgorithmChange{Algorithm: "weighted"}),
		command(t, fsm.MemberSet, member2("n1")),
		command(t, fsm.MemberDelete, fsm.Name{Name: "n1"}),
		by(command(t, fsm.InstanceSet, fsm.Instance{Name: "a", Provider: "p", BaseURL: "https://user:password@host", APIKey: fsm.Sealed("other")}), "team"),
		command(t, fsm.InstanceDelete, fsm.Name{Name: "a"}),
		command(t, fsm.SettingsSet, fsm.Settings{ModelProviders: []string{"x", "y"}}),
		command(t, fsm.ConfigApply, fsm.ConfigChange{
			Instances: []fsm.Instance{instance("z", 4)}, DeletedInstances: []string{"b"},
			ClientKeys: []fsm.ClientKey{clientKey("new")}, DeletedClientKeys: []string{"team"},
		}),
		by(command(t, fsm.ConfigRollback, fsm.Rollback{Revision: 6}), "ops"),
	)
	want := []string{
		"11 8 ops config.rollback : instance b: added, openai-custom, weight 2; instance z: deleted; client key new: deleted; client key team: added",
		"10 7  config.apply : instance b: deleted; instance z: added, openai-custom, weight 4; client key team: deleted; client key new: added",
		"9 6  settings.set : load balancer: enabled true -> false; load balancer: algorithm weighted -> none; model providers: openai-custom -> x, y",
		"8 5  instance.delete a: instance a: deleted",
		"7 4 team instance.set a: instance a: provider openai-custom -> p, weight 3 -> 0, enabled true -> false, base URL changed, models changed, API key changed",
		"6 3  member.delete n1: node n1: removed",
		"4 3  settings.algorithm : load balancer: algorithm round_robin -> weighted",
		"2 2 cli instance.update a: instance a: weight 1 -> 3",
		"1 1  cluster.init : cluster started, instances: 2, client keys: 1",
	}
	if diff := cmp.Diff(want, summaries(m.View().Audit())); diff != "" {
		t.Errorf("audit differs (-want +got):\n%s", diff)
	}
	revisions := summaries(m.View().Revisions())
	want = append(want[:5:5], want[6:]...)
	if diff := cmp.Diff(want, revisions); diff != "" {
		t.Errorf("revisions differ (-want +got):\n%s", diff)
	}
	sameAfterReopening(t, m)
	if diff := cmp.Diff(want, summaries(m.View().Revisions())); diff != "" {
		t.Errorf("revisions after a restart differ (-want +got):\n%s", diff)
	}
}

func member2(id string) fsm.Member {
	m := member(id)
	m.FeatureLevel = 2
	return m
}

func TestLongChangeHasAShortSummary(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var many []fsm.Instance
	for i := range 50 {
		many = append(many, instance(fmt.Sprintf("i%02d", i), 1))
	}
	long := fsm.Settings{ModelProviders: []string{strings.Repeat("x", 128), strings.Repeat("y", 128)}}
	m.must(initialAt2(t), command(t, fsm.ConfigApply, fsm.ConfigChange{Settings: &long, Instances: many}))
	lines := m.View().Audit()[0].Summary
	if len(lines) != 21 || lines[20] != "and 33 more" || len(lines[2]) > 250 || !strings.HasSuffix(lines[2], "...") {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}

func TestAuditIsBounded(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initialAt2(t))
	var batch []*raft.Log
	for i := range 1300 {
		batch = append(batch, m.entry(weightOfA(t, i%2+2)))
		if len(batch) == 130 {
			m.ApplyBatch(batch)
			batch = nil
		}
	}
	check := func() {
		t.Helper()
		v := m.View()
		audit, revisions := v.Audit(), v.Revisions()
		if len(audit) != 1000 || audit[0].Index != 1301 || audit[999].Index != 302 {
			t.Errorf("audit has %d changes, %d to %d", len(audit), audit[0].Index, audit[len(audit)-1].Index)
		}
		if len(revisions) != 101 || revisions[0].Revision != 1301 || revisions[100].Revision != 1201 {
			t.Errorf("there are %d revisions, from %d", len(revisions), revisions[0].Revision)
		}
		if _, ok := v.At(1200); ok {
			t.Error("revision 1200 is still there")
		}
		if c, ok := v.At(1201); !ok || c.Instances[0].Weight != 3 {
			t.Errorf("revision 1201: %+v", c)
		}
	}
	check()
	sameAfterReopening(t, m)
	check()
}

// TestUndoIsBoundedByBytes changes large instances: the newest change can always be taken back, others only while
// they fit.
func TestUndoIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initialAt2(t))
	change := func(turn int) fsm.Command {
		var c fsm.ConfigChange
		for i := range 300 {
			in := instance(fmt.Sprintf("large%03d", i), turn)
			in.APIKey = make(fsm.Sealed, 16<<10)
			c.Instances = append(c.Instances, in)
		}
		return command(t, fsm.ConfigApply, c)
	}
	for turn := range 3 {
		m.must(change(turn))
	}
	// Undoing the first change is small. The others' undos are of 6.6 MB each.
	if got := len(m.View().Revisions()); got != 2 {
		t.Errorf("%d revisions are kept", got)
	}
	m.must(weightOfA(t, 7))
	if got := len(m.View().Revisions()); got != 3 {
		t.Errorf("%d revisions are kept after a small change", got)
	}
	hash := m.View().Hash()
	if m.reopen(); m.View().Hash() != hash {
		t.Error("the state after a restart differs")
	}
	m.must(command(t, fsm.ConfigRollback, fsm.Rollback{Revision: 3}))
	if in, _ := m.View().Instance("large000"); in.Weight != 1 {
		t.Errorf("weight %d after the rollback", in.Weight)
	}
}

// TestEveryRevisionComesBack draws a log and compares the configuration at each kept revision, before and after a
// restart and by a rollback, with what it was at that time.
func TestEveryRevisionComesBack(t *testing.T) {
	t.Parallel()
	open := inDirectory(t)
	logs := randomLog(t)
	rapid.Check(t, func(r *rapid.T) {
		m := open()
		defer m.discard()
		was := map[uint64]fsm.Configuration{}
		for _, l := range logs.Draw(r, "log") {
			m.Apply(l)
			was[m.View().Revision] = configuration(m.View())
		}
		m.index = m.View().Index
		for range 2 {
			for _, c := range m.View().Revisions() {
				got, ok := m.View().At(c.Revision)
				if diff := cmp.Diff(was[c.Revision], got, cmpopts.EquateEmpty()); diff != "" || !ok {
					r.Fatalf("revision %d differs, found %t (-want +got):\n%s", c.Revision, ok, diff)
				}
			}
			m.reopen()
		}
		kept := m.View().Revisions()
		if len(kept) == 0 {
			return // a log of feature level 1
		}
		to := rapid.SampledFrom(kept).Draw(r, "roll back to").Revision
		m.must(command(t, fsm.ConfigRollback, fsm.Rollback{Revision: to}))
		if diff := cmp.Diff(was[to], configuration(m.View()), cmpopts.EquateEmpty()); diff != "" {
			r.Fatalf("configuration after the rollback differs (-want +got):\n%s", diff)
		}
	})
}

func TestSnapshotRefusesBrokenHistory(t *testing.T) {
	t.Parallel()
	const (
		magic    = "aiproxy-fsm-snapshot 1"
		head     = `{"head":{"index":3,"term":1,"cluster_id":"c","feature_level":2,"revision":2}}`
		settings = `{"settings":{"load_balancer":{"enabled":false,"algorithm":""},"model_providers":[]}}`
		key      = `{"client_key":{"name":"k","key":"a2V5"}}`
		change   = `{"change":{"index":2,"revision":2,"at":"2026-11-23T12:00:00Z","type":"cluster.init"}}`
		base     = `{"revision":{"change":{"index":1,"revision":1,"at":"2026-11-23T12:00:00Z","type":"cluster.init"}}}`
		next     = `{"revision":{"change":{"index":2,"revision":2,"at":"2026-11-23T12:00:00Z","type":"settings.set"},"undo":{}}}`
	)
	for _, tc := range []struct {
		name    string
		raw     []byte
		message string
	}{
		{"good", signed(magic, head, settings, key, change, base, next), ""},
		{"level 1", signed(magic, strings.Replace(head, `level":2`, `level":1`, 1), settings, key), "row of feature level 2 in a state of level 1"},
		{"two tables in a row", signed(magic, head, settings, key[:len(key)-1]+","+change[1:]), "row of several tables"},
		{"a client key twice", signed(magic, head, settings, key, key), "client key k is out of order"},
		{"a change twice", signed(magic, head, settings, change, change), "audit of entry 2 is out of order"},
		{"a change from the future", signed(magic, head, settings, strings.Replace(change, `index":2`, `index":4`, 1)), "audit of entry 4 is out of order"},
		{"a revision twice", signed(magic, head, settings, base, base), "revision of entry 1 is out of order"},
		{"a missing revision", signed(magic, head, settings, base, strings.Replace(next, `revision":2`, `revision":3`, 1)), "revision 3 does not follow"},
		{"the newest missing", signed(magic, head, settings, base), "the newest revision kept is 1 and the current one 2"},
		{"an unknown field in an undo", signed(magic, head, settings, base, strings.Replace(next, `{}`, `{"x":1}`, 1)), "unknown field"},
		{"an undo with spaces", signed(magic, head, settings, base, strings.Replace(next, `{}`, `{ }`, 1)), "canonical form"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			err := restoreError(m, tc.raw)
			if tc.message == "" && err != nil || tc.message != "" && (err == nil || !strings.Contains(err.Error(), tc.message)) {
				t.Errorf("error = %v, want %q", err, tc.message)
			}
		})
	}
}
