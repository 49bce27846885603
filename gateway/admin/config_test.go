package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway/admin"
	"aiproxy/gateway/admin/document"
)

func firstConfiguration() fsm.Init {
	return fsm.Init{
		Settings: fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"}, ModelProviders: []string{"openai-custom"}},
		Instances: []fsm.Instance{
			{Name: "a", Provider: "openai-custom", BaseURL: "http://a/v1", Weight: 1, Enabled: true, APIKey: fakeSealer{}.SealAPIKey("sk-a")},
		},
	}
}

// readConfig returns the document that GET /config answers.
func readConfig(t *testing.T, api http.Handler) document.Document {
	t.Helper()
	answer := ask(api, http.MethodGet, "/config", "")
	d, err := document.Parse(answer.Body.Bytes(), document.Rules{})
	if err != nil || answer.Code != http.StatusOK {
		t.Fatalf("GET /config: %d %s: %v", answer.Code, answer.Body, err)
	}
	return d
}

func textOf(t *testing.T, d document.Document) string {
	t.Helper()
	text, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// changed is the answer to a write of the configuration or to a dry run of one.
type changed struct {
	DryRun   bool     `json:"dry_run"`
	Index    uint64   `json:"index"`
	Revision uint64   `json:"revision"`
	Applied  []string `json:"applied"`
	Diff     struct {
		Lines   []string         `json:"lines"`
		Changes []map[string]any `json:"changes"`
	} `json:"diff"`
}

func decodeChanged(t *testing.T, answer *httptest.ResponseRecorder) changed {
	t.Helper()
	var c changed
	if err := json.Unmarshal(answer.Body.Bytes(), &c); err != nil || answer.Code != http.StatusOK {
		t.Fatalf("answer %d %s: %v", answer.Code, answer.Body, err)
	}
	return c
}

func TestConfigIsToldInBothFormsWithSealedSecrets(t *testing.T) {
	t.Parallel()
	api := newAPI(t, newMachine(t, firstConfiguration()))
	for accept, kind := range map[string]string{"": "application/json", "application/yaml": "application/yaml", "text/yaml": "application/yaml"} {
		answer := ask(api, http.MethodGet, "/config", "", "Accept", accept)
		if answer.Header().Get("ETag") != `"1"` || answer.Header().Get("Content-Type") != kind {
			t.Errorf("Accept %q: headers %v", accept, answer.Header())
		}
		if text := answer.Body.String(); strings.Contains(text, "sk-a") || !strings.Contains(text, "sealed:") {
			t.Errorf("Accept %q: %s", accept, text)
		}
	}
}

func TestPutChangesWhatDiffersInOneCommand(t *testing.T) {
	t.Parallel()
	store := newMachine(t, firstConfiguration())
	api := newAPI(t, store)
	d := readConfig(t, api)
	d.Settings.LoadBalancer.Algorithm = "weighted"
	d.Instances[0].Weight = 3
	d.Instances = append(d.Instances, document.Instance{Name: "b", Provider: "openai", BaseURL: "http://b/v1", APIKey: "sk-b", Weight: 1, Enabled: true})
	d.ClientKeys = append(d.ClientKeys, document.ClientKey{Name: "ci", Key: "key-of-ci"})
	lines := []string{
		"~ settings.load_balancer.algorithm: round_robin -> weighted",
		"~ instances[a].weight: 1 -> 3",
		"+ instances[b]: provider openai-custom, base_url http://b/v1, models [], weight 1, priority 0",
		"+ client_keys[ci]",
	}

	for _, parameter := range []string{"?dry_run=true", "?dry_run", "?dry_run=1"} {
		dry := decodeChanged(t, ask(api, http.MethodPut, "/config"+parameter, textOf(t, d)))
		if diff := cmp.Diff(lines, dry.Diff.Lines); diff != "" || !dry.DryRun || dry.Revision != 1 || store.View().Index != 1 {
			t.Errorf("%s answered %+v at index %d; lines (-want +got):\n%s", parameter, dry, store.View().Index, diff)
		}
	}

	answer := ask(api, http.MethodPut, "/config", textOf(t, d), "If-Match", `"1"`)
	got := decodeChanged(t, answer)
	if diff := cmp.Diff(lines, got.Diff.Lines); diff != "" || got.DryRun || got.Revision != 2 || got.Index != 2 || len(got.Applied) != 1 {
		t.Errorf("answered %+v; lines (-want +got):\n%s", got, diff)
	}
	if answer.Header().Get("ETag") != `"2"` || answer.Header().Get("X-Aiproxy-Index") != "2" || answer.Header().Get("Idempotency-Key") == "" {
		t.Errorf("headers %v", answer.Header())
	}
	want := map[string]any{"op": "change", "path": "instances[a].weight", "from": 1.0, "to": 3.0}
	if diff := cmp.Diff(want, got.Diff.Changes[1]); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
	if strings.Contains(answer.Body.String(), "sk-b") || strings.Contains(answer.Body.String(), "key-of-ci") {
		t.Errorf("the answer tells a secret: %s", answer.Body)
	}
	v := store.View()
	if in, _ := v.Instance("b"); string(in.APIKey) != "box:sk-b" || len(v.ClientKeys) != 1 || string(v.ClientKeys[0].Key) != "box:key-of-ci" {
		t.Errorf("state %+v %+v", in, v.ClientKeys)
	}

	again := decodeChanged(t, ask(api, http.MethodPut, "/config", textOf(t, readConfig(t, api))))
	if again.Revision != 2 || len(again.Diff.Lines) != 0 {
		t.Errorf("what was read and written back: %+v", again)
	}
}

func TestPutTellsAllFaults(t *testing.T) {
	t.Parallel()
	store := newMachine(t, firstConfiguration())
	api := newAPI(t, store)
	const text = `{"settings": {"load_balancer": {"enabled": true, "algorithm": "fastest"}, "model_providers": []}, "client_keys": [],
		"instances": [{"name": "a", "provider": "openai-custom", "base_url": "http://a", "wieght": 1}]}`
	for _, parameter := range []string{"", "?dry_run=true"} {
		answer := ask(api, http.MethodPut, "/config"+parameter, text)
		var got struct {
			Error  struct{ Message, Code string }
			Faults []document.Fault
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		wantText := "The configuration has 2 faults and nothing was changed:\n" +
			`settings.load_balancer.algorithm: "fastest" is no known algorithm; known are round_robin, weighted` + "\n" +
			"instances[0].wieght: is not a known field; did you mean weight?"
		if answer.Code != http.StatusBadRequest || got.Error.Code != "invalid_configuration" || got.Error.Message != wantText || len(got.Faults) != 2 {
			t.Errorf("%q: %d %s", parameter, answer.Code, answer.Body)
		}
	}
	d := readConfig(t, api)
	d.Instances[0].APIKey = "sealed:bm90IG91cnM="
	answer := ask(api, http.MethodPut, "/config", textOf(t, d))
	if !strings.Contains(answer.Body.String(), "instances[0].api_key: this cluster can't use the sealed value: sealed with another cluster secret") {
		t.Errorf("a foreign sealed value: %d %s", answer.Code, answer.Body)
	}
	if store.View().Index != 1 {
		t.Error("something was written")
	}
}

func TestRefusedConfigWrites(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path, body string
		header                   []string
		status                   int
		want                     string
	}{
		{"stale revision", http.MethodPut, "/config", "", []string{"If-Match", `"9"`}, 412, "revision_mismatch : The revision is 1, not 9."},
		{"stale revision, dry", http.MethodPut, "/config?dry_run=true", "", []string{"If-Match", `"9"`}, 412, "revision_mismatch : The revision is 1, not 9."},
		{"misspelt parameter", http.MethodPut, "/config?dryrun=true", "", nil, 400, `unknown_parameter dryrun: The parameter "dryrun" means nothing here. Did you mean dry_run?`},
		{"odd value", http.MethodPut, "/config?dry_run=maybe", "", nil, 400, "invalid_value dry_run: dry_run must be true or false."},
		{"no revision to go back to", http.MethodPost, "/config/rollback", "{}", nil, 400, "missing_required_parameter revision: "},
		{"revision that is text", http.MethodPost, "/config/rollback", `{"revision": "1"}`, nil, 400, "invalid_value revision: "},
		{"revision that is not kept", http.MethodPost, "/config/rollback", `{"revision": 9}`, nil, 404, "not_found revision: Revision 9 is not kept. Kept are 1 revisions from 1 to 1."},
		{"unknown revision", http.MethodGet, "/config/revisions/9", "", nil, 404, "not_found revision: Revision 9 is not kept."},
		{"no revision", http.MethodGet, "/config/revisions/latest", "", nil, 400, `invalid_value revision: "latest" is not a revision`},
		{"limit", http.MethodGet, "/audit?limit=0", "", nil, 400, "invalid_value limit: "},
		{"since", http.MethodGet, "/audit?since=yesterday", "", nil, 400, "invalid_value since: "},
		{"parameter of the audit", http.MethodGet, "/audit?limt=1", "", nil, 400, "unknown_parameter limt: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := newMachine(t, firstConfiguration())
			api := newAPI(t, store)
			if tt.method == http.MethodPut {
				tt.body = textOf(t, readConfig(t, api))
			}
			answer := ask(api, tt.method, tt.path, tt.body, tt.header...)
			if answer.Code != tt.status || !strings.HasPrefix(answer.Body.String(), tt.want) {
				t.Errorf("answer = %d %s, want %d %s", answer.Code, answer.Body, tt.status, tt.want)
			}
			if store.View().Revision != 1 {
				t.Error("something was written")
			}
		})
	}
}

