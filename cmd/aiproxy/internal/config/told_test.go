package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/cmd/aiproxy/internal/config"
)

func TestPending(t *testing.T) {
	t.Parallel()
	file := written(t, sampleHead+sampleInstances+sampleTail)
	c := mustLoad(t, []string{"--config", file, "--cache-ttl", "60"}, map[string]string{"OPENAI_API_KEY": "sk-1", "REDIS_ADDR": "redis:6379"})
	want := strings.Split(strings.ReplaceAll(`cache.enabled (FILE:8): has no effect until a later version brings the response cache
cache.max_size_mb (FILE:8): has no effect until a later version brings the response cache
cache.ttl_seconds (flag --cache-ttl): has no effect until a later version brings the response cache
redis.addr (environment REDIS_ADDR): has no effect until a later version brings the response cache
redis.password (FILE:9): has no effect until a later version brings the response cache
redis.db (FILE:9): has no effect until a later version brings the response cache
websocket.enabled (FILE:11): has no effect until a later version brings WebSocket sessions
websocket.max_connections (FILE:11): has no effect until a later version brings WebSocket sessions
load_balancer.health_check_interval (FILE:12): has no effect until a later version brings active health checks
load_balancer.algorithm (FILE:12): round_robin stands in until a later version brings least_requests`, "FILE", file), "\n")
	if diff := cmp.Diff(want, c.Pending()); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	if got := c.ServedAlgorithm(); got != "round_robin" {
		t.Errorf("%s is served", got)
	}
}

func TestNothingPendingByDefault(t *testing.T) {
	t.Parallel()
	if lines := mustLoad(t, []string{"--metrics-port=9090", "--load-balancer-algorithm=weighted"}, nil).Pending(); len(lines) != 0 {
		t.Errorf("pending: %q", lines)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	const key = " --openai-api-key sk-1"
	for _, test := range []struct{ args, want string }{
		{key, ""},
		{"", "instance openai-custom calls https://api.openai.com/v1 without an API key, which it will refuse; set --openai-api-key"},
		{"--openai-base-url http://localhost:1/v1", ""},
		{"--host 0.0.0.0" + key, "host 0.0.0.0 without an API key serves everybody who reaches it; set --api-key"},
		{"--api-key your-secret-key" + key, "api_key is the one of the example; choose your own"},
		{
			"--cluster-enabled --node-address node1:3000 --api-key short" + key,
			"the cluster secret has fewer than 16 characters and may be guessed; set a longer --cluster-secret",
		},
		{
			"--cluster-enabled --node-address node1:3000 --api-key a-long-enough-api-key --api-key another" + key,
			"the cluster secret is the first of several API keys: nodes need the same first key; set --cluster-secret to change keys freely",
		},
		{
			"--cluster-enabled --node-address node1:3000 --api-key a-long-enough-api-key --host 127.0.0.1" + key,
			"the other nodes dial node1:3000, but the gateway listens on 127.0.0.1 only",
		},
		{
			"--cluster-enabled --node-address node1:3000 --api-key a-long-enough-api-key --port 4000" + key,
			"the other nodes dial port 3000, but the gateway listens on port 4000",
		},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(mustLoad(t, strings.Fields(test.args), nil).Warnings(), "\n"); got != test.want {
				t.Errorf("warnings are\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestWarnOfReadableSecrets(t *testing.T) {
	t.Parallel()
	vars := map[string]string{"KEY": "k"}
	for _, test := range []struct {
		name, yaml string
		mode       os.FileMode
		warns      bool
	}{
		{"a secret that everybody can read", "openai: {api_key: sk-1}\n", 0o644, true},
		{"one in a list", "openai: {base_url: http://a}\napi_key:\n- a\n", 0o604, true},
		{"one of an instance", "instances:\n- {name: a, provider: openai, api_key: sk-1}\n", 0o644, true},
		{"a secret that the owner's group can read", "openai: {api_key: sk-1}\n", 0o640, false},
		{"a reference", "openai: {api_key: ${KEY}}\n", 0o644, false},
		{"no secret", "openai: {base_url: http://a}\n", 0o644, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config.yaml")
			if err := os.WriteFile(path, []byte(test.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			want := path + " holds secrets and everybody on this machine can read it; chmod 600 " + path
			got := strings.Contains(strings.Join(mustLoad(t, []string{"--config", path}, vars).Warnings(), "\n"), want)
			if got != test.warns {
				t.Errorf("warns: %t, want %t", got, test.warns)
			}
		})
	}
}

func TestWarnOfUnusedSettings(t *testing.T) {
	t.Parallel()
	file := written(t, "instances:\n- {name: a, provider: openai, base_url: 'http://a'}\n")
	c := mustLoad(t, []string{"--config", file, "--openai-base-url", "http://b"}, map[string]string{"OPENAI_API_KEY": "k"})
	want := []string{"openai.base_url (flag --openai-base-url) is not used: the instances of openai-custom in the file have their own settings"}
	if diff := cmp.Diff(want, c.Warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	got := config.UnknownVariables([]string{
		"HOME=/root", "AIPROXY_PORT=1", "NODE_ID=a", "AIPROXY_XYZZY=hush", "AIPROXY_API_KEYS=hush", "AIPROXY_NODEID=a",
	})
	want := []string{
		"environment AIPROXY_API_KEYS is not a known variable; did you mean AIPROXY_API_KEY?",
		"environment AIPROXY_NODEID is not a known variable; did you mean AIPROXY_NODE_ID?",
		"environment AIPROXY_XYZZY is not a known variable",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
