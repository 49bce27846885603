package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/cmd/aiproxy/internal/config"
)

// sampleFile is the complete file of the product's guide. Its instances are optional there.
const (
	sampleHead = `host: 0.0.0.0
port: 3000
api_key: your-secret-key
model_providers: [openai-custom, claude-custom, gemini-cli, kiro-api, qwen-api]
`
	sampleInstances = `instances:                       # optional: several accounts, endpoints, weights
  - {name: openai-a, provider: openai-custom, base_url: https://api.openai.com/v1, api_key: ${OPENAI_API_KEY}, weight: 3, models: [gpt-4o*]}
  - {name: kiro-1, provider: kiro-api, credentials_file: /path/kiro-creds.json}
`
	sampleTail = `cache: {enabled: true, max_size_mb: 100, ttl_seconds: 300}
redis: {addr: localhost:6379, password: "", db: 0}
metrics: {enabled: true, port: 9090}
websocket: {enabled: true, max_connections: 1000}
load_balancer: {enabled: true, algorithm: least_requests, health_check_interval: 30s}
cluster: {enabled: false, node_id: node1, node_address: 0.0.0.0:3000, seed_nodes: []}
`
)

func TestGuideFile(t *testing.T) {
	t.Parallel()
	names := func(c *config.Config) (all []string) {
		for _, in := range c.Instances {
			all = append(all, in.Name)
		}
		return all
	}
	t.Run("without instances", func(t *testing.T) {
		t.Parallel()
		c := mustLoad(t, []string{"--config", written(t, sampleHead+sampleTail)}, nil)
		if diff := cmp.Diff([]string{"openai-custom", "claude-custom", "gemini-cli", "kiro-api", "qwen-api"}, names(c)); diff != "" {
			t.Errorf("instances (-want +got):\n%s", diff)
		}
		if got := c.ListenAddress() + " " + c.MetricsAddress(); got != "0.0.0.0:3000 0.0.0.0:9090" {
			t.Errorf("listens on %s", got)
		}
	})
	t.Run("with instances", func(t *testing.T) {
		t.Parallel()
		c := mustLoad(t, []string{"--config", written(t, sampleHead+sampleInstances+sampleTail)}, map[string]string{"OPENAI_API_KEY": "sk-1"})
		if diff := cmp.Diff([]string{"openai-a", "kiro-1", "claude-custom", "gemini-cli", "qwen-api"}, names(c)); diff != "" {
			t.Errorf("instances (-want +got):\n%s", diff)
		}
		if c.Instances[0].APIKey.Reveal() != "sk-1" || c.Instances[0].Weight != 3 {
			t.Errorf("the first instance is %+v", c.Instances[0])
		}
	})
}

func TestGuideCommands(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		command, listens string
		seeds            []string
	}{
		{"--cluster-enabled --node-id node1 --node-address 192.168.1.10:3000", "0.0.0.0:3000", nil},
		{
			"--cluster-enabled --node-id node2 --node-address 192.168.1.11:3000 --seed-nodes 192.168.1.10:3000", "0.0.0.0:3000",
			[]string{"192.168.1.10:3000"},
		},
		{
			"--cluster-enabled --node-id node3 --node-address 192.168.1.12:3000 --seed-nodes 192.168.1.10:3000,192.168.1.11:3000", "0.0.0.0:3000",
			[]string{"192.168.1.10:3000", "192.168.1.11:3000"},
		},
		{"--cluster-enabled --node-id node2 --node-address 127.0.0.2:3000 --seed-nodes 127.0.0.1:3000", "127.0.0.2:3000", []string{"127.0.0.1:3000"}},
	} {
		t.Run(test.command, func(t *testing.T) {
			t.Parallel()
			c := mustLoad(t, strings.Fields(test.command), map[string]string{"AIPROXY_API_KEY": "a-long-enough-api-key"})
			if c.ListenAddress() != test.listens {
				t.Errorf("listens on %s, want %s", c.ListenAddress(), test.listens)
			}
			if diff := cmp.Diff(test.seeds, c.Cluster.SeedNodes); diff != "" {
				t.Errorf("seeds (-want +got):\n%s", diff)
			}
			if got := c.ClusterSecret().Reveal(); got != "a-long-enough-api-key" {
				t.Errorf("the cluster secret is %q", got)
			}
			if lines := c.Pending(); len(lines) != 0 {
				t.Errorf("waits for %q", lines)
			}
		})
	}
}