// TestConcurrentWriters lets some writers name the revision that they have seen, of whom one a revision can win, and
// others none, who all come through.
func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	const writers = 8
	store := newMachine(t, firstConfiguration())
	api := newAPI(t, store)
	seen := readConfig(t, api)
	var conditional, conflicts, free atomic.Int64
	var all sync.WaitGroup
	for i := range writers {
		d := seen
		d.ClientKeys = []document.ClientKey{{Name: fmt.Sprintf("key-%d", i), Key: document.Secret(fmt.Sprintf("secret-%d", i))}}
		text := textOf(t, d)
		all.Go(func() {
			switch answer := ask(api, http.MethodPut, "/config", text, "If-Match", `"1"`); answer.Code {
			case http.StatusOK:
				conditional.Add(1)
			case http.StatusPreconditionFailed:
				conflicts.Add(1)
			default:
				t.Errorf("answer %d %s", answer.Code, answer.Body)
			}
			if answer := ask(api, http.MethodPut, "/config", text); answer.Code == http.StatusOK {
				free.Add(1)
			} else {
				t.Errorf("answer %d %s", answer.Code, answer.Body)
			}
		})
	}
	all.Wait()
	if conditional.Load() > 1 || conditional.Load()+conflicts.Load() != writers || free.Load() != writers {
		t.Errorf("%d conditional writes came through, %d conflicted; %d others came through", conditional.Load(), conflicts.Load(), free.Load())
	}
	if keys := store.View().ClientKeys; len(keys) != 1 {
		t.Errorf("mixed configurations: %v", keys)
	}
}

