package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiproxy/cmd/aiproxy/internal/config"
)

// configCommand runs the config command and returns what it prints.
func configCommand(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := newConfigCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func writeConfig(t *testing.T, yaml string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigCheck(t *testing.T) {
	path := writeConfig(t, "cache: {enabled: true}\nopenai: {api_key: k}\n")
	t.Setenv("AIPROXY_PROT", "3000")
	out, err := configCommand(t, "check", "--config", path, "--host", "0.0.0.0")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out, "ok\n") {
		t.Errorf("it does not begin with ok:\n%s", out)
	}
	for _, want := range []string{
		"\nwarning: host 0.0.0.0 without an API key serves everybody who reaches it; set --api-key\n",
		"\nwarning: environment AIPROXY_PROT is not a known variable; did you mean AIPROXY_PORT?\n",
		"\nto come: cache.enabled (" + path + ":1): has no effect until a later version brings the response cache\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not tell %q:\n%s", want, out)
		}
	}
}

func TestConfigCheckFaults(t *testing.T) {
	path := writeConfig(t, "prot: 1\nport: x\n")
	out, err := configCommand(t, "check", "--config", path)
	faults, ok := errors.AsType[config.Faults](err)
	if !ok || len(faults) != 2 {
		t.Fatalf("got %v, want two faults", err)
	}
	if out != "" {
		t.Errorf("the command prints what its caller reports:\n%s", out)
	}
}

func TestConfigPrint(t *testing.T) {
	path := writeConfig(t, "api_key: hush\n")
	out, err := configCommand(t, "print", "--config", path, "--port", "4000")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"port: 4000 # flag --port\n", "api_key: ['[secret]'] # " + path + ":1\n", "host: 0.0.0.0 # default"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if strings.Contains(out, "hush") {
		t.Errorf("it shows a secret:\n%s", out)
	}
}

func TestConfigMisspelt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, want string }{
		{"chek", `unknown command "chek"`},
		{"check extra", `unknown command "extra"`},
		{"check --prot 1", "unknown flag: --prot; did you mean --port?"},
		{"check --xyzzy", "unknown flag: --xyzzy"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			if _, err := configCommand(t, strings.Fields(test.args)...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
