package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"aiproxy/cmd/aiproxy/internal/config"
)

var update = flag.Bool("update", false, "write the golden files and the generated documents anew")

// golden compares content with a file, or writes the file when asked to.
func golden(t *testing.T, path string, content []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(content)); diff != "" {
		t.Errorf("%s is out of date; run `go generate ./...` (-file +now):\n%s", path, diff)
	}
}

func printed(tb testing.TB, c *config.Config) string {
	tb.Helper()
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

func TestPrint(t *testing.T) {
	t.Parallel()
	c := mustLoad(t,
		[]string{"--config", "testdata/print.yaml", "--port", "4000", "--model-provider", "openai,qwen", "--redis-password", "hush-7"},
		map[string]string{"AIPROXY_LOG_FORMAT": "json", "QWEN": "hush-5", "SEED_NODES": "node2:3000,node3:3000", "CLAUDE_API_KEY": "hush-6"})
	golden(t, "testdata/print.golden", []byte(printed(t, c)))
}

// TestSecretsStayHidden gives a secret to every option that takes one and looks for it wherever it could show.
func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	args := []string{"--config", written(t, "instances:\n- {name: a, provider: openai, api_key: hush-in-file}\n")}
	for _, o := range config.Options() {
		if o.Secret {
			args = append(args, "--"+o.Flag, "hush-"+o.Flag)
		}
	}
	c := mustLoad(t, args, nil)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("configured", "config", c, "key", c.APIKeys[0])
	inJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	inYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{
		"print": printed(t, c), "log": log.String(), "JSON": string(inJSON), "YAML": string(inYAML),
		"%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", c), "%#v": fmt.Sprintf("%#v", *c),
		"warnings": strings.Join(c.Warnings(), "\n"), "pending": strings.Join(c.Pending(), "\n"),
	} {
		if strings.Contains(text, "hush") {
			t.Errorf("%s shows a secret:\n%s", where, text)
		}
	}
	if !strings.Contains(printed(t, c), "secret: '[secret]'") {
		t.Error("print does not tell that there is a secret")
	}
}

// TestPrintedIsYAML loads what was printed: apart from the masked secrets it is the same configuration.
func TestPrintedIsYAML(t *testing.T) {
	t.Parallel()
	first := mustLoad(t, []string{"--config", "testdata/print.yaml"}, map[string]string{"QWEN": "k"})
	again := mustLoad(t, []string{"--config", written(t, printed(t, first))}, nil)
	values := func(c *config.Config) string {
		var lines []string
		for line := range strings.Lines(printed(t, c)) {
			value, _, _ := strings.Cut(line, " # ")
			lines = append(lines, strings.TrimSpace(value))
		}
		return strings.Join(lines, "\n")
	}
	if diff := cmp.Diff(values(first), values(again)); diff != "" {
		t.Errorf("loaded again (-first +again):\n%s", diff)
	}
}