// TestARepeatedWriteTakesEffectOnce repeats one whose answer was lost, with what became of it in between.
func TestARepeatedWriteTakesEffectOnce(t *testing.T) {
	t.Parallel()
	store := newMachine(t, firstConfiguration())
	api := newAPI(t, store)
	d := readConfig(t, api)
	d.Instances[0].Weight = 7
	text := textOf(t, d)
	store.lost = 1
	if answer := ask(api, http.MethodPut, "/config", text, "Idempotency-Key", "k", "If-Match", `"1"`); answer.Code != http.StatusServiceUnavailable {
		t.Fatalf("answer %d %s", answer.Code, answer.Body)
	}
	other := ask(api, http.MethodPut, "/loadbalancer/instances/a", `{"weight": 9}`)
	if other.Code != http.StatusOK {
		t.Fatalf("answer %d %s", other.Code, other.Body)
	}
	got := decodeChanged(t, ask(api, http.MethodPut, "/config", text, "Idempotency-Key", "k", "If-Match", `"1"`))
	if in, _ := store.View().Instance("a"); got.Revision != 2 || in.Weight != 9 || store.View().Revision != 3 {
		t.Errorf("answered %+v; weight %d at revision %d", got, in.Weight, store.View().Revision)
	}
}

func TestRevisionsAndRollback(t *testing.T) {
	t.Parallel()
	store := newMachine(t, firstConfiguration())
	api := newAPI(t, store)
	d := readConfig(t, api)
	d.Instances[0].Weight, d.Instances[0].APIKey = 5, "sk-new"
	decodeChanged(t, ask(api, http.MethodPut, "/config", textOf(t, d)))

	var list struct {
		Current   uint64
		Revisions []struct {
			Revision uint64
			Type     string
		}
	}
	if err := json.Unmarshal(ask(api, http.MethodGet, "/config/revisions", "").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if list.Current != 2 || len(list.Revisions) != 2 || list.Revisions[0].Revision != 2 || list.Revisions[0].Type != "config.apply" {
		t.Errorf("revisions %+v", list)
	}

	lines := []string{"~ instances[a].api_key: another secret", "~ instances[a].weight: 5 -> 1"}
	var old struct {
		Configuration document.Document
		Diff          struct{ Lines []string }
	}
	if err := json.Unmarshal(ask(api, http.MethodGet, "/config/revisions/1", "").Body.Bytes(), &old); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines, old.Diff.Lines); diff != "" || old.Configuration.Instances[0].Weight != 1 || old.Configuration.Revision != 1 {
		t.Errorf("revision 1 is %+v; lines (-want +got):\n%s", old.Configuration, diff)
	}

	dry := decodeChanged(t, ask(api, http.MethodPost, "/config/rollback?dry_run=true", `{"revision": 1}`))
	if diff := cmp.Diff(lines, dry.Diff.Lines); diff != "" || store.View().Revision != 2 {
		t.Errorf("dry run at revision %d (-want +got):\n%s", store.View().Revision, diff)
	}
	back := decodeChanged(t, ask(api, http.MethodPost, "/config/rollback", `{"revision": 1}`))
	if in, _ := store.View().Instance("a"); back.Revision != 3 || in.Weight != 1 || string(in.APIKey) != "box:sk-a" {
		t.Errorf("rolled back to %+v as revision %d", in, back.Revision)
	}
}

