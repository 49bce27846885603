package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"aiproxy/cmd/aiproxy/internal/config"
)

// environment looks names up in a map.
func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

// load loads a command line in an environment.
func load(tb testing.TB, args []string, vars map[string]string) (*config.Config, error) {
	tb.Helper()
	fs := pflag.NewFlagSet(tb.Name(), pflag.ContinueOnError)
	config.Register(fs)
	if err := fs.Parse(args); err != nil {
		tb.Fatal(err)
	}
	return config.Load(fs, environment(vars))
}

// mustLoad loads what has no faults.
func mustLoad(tb testing.TB, args []string, vars map[string]string) *config.Config {
	tb.Helper()
	c, err := load(tb, args, vars)
	if err != nil {
		tb.Fatalf("faults:\n%v", err)
	}
	return c
}

// written writes a configuration file and returns its path.
func written(tb testing.TB, yaml string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func reveal(secrets []config.Secret) []string {
	var plain []string
	for _, s := range secrets {
		plain = append(plain, s.Reveal())
	}
	return plain
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := written(t, "log:\n  level: debug\n")
	for _, test := range []struct {
		name       string
		args       []string
		vars       map[string]string
		want, from string
	}{
		{"default", nil, nil, "info", "default"},
		{"file", []string{"--config", file}, nil, "debug", file + ":2"},
		{"file named by the environment", nil, map[string]string{"AIPROXY_CONFIG": file}, "debug", file + ":2"},
		{
			"environment over file",
			[]string{"--config", file},
			map[string]string{"AIPROXY_LOG_LEVEL": "warn"},
			"warn", "environment AIPROXY_LOG_LEVEL",
		},
		{
			"flag over environment",
			[]string{"--config", file, "--log-level", "error"},
			map[string]string{"AIPROXY_LOG_LEVEL": "warn"},
			"error", "flag --log-level",
		},
		{"the last of several flags", []string{"--log-level=warn", "--log-level=error"}, nil, "error", "flag --log-level"},
		{"an empty variable is none", nil, map[string]string{"AIPROXY_LOG_LEVEL": ""}, "info", "default"},
		{"null in the file is none", []string{"--config", written(t, "log: {level: }\n")}, nil, "info", "default"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := mustLoad(t, test.args, test.vars)
			if c.Log.Level != test.want {
				t.Errorf("level is %s, want %s", c.Log.Level, test.want)
			}
			if got := c.Source("log.level").String(); got != test.from {
				t.Errorf("it comes from %s, want %s", got, test.from)
			}
		})
	}
}

func TestAliasesInTheEnvironment(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, nil, map[string]string{
		"AIPROXY_NODE_ID": "own", "NODE_ID": "alias",
		"ANTHROPIC_API_KEY": "second", "CLAUDE_API_KEY": "first",
	})
	if c.Cluster.NodeID != "own" {
		t.Errorf("node id is %s: the variable of aiproxy goes first", c.Cluster.NodeID)
	}
	if got := c.Claude.APIKey.Reveal(); got != "first" {
		t.Errorf("claude's key is the %s one", got)
	}
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		vars map[string]string
		want []string
	}{
		{"a string in the file", []string{"--config", written(t, "api_key: a,b\n")}, nil, []string{"a,b"}},
		{"a list in the file", []string{"--config", written(t, "api_key: [a, 0123]\n")}, nil, []string{"a", "0123"}},
		{"a repeated flag", []string{"--api-key", "a", "--api-key", "b,c"}, nil, []string{"a", "b,c"}},
		{"the environment", nil, map[string]string{"AIPROXY_API_KEY": "a, b"}, []string{"a", "b"}},
		{
			"a reference in a flow mapping",
			[]string{"--config", written(t, "api_key: [${KEY}, 'x${KEY}y', '$${KEY']\n")},
			map[string]string{"KEY": "k: {"},
			[]string{"k: {", "xk: {y", "${KEY"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, reveal(mustLoad(t, test.args, test.vars).APIKeys)); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAllFaultsAtOnce has faults in every source, one of them hidden by a source of higher precedence.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	path := written(t, "prot: 80\nport: eighty\ninstances:\n  - {name: a}\n  - {name: a, provider: openai, weight: heavy}\n")
	_, err := load(t,
		[]string{"--config", path, "--port", "0", "--cluster-enabled", "--tls-cert-file", "testdata/tls.pem"},
		map[string]string{"AIPROXY_REDIS_DB": "first", "SEED_NODES": "a:1,b"})
	_, ok := errors.AsType[config.Faults](err)
	if !ok {
		t.Fatalf("got %v, want faults", err)
	}
	want := []string{
		"config.yaml:1: prot:",
		"config.yaml:2: port:",
		"config.yaml:5: instances[1].weight:",
		"environment AIPROXY_REDIS_DB: \"first\" is not",
		"environment SEED_NODES: \"b\" is not",
		"flag --port: 0 is out of range",
		"config.yaml:4: instances[0]: an instance has no provider",
		"config.yaml:5: instances[1].name: a is the name of",
		"flag --tls-cert-file: tls.cert_file: a certificate needs",
		"cluster.node_address: names no host",
	}
	got := strings.Split(strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", ""), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d faults, want %d:\n%v", len(got), len(want), err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("fault %d is %q, want it to begin with %q", i, got[i], want[i])
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	large := written(t, strings.Repeat("# filler\n", 1<<20))
	for _, test := range []struct{ name, path, want string }{
		{"missing", "testdata/none.yaml", "testdata/none.yaml: cannot read the configuration file: no such file or directory; check flag --config"},
		{"a directory", "testdata", "testdata: cannot read the configuration file: is a directory; check flag --config"},
		{"too large", large, large + ": cannot read the configuration file: it is larger than 8 MiB; check flag --config"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := load(t, []string{"--config", test.path}, nil); err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
