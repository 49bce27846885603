package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/cmd/aiproxy/internal/adminclient"
	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
)

// heldByTheCluster is what the cluster of these tests has.
func heldByTheCluster() document.Document {
	return document.Document{
		Revision: 7,
		Settings: document.Settings{
			LoadBalancer:   document.LoadBalancer{Enabled: true, Algorithm: "weighted"},
			ModelProviders: []string{"openai-custom"},
		},
		Instances:  []document.Instance{{Name: "held", Provider: "openai-custom", BaseURL: "http://held", APIKey: "sealed:eA==", Weight: 3, Enabled: true}},
		ClientKeys: []document.ClientKey{{Name: "ci", Key: "sealed:eQ=="}},
	}
}

// readAgainst reads a file against a node that has heldByTheCluster.
func readAgainst(t *testing.T, path string, environment map[string]string) (wanted, error) {
	t.Helper()
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(heldByTheCluster())
	}))
	t.Cleanup(node.Close)
	client, err := adminclient.New(adminclient.Options{Address: node.URL})
	if err != nil {
		t.Fatal(err)
	}
	return readWanted(t.Context(), client, path, func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	})
}

// TestANodesFileOverlaysWhatTheClusterHas: what the file does not say is no opinion.
func TestANodesFileOverlaysWhatTheClusterHas(t *testing.T) {
	t.Parallel()
	mine := []document.Instance{{Name: "mine", Provider: "openai-custom", BaseURL: "http://mine", APIKey: "sk-mine", Weight: 2, Enabled: true}}
	derived := []document.Instance{{
		Name: "openai-custom", Provider: "openai-custom", BaseURL: "https://api.openai.com/v1", APIKey: "sk-env", Weight: 1, Enabled: true,
	}}
	tests := []struct {
		name, file  string
		environment map[string]string
		change      func(*document.Document)
	}{
		{"nothing of it", "port: 4000\n", nil, func(*document.Document) {}},
		{"the algorithm", "load_balancer: {algorithm: round_robin}\n", nil, func(d *document.Document) { d.Settings.LoadBalancer.Algorithm = "round_robin" }},
		{"the switch", "load_balancer: {enabled: false}\n", nil, func(d *document.Document) { d.Settings.LoadBalancer.Enabled = false }},
		{
			"instances", "instances:\n  - {name: mine, provider: openai, base_url: http://mine/, api_key: '${KEY}', weight: 2}\n",
			map[string]string{"KEY": "sk-mine"},
			func(d *document.Document) { d.Instances = mine },
		},
		{"no instances", "instances: []\n", nil, func(d *document.Document) { d.Instances = []document.Instance{} }},
		{
			"an instance from the provider's settings", "port: 4000\n",
			map[string]string{"OPENAI_API_KEY": "sk-env"},
			func(d *document.Document) { d.Instances = derived },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := readAgainst(t, writeConfig(t, tt.file), tt.environment)
			if err != nil {
				t.Fatal(err)
			}
			want := wanted{document: heldByTheCluster(), revision: 7}
			tt.change(&want.document)
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(wanted{})); diff != "" {
				t.Errorf("wanted (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnExportedFileStandsForItself(t *testing.T) {
	t.Parallel()
	for name, encode := range map[string]func(document.Document) ([]byte, error){"YAML": document.Document.YAML, "JSON": document.Document.JSON} {
		text, err := encode(heldByTheCluster())
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAgainst(t, writeConfig(t, string(text)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wanted{document: heldByTheCluster()}, got, cmp.AllowUnexported(wanted{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFaultyFilesAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	exported := writeConfig(t, "settings: {}\ninstances:\n  - {provder: a}\n")
	ordinary := writeConfig(t, "prot: 1\n")
	tests := []struct{ path, want string }{
		{exported, exported + " has faults:\nline 1: settings.load_balancer: is missing\n"},
		{exported, "line 3: instances[0].provder: is not a known field; did you mean provider?"},
		{ordinary, ordinary + ":1: prot: is not a known key; did you mean port?"},
		{filepath.Join(t.TempDir(), "missing.yaml"), "read configuration: open "},
	}
	for _, tt := range tests {
		if _, err := readAgainst(t, tt.path, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v\nwant %s", err, tt.want)
		}
	}
}

func TestSealerKeepsPurposesApart(t *testing.T) {
	t.Parallel()
	s := sealer{secretsFor(t, &config.Config{DataDir: t.TempDir(), APIKeys: []config.Secret{"one"}})}
	api, client := s.SealAPIKey("sk-a"), s.SealClientKey("key")
	if key, err := s.OpenAPIKey(api); err != nil || key != "sk-a" {
		t.Errorf("api key: %q, %v", key, err)
	}
	if key, err := s.OpenClientKey(client); err != nil || key != "key" {
		t.Errorf("client key: %q, %v", key, err)
	}
	if _, err := s.OpenAPIKey(client); err == nil {
		t.Error("a client key was opened as an api key")
	}
	if _, err := s.OpenClientKey(fsm.Sealed("sealed by nobody")); err == nil {
		t.Error("something that was not sealed was opened")
	}
}
