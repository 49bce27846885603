package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"aiproxy/cmd/aiproxy/internal/config"
)

func TestAccountsAndOptionsAreSeeded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("config.yaml", `
model_aliases: {fast: gpt-4o-mini}
instances:
- {name: g, provider: gemini, project_id: p, credentials_file: `+write("g.json", `{"access_token":"g-token"}`)+`}
- {name: q, provider: qwen, credentials_file: `+write("q.json", `{"access_token":"q-token","resource_url":"portal.qwen.ai"}`)+`}
- {name: o, provider: openai, api_key: k, headers: {x-team: hush}, proxy_url: 'socks5://me@proxy:1080', proxy_password: hush2,
   idle_timeout: 3s, model_aliases: {fast: 'small:1', 'gpt-*': 'openai/gpt-*'}}
`)
	load := func(file string) *config.Config {
		fs := pflag.NewFlagSet("node", pflag.ContinueOnError)
		config.Register(fs)
		if err := fs.Set("config", file); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(fs, func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	s := secretsFor(t, &config.Config{DataDir: t.TempDir(), APIKeys: []config.Secret{"one"}})
	first, err := initial(load(file), s, "c1")
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range first.Instances {
		key, err := s.openAPIKey(in.APIKey)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join([]string{in.Name, in.BaseURL, in.Options.Auth, key, in.Options.ProjectID}, " ")
		want := map[string]string{
			"g": "g https://cloudcode-pa.googleapis.com oauth g-token p", "q": "q https://portal.qwen.ai/v1 oauth q-token ",
			"o": "o https://api.openai.com/v1  k ",
		}[in.Name]
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if in.Name != "o" {
			continue
		}
		team, err := s.openAPIKey(in.Options.Headers["X-Team"])
		if err != nil || team != "hush" || in.Options.IdleTimeout.String() != "3s" || in.Options.ModelAliases["fast"] != "small:1" {
			t.Errorf("options %+v, %v", in.Options, err)
		}
	}
	if first.Settings.ModelAliases["fast"] != "gpt-4o-mini" {
		t.Errorf("settings %+v", first.Settings)
	}
	_, err = initial(load(write("bad.yaml", "instances: [{name: g, provider: gemini, credentials_file: /nowhere}]")), s, "c1")
	if err == nil || !strings.Contains(err.Error(), "instance g") {
		t.Errorf("a file that is not there: %v", err)
	}
}
