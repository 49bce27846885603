package admin_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/fsm/backup"
)

// secondConfiguration differs from the first in everything that a backup holds.
func secondConfiguration() fsm.Init {
	c := firstConfiguration()
	c.Settings.LoadBalancer.Algorithm = "weighted"
	c.Instances[0].Weight = 5
	c.Instances = append(c.Instances, fsm.Instance{
		Name: "b", Provider: "openai-custom", BaseURL: "http://b/v1", Weight: 1, Enabled: true, APIKey: fakeSealer{}.SealAPIKey("sk-b"),
	})
	c.ClientKeys = []fsm.ClientKey{{Name: "ci", Key: fakeSealer{}.SealClientKey("key-of-ci")}}
	return c
}

// backedUp makes a backup of a cluster with the configuration.
func backedUp(t *testing.T, c fsm.Init) string {
	t.Helper()
	answer := ask(newAPI(t, newMachine(t, c)), http.MethodGet, "/cluster/backup", "")
	if answer.Code != http.StatusOK {
		t.Fatalf("GET /cluster/backup: %d %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func TestBackupTellsWhereItIsFrom(t *testing.T) {
	t.Parallel()
	answer := ask(newAPI(t, newMachine(t, secondConfiguration())), http.MethodGet, "/cluster/backup", "")
	saved, err := backup.Read(bytes.NewReader(answer.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	h := saved.Header
	if h.ClusterID != "c1" || h.Node != "n1" || h.Version != "v1" || h.SealKey != "key-1" || h.Revision != 1 || h.Instances != 2 || h.ClientKeys != 1 {
		t.Errorf("header %+v", h)
	}
	if answer.Header().Get("X-Aiproxy-Index") != "1" || !strings.Contains(answer.Header().Get("Content-Disposition"), ".backup") {
		t.Errorf("headers %v", answer.Header())
	}
}

func TestRestoreReplacesTheConfigurationAndNothingElse(t *testing.T) {
	t.Parallel()
	file := backedUp(t, secondConfiguration())
	store := newMachine(t, firstConfiguration())
	api := newAPI(t, store)
	lines := []string{
		"~ settings.load_balancer.algorithm: round_robin -> weighted",
		"~ instances[a].weight: 1 -> 5",
		"+ instances[b]: provider openai-custom, base_url http://b/v1, models [], weight 1, priority 0",
		"+ client_keys[ci]",
	}
	dry := decodeChanged(t, ask(api, http.MethodPost, "/cluster/restore?dry_run=true", file))
	if diff := cmp.Diff(lines, dry.Diff.Lines); diff != "" || !dry.DryRun || store.View().Index != 1 {
		t.Errorf("dry run at index %d; lines (-want +got):\n%s", store.View().Index, diff)
	}
	done := decodeChanged(t, ask(api, http.MethodPost, "/cluster/restore", file, "If-Match", `"1"`))
	if diff := cmp.Diff(lines, done.Diff.Lines); diff != "" || done.Revision != 2 {
		t.Errorf("revision %d; lines (-want +got):\n%s", done.Revision, diff)
	}
	v, want := store.View(), secondConfiguration()
	if diff := cmp.Diff(want.Instances, v.Instances); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
	if v.Settings.LoadBalancer.Algorithm != "weighted" || len(v.ClientKeys) != 1 || v.ClusterID != "c1" {
		t.Errorf("view %+v", v)
	}
	again := decodeChanged(t, ask(api, http.MethodPost, "/cluster/restore", file))
	if len(again.Diff.Lines) != 0 || again.Revision != 2 {
		t.Errorf("the same backup again changes %v, revision %d", again.Diff.Lines, again.Revision)
	}
	if stale := ask(api, http.MethodPost, "/cluster/restore", backedUp(t, firstConfiguration()), "If-Match", `"1"`); stale.Code != http.StatusPreconditionFailed {
		t.Errorf("restore on a revision that has passed: %d %s", stale.Code, stale.Body)
	}
}

func TestRestoreRefusesWithTheReason(t *testing.T) {
	t.Parallel()
	file := backedUp(t, secondConfiguration())
	foreign := secondConfiguration()
	foreign.Instances[1].APIKey = fsm.Sealed("another box:sk-b")
	foreignKey := secondConfiguration()
	foreignKey.ClientKeys[0].Key = fsm.Sealed("another box:key")
	for _, tc := range []struct {
		name, file, want string
		code             int
	}{
		{"cut", file[:len(file)-100], "backup_damaged", http.StatusBadRequest},
		{"changed", strings.Replace(file, `"weight":5`, `"weight":6`, 1), "backup_damaged", http.StatusBadRequest},
		{"another file", `{"settings":{}}`, "backup_foreign", http.StatusBadRequest},
		{"nothing", "", "backup_foreign", http.StatusBadRequest},
		{"newer", strings.Replace(file, "aiproxy-backup 1", "aiproxy-backup 2", 1), "backup_newer", http.StatusBadRequest},
		{"too large", strings.Repeat("x", backup.MaxSize+1), "request_too_large", http.StatusRequestEntityTooLarge},
		{"API key sealed with another secret", backedUp(t, foreign), "can't open the API key of instance b", http.StatusConflict},
		{"client key sealed with another secret", backedUp(t, foreignKey), "can't open the client key ci", http.StatusConflict},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			store := newMachine(t, firstConfiguration())
			answer := ask(newAPI(t, store), http.MethodPost, "/cluster/restore", tc.file)
			if answer.Code != tc.code || !strings.Contains(answer.Body.String(), tc.want) || !strings.Contains(answer.Body.String(), "Nothing was changed") {
				t.Errorf("answer %d %s, want %d with %q", answer.Code, answer.Body, tc.code, tc.want)
			}
			if store.View().Index != 1 {
				t.Error("something was written")
			}
		})
	}
}
