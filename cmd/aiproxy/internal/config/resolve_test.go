package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"aiproxy/cmd/aiproxy/internal/config"
)

func TestListenAddress(t *testing.T) {
	t.Parallel()
	const key, secret = " --api-key a-long-enough-api-key", " --cluster-secret a-long-enough-secret"
	for _, test := range []struct{ args, want string }{
		{"", "127.0.0.1:3000"},
		{key, "0.0.0.0:3000"},
		{"--host 10.0.0.1", "10.0.0.1:3000"},
		{"--host :: --port 80" + key, "[::]:80"},
		{"--node-address 10.0.0.1:4000" + key, "0.0.0.0:3000"},
		{"--cluster-enabled --node-address 10.0.0.1:4000" + key, "0.0.0.0:4000"},
		{"--cluster-enabled --node-address 10.0.0.1:4000 --port 5000" + key, "0.0.0.0:5000"},
		{"--cluster-enabled --node-address 10.0.0.1:4000 --host 10.0.0.2" + secret, "10.0.0.2:4000"},
		{"--cluster-enabled --node-address [fd00::1]:4000" + key, "[::]:4000"},
		{"--cluster-enabled --node-address node1:4000" + key, "0.0.0.0:4000"},
		{"--cluster-enabled --node-address 127.0.0.3:4000", "127.0.0.3:4000"},
		{"--cluster-enabled --node-address 127.0.0.3:4000" + key, "127.0.0.3:4000"},
		{"--cluster-enabled --node-address [::1]:4000" + secret, "[::1]:4000"},
		{"--cluster-enabled --node-address localhost:4000", "127.0.0.1:4000"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			if got := mustLoad(t, strings.Fields(test.args), nil).ListenAddress(); got != test.want {
				t.Errorf("listens on %s, want %s", got, test.want)
			}
		})
	}
}

func TestAdvertisedAddress(t *testing.T) {
	t.Parallel()
	alone := mustLoad(t, []string{"--node-address", "0.0.0.0:3000"}, nil)
	if got := alone.AdvertisedAddress(); got != "127.0.0.1:3000" {
		t.Errorf("a node alone is reached at %s", got)
	}
	clustered := mustLoad(t, strings.Fields("--cluster-enabled --node-address node1:4000 --api-key key-for-this-test"), nil)
	if got := clustered.AdvertisedAddress(); got != "node1:4000" {
		t.Errorf("a node of a cluster is reached at %s", got)
	}
}

func TestNodeID(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, nil, nil)
	if c.Cluster.NodeID == "" || c.DataDir != "aiproxy-data/"+c.Cluster.NodeID {
		t.Errorf("node id %q, data directory %q", c.Cluster.NodeID, c.DataDir)
	}
	if c = mustLoad(t, []string{"--node-id", "node1", "--data-dir", "/srv/x"}, nil); c.DataDir != "/srv/x" {
		t.Errorf("data directory %q", c.DataDir)
	}
}

func TestMetricsAddress(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"": "", "--metrics-port 9090": "127.0.0.1:9090", "--metrics-port 9090 --metrics-enabled=false": "",
	} {
		if got := mustLoad(t, strings.Fields(args), nil).MetricsAddress(); got != want {
			t.Errorf("%q: metrics on %q, want %q", args, got, want)
		}
	}
}

func TestInstances(t *testing.T) {
	t.Parallel()
	type instances = []config.Instance
	openAI := config.Instance{
		Name: "openai-custom", Provider: "openai-custom", BaseURL: "https://api.openai.com/v1", Weight: 1, Enabled: true, Derived: true,
	}
	for _, test := range []struct {
		name      string
		args      []string
		file      string
		vars      map[string]string
		providers []string
		want      instances
	}{
		{"nothing said", nil, "", nil, []string{"openai-custom"}, instances{openAI}},
		{
			"a base URL",
			[]string{"--openai-base-url", "http://localhost:8080/v1//"},
			"", nil,
			[]string{"openai-custom"},
			instances{{Name: "openai-custom", Provider: "openai-custom", BaseURL: "http://localhost:8080/v1", Weight: 1, Enabled: true, Derived: true}},
		},
		{
			"keys of two providers", nil, "",
			map[string]string{"GEMINI_API_KEY": "g", "ANTHROPIC_API_KEY": "c"},
			[]string{"claude-custom", "gemini-cli"},
			instances{
				{Name: "claude-custom", Provider: "claude-custom", BaseURL: "https://api.anthropic.com", APIKey: "c", Weight: 1, Enabled: true, Derived: true},
				{
					Name: "gemini-cli", Provider: "gemini-cli", BaseURL: "https://generativelanguage.googleapis.com", APIKey: "g",
					Weight: 1, Enabled: true, Derived: true,
				},
			},
		},
		{
			"providers named in an order",
			[]string{"--model-provider", "kiro,openai", "--kiro-oauth-creds-file", "kiro.json"},
			"", nil,
			[]string{"kiro-api", "openai-custom"},
			instances{
				{
					Name: "kiro-api", Provider: "kiro-api", BaseURL: "https://q.us-east-1.amazonaws.com", CredentialsFile: "kiro.json",
					Weight: 1, Enabled: true, Derived: true,
				},
				openAI,
			},
		},
		{
			"entries take the place of what would be derived", nil,
			"instances:\n- {name: a, provider: openai, base_url: 'http://a/v1/', models: [x, 'y*'], weight: 0, priority: 2, enabled: no}\n- {name: b, provider: openai}\n",
			map[string]string{"OPENAI_API_KEY": "not for the entries"},
			[]string{"openai-custom"},
			instances{
				{Name: "a", Provider: "openai-custom", BaseURL: "http://a/v1", Models: []string{"x", "y*"}, Priority: 2},
				{Name: "b", Provider: "openai-custom", BaseURL: "https://api.openai.com/v1", Weight: 1, Enabled: true},
			},
		},
		{
			"anchors", nil, "instances:\n- &a {name: a, provider: openai, models: &m [x]}\n- {name: b, provider: openai, models: *m}\n", nil,
			[]string{"openai-custom"},
			instances{
				{Name: "a", Provider: "openai-custom", BaseURL: "https://api.openai.com/v1", Models: []string{"x"}, Weight: 1, Enabled: true},
				{Name: "b", Provider: "openai-custom", BaseURL: "https://api.openai.com/v1", Models: []string{"x"}, Weight: 1, Enabled: true},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			args := test.args
			if test.file != "" {
				args = append(args, "--config", written(t, test.file))
			}
			c := mustLoad(t, args, test.vars)
			if diff := cmp.Diff(test.want, c.Instances, cmpopts.IgnoreUnexported(config.Instance{})); diff != "" {
				t.Errorf("instances (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.providers, c.ModelProviders); diff != "" {
				t.Errorf("model providers (-want +got):\n%s", diff)
			}
		})
	}
}
