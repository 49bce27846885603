package fsm_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

func restoreError(m *machine, raw []byte) error {
	return m.Restore(io.NopCloser(bytes.NewReader(raw)))
}

// sampleLogOfLevel2 raises a cluster of level 1 and then uses everything that came with level 2.
func sampleLogOfLevel2(tb testing.TB) []*raft.Log {
	tb.Helper()
	change := fsm.ConfigChange{
		Settings:         &fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "weighted"}, ModelProviders: []string{"x"}},
		Instances:        []fsm.Instance{instance("z", 9), instance("b", 7)},
		DeletedInstances: []string{"a"},
		ClientKeys:       []fsm.ClientKey{clientKey("two"), clientKey("one")},
	}
	commands := []fsm.Command{
		initial(tb),
		command(tb, fsm.MemberSet, member2("n1")),
		command(tb, fsm.ConfigApply, change),
		keyed(weightOfA(tb, 5), "k1"),
		command(tb, fsm.LevelRaise, fsm.Level{Level: 2}),
		command(tb, fsm.LevelRaise, fsm.Level{Level: 2}),
		command(tb, fsm.LevelRaise, fsm.Level{Level: 1}),
		command(tb, fsm.MemberSet, member("n2")),
		by(keyed(weightOfA(tb, 6), "k2"), "team <one>"),
		by(keyed(command(tb, fsm.ConfigApply, change), "k3"), "cli"),
		by(keyed(command(tb, fsm.ConfigApply, change), "k3"), "cli"),
		command(tb, fsm.ConfigApply, change),
		command(tb, fsm.ConfigApply, fsm.ConfigChange{ClientKeys: []fsm.ClientKey{{Name: "two", Key: fsm.Sealed("other")}}, DeletedClientKeys: []string{"one"}}),
		by(command(tb, fsm.ConfigRollback, fsm.Rollback{Revision: 2}), "ops"),
		command(tb, fsm.ConfigRollback, fsm.Rollback{Revision: 1}),
		by(weightOfA(tb, 1), "é"),
		command(tb, fsm.MemberDelete, fsm.Name{Name: "n1"}),
		command(tb, fsm.InstanceDelete, fsm.Name{Name: "b"}),
		by(command(tb, fsm.ConfigApply, fsm.ConfigChange{
			Settings:  &fsm.Settings{ModelProviders: []string{"x"}, ModelAliases: map[string]string{"fast": "small", "best": "large"}},
			Instances: []fsm.Instance{withOptions("o")},
		}), "ops"),
		command(tb, fsm.ClusterReseal, fsm.Reseal{SealCheck: fsm.Sealed("c"), Instances: []fsm.Resealed{
			{Name: "o", Field: "headers.X-Team", Sealed: fsm.Sealed("anew")}, {Name: "o", Field: "proxy_password", Sealed: fsm.Sealed("anew")},
		}}),
	}
	var logs []*raft.Log
	for i, c := range commands {
		logs = append(logs, logEntry(tb, uint64(i+1), c))
	}
	return logs
}

func TestConfigApplyChangesAllAtOnce(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initialAt2(t))
	before, hash := m.View(), m.View().Hash()
	settings := fsm.Settings{ModelProviders: []string{"x"}}
	m.must(command(t, fsm.ConfigApply, fsm.ConfigChange{
		Settings:         &settings,
		Instances:        []fsm.Instance{instance("z", 1), instance("aa", 2), instance("b", 3)},
		DeletedInstances: []string{"a"},
		ClientKeys:       []fsm.ClientKey{clientKey("z"), clientKey("a")}, DeletedClientKeys: []string{"team"},
	}))
	want := fsm.Configuration{
		Settings:   settings,
		Instances:  []fsm.Instance{instance("aa", 2), instance("b", 3), instance("z", 1)},
		ClientKeys: []fsm.ClientKey{clientKey("a"), clientKey("z")},
	}
	if diff := cmp.Diff(want, configuration(m.View()), cmpopts.EquateEmpty()); diff != "" || m.View().Revision != 2 {
		t.Errorf("configuration of revision %d differs (-want +got):\n%s", m.View().Revision, diff)
	}
	if _, ok := m.View().ClientKey("z"); !ok {
		t.Error("the client key z is not found")
	}
	if before.Hash() != hash || len(before.ClientKeys) != 1 {
		t.Error("the earlier view was changed")
	}
	sameAfterReopening(t, m)
}

