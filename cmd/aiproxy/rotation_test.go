package main

import (
	"strings"
	"testing"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
	"aiproxy/store"
)

func rotating(t *testing.T, secret string, previous ...config.Secret) *secrets {
	t.Helper()
	c := &config.Config{DataDir: t.TempDir()}
	c.Cluster.Secret, c.Cluster.SecretPrevious = config.Secret(secret), previous
	return secretsFor(t, c)
}

func TestResealLeavesNothingOfThePreviousSecret(t *testing.T) {
	t.Parallel()
	before := rotating(t, "the old secret")
	view := &fsm.View{
		SealCheck:  before.seal([]byte(sealCheck), sealCheckPurpose),
		Instances:  []fsm.Instance{{Name: "a", APIKey: before.sealAPIKey("sk-a")}, {Name: "open"}},
		ClientKeys: []fsm.ClientKey{{Name: "team", Key: before.seal([]byte("client"), clientKeyPurpose)}},
	}
	during := rotating(t, "the new secret", "the old secret")
	during.view = func() *fsm.View { return view }
	if err := during.check(view); err != nil {
		t.Fatal(err)
	}
	if key, err := before.openAPIKey(during.sealAPIKey("sk-b")); err != nil || key != "sk-b" {
		t.Errorf("a node that is not rotated yet opens %q, %v of what a rotated one sealed", key, err)
	}
	if got := during.countOthers(view); got != 3 {
		t.Errorf("%d values are sealed with the old secret, want 3", got)
	}
	change, err := during.reseal(view)
	if err != nil {
		t.Fatal(err)
	}
	view = &fsm.View{
		SealCheck:  change.SealCheck,
		Instances:  []fsm.Instance{{Name: "a", APIKey: change.Instances[0].Sealed}},
		ClientKeys: []fsm.ClientKey{{Name: "team", Key: change.ClientKeys[0].Sealed}},
	}
	after := rotating(t, "the new secret")
	if err := after.check(view); err != nil || after.countOthers(view) != 0 {
		t.Errorf("with the new secret alone: %v, %d left", err, after.countOthers(view))
	}
	if key, err := after.openAPIKey(view.Instances[0].APIKey); err != nil || key != "sk-a" {
		t.Errorf("opened %q, %v", key, err)
	}
	if err := before.check(view); err == nil || !strings.Contains(err.Error(), "--cluster-secret-previous") {
		t.Errorf("the old secret alone: %v", err)
	}
}

func TestResealNamesWhatItCannotOpen(t *testing.T) {
	t.Parallel()
	foreign := rotating(t, "somebody else's")
	view := &fsm.View{Instances: []fsm.Instance{{Name: "a", APIKey: foreign.sealAPIKey("sk-a")}}}
	change, err := rotating(t, "the new secret", "the old secret").reseal(view)
	if err == nil || !strings.Contains(err.Error(), "secret of a: ") || len(change.Instances) != 0 {
		t.Errorf("change of %d instances, error %v", len(change.Instances), err)
	}
}

func TestPreviousSecretNeedsACurrentOne(t *testing.T) {
	t.Parallel()
	c := &config.Config{DataDir: t.TempDir()}
	c.Cluster.SecretPrevious = []config.Secret{"the old secret"}
	if _, err := newSecrets(c); err == nil || !strings.Contains(err.Error(), "set --cluster-secret") {
		t.Errorf("error %v", err)
	}
}

func TestRotationSaysWhatIsNext(t *testing.T) {
	t.Parallel()
	before, during, after := rotating(t, "old"), rotating(t, "new", "old"), rotating(t, "new")
	oldID, newID := before.ring.KeyID(), after.ring.KeyID()
	node := func(id string, secretIDs ...string) store.MemberStatus {
		return store.MemberStatus{ID: id, SecretIDs: secretIDs}
	}
	oldView := &fsm.View{SealCheck: before.seal([]byte(sealCheck), sealCheckPurpose)}
	newView := &fsm.View{SealCheck: after.seal([]byte(sealCheck), sealCheckPurpose)}
	for _, tt := range []struct {
		name  string
		s     *secrets
		view  *fsm.View
		nodes []store.MemberStatus
		next  string
	}{
		{"none", before, oldView, []store.MemberStatus{node("n1", oldID), node("n2")}, ""},
		{"begun", during, oldView, []store.MemberStatus{node("n1", newID, oldID), node("n2", oldID), node("n3")}, "restart with the new secret, and the one before as --cluster-secret-previous: n2"},
		{"one is silent", during, oldView, []store.MemberStatus{node("n1", newID, oldID), node("n3")}, "start the nodes that do not answer, with the new secret: n3"},
		{"all know", during, oldView, []store.MemberStatus{node("n1", newID, oldID), node("n2", newID, oldID)}, "wait: the leader seals everything with the new secret"},
		{"sealed", during, newView, []store.MemberStatus{node("n1", newID, oldID), node("n2", newID)}, "restart each node without --cluster-secret-previous"},
		{"ended", after, newView, []store.MemberStatus{node("n1", newID), node("n2", newID, oldID)}, ""},
	} {
		if got := tt.s.rotation(tt.view, tt.nodes); got.Next != tt.next {
			t.Errorf("%s: next %q, want %q", tt.name, got.Next, tt.next)
		}
	}
}
