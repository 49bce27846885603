package document_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
)

// plainSealer seals by a prefix, so that a test can see what was sealed.
type plainSealer struct{}

func (plainSealer) SealAPIKey(key string) fsm.Sealed { return fsm.Sealed("s:" + key) }
func (plainSealer) OpenAPIKey(sealed fsm.Sealed) (string, error) {
	return strings.TrimPrefix(string(sealed), "s:"), nil
}
func (s plainSealer) SealClientKey(key string) fsm.Sealed             { return s.SealAPIKey(key) }
func (s plainSealer) OpenClientKey(sealed fsm.Sealed) (string, error) { return s.OpenAPIKey(sealed) }

const withOptions = `
settings: {load_balancer: {enabled: true, algorithm: weighted}, model_providers: [], model_aliases: {fast: small}}
client_keys: []
instances:
- name: a
  provider: openai-custom
  base_url: https://a
  auth: bearer
  project_id: p
  region: r
  profile_arn: arn
  headers: {x-team: hush}
  proxy_url: socks5://me@proxy:1080
  proxy_password: hush
  first_byte_timeout: 90s
  idle_timeout: 1m30s
  model_aliases: {"gpt-*": "openai/gpt-*"}
`

func TestOptionsSurviveARoundTrip(t *testing.T) {
	t.Parallel()
	d, err := document.Parse([]byte(withOptions), document.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := document.Resolve(d, fsm.Configuration{}, plainSealer{})
	if err != nil {
		t.Fatal(err)
	}
	want := fsm.InstanceOptions{
		Auth: "bearer", ProjectID: "p", Region: "r", ProfileARN: "arn", Headers: map[string]fsm.Sealed{"X-Team": fsm.Sealed("s:hush")},
		ProxyURL: "socks5://me@proxy:1080", ProxyPassword: fsm.Sealed("s:hush"), FirstByteTimeout: 90 * time.Second,
		IdleTimeout: 90 * time.Second, ModelAliases: map[string]string{"gpt-*": "openai/gpt-*"},
	}
	if diff := cmp.Diff(want, first.Instances[0].Options); diff != "" {
		t.Error(diff)
	}
	for name, encode := range map[string]func(document.Document) ([]byte, error){"JSON": document.Document.JSON, "YAML": document.Document.YAML} {
		text, err := encode(document.Of(first, 1))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "hush") || !strings.Contains(string(text), "sealed:"+base64.StdEncoding.EncodeToString([]byte("s:hush"))) {
			t.Errorf("%s: %s", name, text)
		}
		again, err := document.Parse(text, document.Rules{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		second, err := document.Resolve(again, first, plainSealer{})
		if diff := cmp.Diff(first, second); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
		if diff := document.Diff(first, second, plainSealer{}); len(diff) > 0 {
			t.Errorf("%s: %v", name, diff)
		}
	}
	bare := fsm.Configuration{Instances: []fsm.Instance{{Name: "a", Provider: "openai-custom", BaseURL: "https://a", Weight: 1, Enabled: true}}}
	lines := strings.Join(document.Lines(document.Diff(bare, first, plainSealer{})), "\n")
	for _, line := range []string{"instances[a].headers[X-Team]", "instances[a].proxy_password", "instances[a].idle_timeout", "settings.model_aliases[fast]", "instances[a].model_aliases[gpt-*]"} {
		if !strings.Contains(lines, line) {
			t.Errorf("%s is missing in\n%s", line, lines)
		}
	}
	if strings.Contains(lines, "hush") {
		t.Errorf("a secret is shown:\n%s", lines)
	}
}

func TestOptionsAreJudged(t *testing.T) {
	t.Parallel()
	for option, want := range map[string]string{
		"auth: magic":                         "is no kind of credential",
		"headers: {Host: x}":                  "belongs to the connection",
		"headers: {'a b': x}":                 "is not the name of a header",
		"headers: [x]":                        "not a mapping",
		"proxy_url: 'http://me:hush@proxy:1'": "give it with proxy_password",
		"proxy_url: 'gopher://proxy'":         "is not the URL of an HTTP or SOCKS5 proxy",
		"idle_timeout: soon":                  "is no time",
		"ca: nothing":                         "holds no certificate",
		"model_aliases: {a: ''}":              "is empty",
		"model_aliases: {'a*b': c}":           "that is not at its end",
	} {
		text := strings.Replace(withOptions, "  auth: bearer\n", "", 1)
		name, _, _ := strings.Cut(option, ":")
		kept := []string{}
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.HasPrefix(line, "  "+name+":") {
				kept = append(kept, line)
			}
		}
		_, err := document.Parse([]byte(strings.TrimRight(strings.Join(kept, "\n"), "\n")+"\n  "+option+"\n"), document.Rules{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", option, err)
		}
	}
}