func TestConfigApplyOfNothingNew(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initialAt2(t))
	v := m.View()
	m.must(
		command(t, fsm.ConfigApply, fsm.ConfigChange{Settings: &v.Settings, Instances: v.Instances, ClientKeys: v.ClientKeys}),
		command(t, fsm.ConfigApply, fsm.ConfigChange{}),
		command(t, fsm.ConfigRollback, fsm.Rollback{Revision: 1}),
	)
	if v := m.View(); v.Revision != 1 || len(v.Audit()) != 1 {
		t.Errorf("revision %d, audit %v", v.Revision, summaries(v.Audit()))
	}
}

func TestLevel2Rejects(t *testing.T) {
	t.Parallel()
	apply := func(c fsm.ConfigChange) fsm.Command { return command(t, fsm.ConfigApply, c) }
	keys := make([]fsm.ClientKey, 1000)
	for i := range keys {
		keys[i] = clientKey(fmt.Sprint("k", i))
	}
	for _, tc := range []struct {
		name    string
		command fsm.Command
		code    fsm.RejectionCode
		message string
	}{
		{"bad settings", apply(fsm.ConfigChange{Settings: &fsm.Settings{ModelProviders: []string{""}}}), fsm.RejectedInvalid, "model provider is empty"},
		{"bad instance", apply(fsm.ConfigChange{Instances: []fsm.Instance{instance("new", 1), instance("a", -1)}}), fsm.RejectedInvalid, "weight -1"},
		{"instance twice", apply(fsm.ConfigChange{Instances: []fsm.Instance{instance("a", 1), instance("a", 2)}}), fsm.RejectedInvalid, "the instance a occurs twice"},
		{"instance set and deleted", apply(fsm.ConfigChange{Instances: []fsm.Instance{instance("a", 5)}, DeletedInstances: []string{"a"}}), fsm.RejectedInvalid, "the instance a occurs twice"},
		{"unknown instance", apply(fsm.ConfigChange{DeletedInstances: []string{"b", "nobody"}}), fsm.RejectedNotFound, "no instance named nobody"},
		{"bad name of an instance", apply(fsm.ConfigChange{DeletedInstances: []string{"a/b"}}), fsm.RejectedInvalid, "characters other than"},
		{"bad name of a client key", apply(fsm.ConfigChange{ClientKeys: []fsm.ClientKey{clientKey("a b")}}), fsm.RejectedInvalid, "characters other than"},
		{"client key without a key", apply(fsm.ConfigChange{ClientKeys: []fsm.ClientKey{{Name: "k"}}}), fsm.RejectedInvalid, "the client key k is empty"},
		{"large client key", apply(fsm.ConfigChange{ClientKeys: []fsm.ClientKey{{Name: "k", Key: make(fsm.Sealed, 16<<10+1)}}}), fsm.RejectedInvalid, "longer than 16384"},
		{"client key twice", apply(fsm.ConfigChange{ClientKeys: []fsm.ClientKey{clientKey("k"), clientKey("k")}}), fsm.RejectedInvalid, "the client key k occurs twice"},
		{"unknown client key", apply(fsm.ConfigChange{DeletedClientKeys: []string{"k"}}), fsm.RejectedNotFound, "no client key named k"},
		{"too many client keys", apply(fsm.ConfigChange{ClientKeys: keys}), fsm.RejectedInvalid, "1001 client keys, more than 1000"},
		{"stale revision", ifRevision(apply(fsm.ConfigChange{DeletedInstances: []string{"a"}}), 7), fsm.RejectedRevision, "the revision is 1, not 7"},
		{"rollback too far", command(t, fsm.ConfigRollback, fsm.Rollback{}), fsm.RejectedNotFound, "revision 0 is not kept, those from 1 to 1 are"},
		{"rollback to the future", command(t, fsm.ConfigRollback, fsm.Rollback{Revision: 2}), fsm.RejectedNotFound, "revision 2 is not kept"},
		{"lower level", command(t, fsm.LevelRaise, fsm.Level{Level: 1}), fsm.RejectedConflict, "can't go back to 1"},
		{"long by", by(weightOfA(t, 9), strings.Repeat("x", 129)), fsm.RejectedInvalid, "longer than 128"},
		{"by with a newline", by(weightOfA(t, 9), "a\nb"), fsm.RejectedInvalid, "printable ASCII"},
		{"old node", command(t, fsm.MemberSet, member("n1")), fsm.RejectedConflict, "understands feature level 1 and the cluster is at 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.must(initialAt2(t))
			hash := m.View().Hash()
			res := m.apply(tc.command)
			if res.Rejection == nil || res.Rejection.Code != tc.code || !strings.Contains(res.Rejection.Message, tc.message) {
				t.Errorf("rejection = %+v", res.Rejection)
			}
			if m.View().Hash() != hash {
				t.Error("a refused command changed the state")
			}
		})
	}
}

