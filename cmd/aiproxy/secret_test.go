package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
)

func secretsFor(t *testing.T, c *config.Config) *secrets {
	t.Helper()
	s, err := newSecrets(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLocalSecretOutlivesAnAPIKey starts a node without a secret, then with one: what was sealed can still be opened.
func TestLocalSecretOutlivesAnAPIKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := secretsFor(t, &config.Config{DataDir: dir})
	again := secretsFor(t, &config.Config{DataDir: dir})
	if !bytes.Equal(first.cluster, again.cluster) {
		t.Error("a restarted node has another secret")
	}
	sealed := first.sealAPIKey("sk-upstream")
	later := secretsFor(t, &config.Config{DataDir: dir, APIKeys: []config.Secret{"client-key"}})
	if key, err := later.openAPIKey(sealed); err != nil || key != "sk-upstream" {
		t.Errorf("opened %q, %v", key, err)
	}
	if info, err := os.Stat(filepath.Join(dir, localSecretFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the local secret's file: %v, %v", info, err)
	}
}

func TestAnotherSecretIsRefusedWithAdvice(t *testing.T) {
	t.Parallel()
	one := secretsFor(t, &config.Config{DataDir: t.TempDir(), APIKeys: []config.Secret{"one"}})
	two := secretsFor(t, &config.Config{DataDir: t.TempDir(), APIKeys: []config.Secret{"two"}})
	first, err := initial(&config.Config{}, one, "c1")
	if err != nil {
		t.Fatal(err)
	}
	view := &fsm.View{SealCheck: first.SealCheck}
	if err := one.check(view); err != nil {
		t.Errorf("the same secret: %v", err)
	}
	if err := two.check(view); err == nil || !strings.Contains(err.Error(), "--cluster-secret") {
		t.Errorf("another secret: %v", err)
	}
}

func TestEmptyLocalSecretIsRefusedWithAdvice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, localSecretFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newSecrets(&config.Config{DataDir: dir}); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("got %v", err)
	}
}

func TestDriftTellsWhatDiffersAndNoSecret(t *testing.T) {
	t.Parallel()
	s := secretsFor(t, &config.Config{DataDir: t.TempDir(), APIKeys: []config.Secret{"one"}})
	here := config.Instance{Name: "a", Provider: "openai-custom", BaseURL: "http://here", APIKey: "sk-here", Weight: 2, Enabled: true}
	held := fsm.Instance{Name: "a", Provider: "openai-custom", Weight: 2, Enabled: true}
	held.BaseURL, held.APIKey = "http://there", s.sealAPIKey("sk-there")
	c := &config.Config{Instances: []config.Instance{here, {Name: "new", Provider: "openai-custom", APIKey: "k"}}}
	found := strings.Join(drift(c, s, &fsm.View{ClusterID: "c1", Instances: []fsm.Instance{held, {Name: "old"}}}), "\n")
	for _, want := range []string{"instance a: base_url here http://here, in the cluster http://there", "instance a: api_key differs", "instance new: only here", "instance old: only in the cluster"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is missing in:\n%s", want, found)
		}
	}
	if strings.Contains(found, "sk-") {
		t.Errorf("a secret is shown:\n%s", found)
	}
	if early := drift(c, s, &fsm.View{}); early != nil {
		t.Errorf("drift from a cluster that has no state yet: %v", early)
	}
}
