package providers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
)

// named is a provider with a name and nothing else.
type named struct {
	providers.Provider
	name string
}

func (n named) Name() string { return n.name }

func TestRegistry(t *testing.T) {
	t.Parallel()
	r := providers.NewRegistry(named{name: "openai-custom"}, named{name: "kiro-api"})
	if diff := cmp.Diff([]string{"kiro-api", "openai-custom"}, r.Names()); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"openai-custom": "openai-custom", "openai": "openai-custom", "claude-kiro-oauth": "kiro-api",
		"claude": "", "OpenAI": "", "": "",
	} {
		p, ok := r.Lookup(name)
		if ok != (want != "") || ok && p.Name() != want {
			t.Errorf("%q is %v, %v; want %q", name, p, ok, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("two providers of one name were accepted")
		}
	}()
	providers.NewRegistry(named{name: "a"}, named{name: "a"})
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"gemini-cli-oauth": "gemini-cli", "claude-kiro-oauth": "kiro-api", "openai-kiro-oauth": "kiro-api",
		"openai-qwen-oauth": "qwen-api", "claude": "claude-custom", "openai": "openai-custom",
		"gemini": "gemini-cli", "kiro": "kiro-api", "qwen": "qwen-api",
		"openai-custom": "openai-custom", "Qwen": "Qwen", "meta-llama": "meta-llama", "": "",
	} {
		if got := providers.Canonical(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
