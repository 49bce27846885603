//go:build !aiproxy_level1

package fsm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
)

func TestResealChangesTheFormOfSecretsOnly(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initialAt2(t))
	m.must(command(t, fsm.InstanceSet, fsm.Instance{Name: "keyed", Provider: "p", BaseURL: "http://x", Weight: 1, APIKey: fsm.Sealed("before")}))
	m.must(weightOfA(t, 7))
	before := m.View()
	m.must(by(command(t, fsm.ClusterReseal, fsm.Reseal{
		SealCheck:  fsm.Sealed("new check"),
		Instances:  []fsm.Resealed{{Name: "keyed", Sealed: fsm.Sealed("after")}},
		ClientKeys: []fsm.Resealed{{Name: "team", Sealed: fsm.Sealed("after too")}},
	}), "leader"))
	sameAfterReopening(t, m)
	after := m.View()
	if after.Revision != before.Revision {
		t.Errorf("revision %d, want that of before, %d", after.Revision, before.Revision)
	}
	in, _ := after.Instance("keyed")
	key, _ := after.ClientKey("team")
	got := []string{string(after.SealCheck), string(in.APIKey), string(key.Key)}
	if diff := cmp.Diff([]string{"new check", "after", "after too"}, got); diff != "" {
		t.Errorf("sealed values (-want +got):\n%s", diff)
	}
	if a, _ := after.Instance("a"); a.Weight != 7 {
		t.Errorf("another instance has changed: %+v", a)
	}
	want := []string{"secrets sealed anew, instances: 1, client keys: 1"}
	if diff := cmp.Diff(want, after.Audit()[0].Summary); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	// An earlier revision would bring the old form back.
	if res := m.apply(command(t, fsm.ConfigRollback, fsm.Rollback{Revision: after.Revision - 1})); res.Rejection == nil {
		t.Error("a revision from before can be rolled back to")
	}
	m.must(weightOfA(t, 8), command(t, fsm.ConfigRollback, fsm.Rollback{Revision: after.Revision}))
	if a, _ := m.View().Instance("a"); a.Weight != 7 {
		t.Errorf("weight %d after the rollback of a later change, want 7", a.Weight)
	}
	sameAfterReopening(t, m)
}

func TestResealRejects(t *testing.T) {
	t.Parallel()
	check := fsm.Sealed("check")
	for _, tt := range []struct {
		name   string
		change fsm.Reseal
		want   string
	}{
		{"no check", fsm.Reseal{}, "the seal check takes 0 bytes"},
		{"unknown instance", fsm.Reseal{SealCheck: check, Instances: []fsm.Resealed{{Name: "nobody", Sealed: check}}}, "no instance named nobody"},
		{"instance without a key", fsm.Reseal{SealCheck: check, Instances: []fsm.Resealed{{Name: "open", Sealed: check}}}, "no instance named open with a key"},
		{"unknown client key", fsm.Reseal{SealCheck: check, ClientKeys: []fsm.Resealed{{Name: "nobody", Sealed: check}}}, "no client key named nobody"},
		{"empty client key", fsm.Reseal{SealCheck: check, ClientKeys: []fsm.Resealed{{Name: "team"}}}, "client key team takes 0 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.must(initialAt2(t))
			m.must(command(t, fsm.InstanceSet, fsm.Instance{Name: "open", Provider: "p", BaseURL: "http://x", Weight: 1}))
			hash := m.View().Hash()
			res := m.apply(command(t, fsm.ClusterReseal, tt.change))
			if res.Rejection == nil || !strings.Contains(res.Rejection.Message, tt.want) {
				t.Errorf("rejection %v, want %q", res.Rejection, tt.want)
			}
			if string(m.View().SealCheck) == "check" || m.View().Hash() != hash {
				t.Error("a rejected command has changed the state")
			}
		})
	}
}