func TestAuditTellsWhoAndWhat(t *testing.T) {
	t.Parallel()
	api := newAPI(t, newMachine(t, firstConfiguration()))
	as := func(name, body string) {
		r := httptest.NewRequest(http.MethodPut, "/loadbalancer/instances/a", strings.NewReader(body))
		api.ServeHTTP(httptest.NewRecorder(), r.WithContext(admin.WithCaller(r.Context(), name)))
	}
	as("alice", `{"weight": 2}`)
	as("bob", `{"enabled": false}`)
	ask(api, http.MethodPut, "/loadbalancer/instances/a", `{"weight": 4}`)
	who := func(query string) []string {
		var audit struct {
			Index   uint64
			Changes []struct {
				Index   uint64
				By      string
				Summary []string
			}
		}
		if err := json.Unmarshal(ask(api, http.MethodGet, "/audit"+query, "").Body.Bytes(), &audit); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, c := range audit.Changes {
			lines = append(lines, fmt.Sprintf("%d %s %s", c.Index, c.By, strings.Join(c.Summary, "; ")))
		}
		return lines
	}
	all := []string{
		"4 anonymous instance a: weight 2 -> 4", "3 bob instance a: enabled true -> false", "2 alice instance a: weight 1 -> 2",
	}
	for query, want := range map[string][]string{
		"?limit=3":                    all,
		"?limit=1":                    all[:1],
		"?since=3":                    all[:1],
		"?since=2026-01-01T00:00:03Z": all[:2],
		"?since=4":                    nil,
		"?consistency=local&limit=2":  all[:2],
		"?since=1&limit=1000":         all,
	} {
		if diff := cmp.Diff(want, who(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestConfigBeforeTheClusterHasOne(t *testing.T) {
	t.Parallel()
	store := &fakeStore{view: &fsm.View{}}
	const text = `{"settings": {"load_balancer": {"enabled": false, "algorithm": "weighted"}, "model_providers": []}, "instances": [], "client_keys": []}`
	answer := ask(newAPI(t, store), http.MethodPut, "/config", text)
	if answer.Code != http.StatusServiceUnavailable || !strings.HasPrefix(answer.Body.String(), "not_initialised") || len(store.applied()) != 0 {
		t.Errorf("answer %d %s", answer.Code, answer.Body)
	}
}