func ifRevision(c fsm.Command, revision uint64) fsm.Command {
	c.IfRevision = revision
	return c
}

func TestLevelIsRaisedWhenAllMembersHaveIt(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t), command(t, fsm.MemberSet, member2("n1")), command(t, fsm.MemberSet, member("n2")))
	raise := command(t, fsm.LevelRaise, fsm.Level{Level: 2})
	if res := m.apply(raise); res.Rejection == nil || res.Rejection.Message != "node n2 understands feature level 1 only, not 2" {
		t.Errorf("rejection = %v", res.Rejection)
	}
	early := m.apply(command(t, fsm.ConfigApply, fsm.ConfigChange{}))
	if early.Rejection == nil || early.Rejection.Message != "config.apply needs feature level 2 and the cluster is at 1" {
		t.Errorf("rejection = %v", early.Rejection)
	}
	if v := m.View(); v.FeatureLevel != 1 || len(v.Audit()) != 0 || len(v.Revisions()) != 0 {
		t.Errorf("level %d, audit %v", v.FeatureLevel, v.Audit())
	}
	m.must(command(t, fsm.MemberSet, member2("n2")), by(raise, "leader"))
	want := []string{"7 1 leader cluster.level : feature level 1 -> 2"}
	if diff := cmp.Diff(want, summaries(m.View().Revisions())); diff != "" || m.View().FeatureLevel != 2 {
		t.Errorf("level %d, revisions differ (-want +got):\n%s", m.View().FeatureLevel, diff)
	}
	m.must(weightOfA(t, 9), command(t, fsm.ConfigRollback, fsm.Rollback{Revision: 1}))
	if in, _ := m.View().Instance("a"); in.Weight != 1 {
		t.Errorf("weight %d after the rollback to the revision of level 1", in.Weight)
	}
	sameAfterReopening(t, m)
}

func TestFirstConfigurationOfLevel2(t *testing.T) {
	t.Parallel()
	refused := func(edit func(*fsm.Init)) string {
		m := newMachine(t)
		first := fsm.Init{ClusterID: "c", FeatureLevel: 2, ClientKeys: []fsm.ClientKey{clientKey("k")}}
		edit(&first)
		return m.apply(command(t, fsm.ClusterInit, first)).Rejection.Error()
	}
	for want, edit := range map[string]func(*fsm.Init){
		"client keys need feature level 2, not 1":            func(i *fsm.Init) { i.FeatureLevel = 1 },
		"the client key k occurs twice":                      func(i *fsm.Init) { i.ClientKeys = append(i.ClientKeys, clientKey("k")) },
		"there would be 1001 client keys, more than 1000":    func(i *fsm.Init) { i.ClientKeys = make([]fsm.ClientKey, 1001) },
		"the client key k is empty":                          func(i *fsm.Init) { i.ClientKeys[0].Key = nil },
		"the sealed client key k is longer than 16384 bytes": func(i *fsm.Init) { i.ClientKeys[0].Key = make(fsm.Sealed, 16<<10+1) },
	} {
		if got := refused(edit); got != want {
			t.Errorf("refused with %q, want %q", got, want)
		}
	}
}
