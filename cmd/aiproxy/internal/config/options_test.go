package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"aiproxy/cmd/aiproxy/internal/config"
)

// sample returns a value for an option that is not its default, one element for each of a list.
func sample(t *testing.T, o config.Option) []string {
	t.Helper()
	switch o.Flag {
	case "host":
		return []string{"127.0.0.9"}
	case "model-provider":
		return []string{"qwen", "claude-custom"}
	case "load-balancer-algorithm":
		return []string{"weighted"}
	case "node-address", "redis-addr":
		return []string{"127.0.0.9:4000"}
	case "seed-nodes":
		return []string{"127.0.0.8:4000", "node.example:4000"}
	case "translation":
		return []string{"strict"}
	case "cors-allowed-origin":
		return []string{"https://app.example.com", "http://localhost:5173"}
	case "log-level":
		return []string{"debug"}
	case "log-format":
		return []string{"json"}
	case "tls-cert-file", "tls-key-file":
		return []string{"testdata/tls.pem"}
	}
	switch {
	case strings.HasSuffix(o.Flag, "-base-url"):
		return []string{"https://upstream.example/v1"}
	case o.Type == "bool":
		return []string{map[string]string{"true": "false", "false": "true"}[o.Default]}
	case o.Type == "int" || o.Type == "number":
		return []string{"17"}
	case o.Type == "duration" || o.Type == "seconds":
		return []string{"17s"}
	case o.Type == "string":
		return []string{"text"}
	case o.Type == "list of strings":
		return []string{"one", "two"}
	}
	t.Fatalf("no sample for --%s of type %s", o.Flag, o.Type)
	return nil
}

// inFile writes an option as YAML.
func inFile(o config.Option, values []string) string {
	text := strings.Join(values, ", ")
	if strings.HasPrefix(o.Type, "list") {
		text = "[" + text + "]"
	}
	group, key, nested := strings.Cut(o.Key, ".")
	if !nested {
		return fmt.Sprintf("%s: %s\n", group, text)
	}
	return fmt.Sprintf("%s:\n  %s: %s\n", group, key, text)
}

// TestEveryOptionFromEverySource gives each option by flag, by each of its variables and by file, and expects the
// same configuration every time.
func TestEveryOptionFromEverySource(t *testing.T) {
	t.Parallel()
	plain := cmp.Options{cmpopts.IgnoreUnexported(config.Config{}, config.Instance{}), cmpopts.IgnoreFields(config.Config{}, "File")}
	for _, o := range config.Options() {
		if o.Flag == "" || o.Key == "" {
			continue
		}
		t.Run(o.Flag, func(t *testing.T) {
			t.Parallel()
			values := sample(t, o)
			// These need others beside them.
			with := map[string][]string{
				"cluster-enabled": {"--node-address=127.0.0.1:4000"},
				"tls-cert-file":   {"--tls-key-file=testdata/tls.pem"},
				"tls-key-file":    {"--tls-cert-file=testdata/tls.pem"},
			}[o.Flag]
			args := with
			for _, v := range values {
				args = append(args, "--"+o.Flag+"="+v)
			}
			byFlag := mustLoad(t, args, nil)
			checkSource(t, byFlag, o, config.FromFlag)
			if with == nil && cmp.Equal(mustLoad(t, nil, nil), byFlag, plain) {
				t.Error("the flag changes nothing")
			}
			for _, name := range o.Env {
				byVariable := mustLoad(t, with, map[string]string{name: strings.Join(values, ",")})
				checkSource(t, byVariable, o, config.FromEnvironment)
				if diff := cmp.Diff(byFlag, byVariable, plain); diff != "" {
					t.Errorf("%s differs from the flag (-flag +variable):\n%s", name, diff)
				}
			}
			byFile := mustLoad(t, append(with, "--config", written(t, inFile(o, values))), nil)
			checkSource(t, byFile, o, config.FromFile)
			if diff := cmp.Diff(byFlag, byFile, plain); diff != "" {
				t.Errorf("the file differs from the flag (-flag +file):\n%s", diff)
			}
		})
	}
}

func checkSource(t *testing.T, c *config.Config, o config.Option, want config.Origin) {
	t.Helper()
	if got := c.Source(o.Key); got.Origin != want {
		t.Errorf("%s comes from %s", o.Key, got)
	}
}

// TestTable holds the table to what the documentation promises of it.
func TestTable(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, o := range config.Options() {
		for _, name := range append([]string{"--" + o.Flag, o.Key}, o.Env...) {
			if name != "" && name != "--" && seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if o.Flag != "" && o.Env[0] != "AIPROXY_"+strings.ToUpper(strings.ReplaceAll(o.Flag, "-", "_")) {
			t.Errorf("the first variable of --%s is %s", o.Flag, o.Env[0])
		}
		if o.Help == "" || strings.HasSuffix(o.Help, ".") {
			t.Errorf("the help of %s%s is %q", o.Flag, o.Key, o.Help)
		}
		if o.Type == "" {
			t.Errorf("%s%s has no type", o.Flag, o.Key)
		}
		if o.Secret && o.Default != "" {
			t.Errorf("the secret %s has a default", o.Key)
		}
	}
}
