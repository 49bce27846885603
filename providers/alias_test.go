package providers_test

import (
	"testing"

	"aiproxy/providers"
)

func TestAlias(t *testing.T) {
	t.Parallel()
	aliases := map[string]string{"gpt-4o": "big", "gpt-*": "openai/gpt-*", "gpt-4*": "four", "*-x": "never", "o*": "o"}
	for model, want := range map[string]string{
		"gpt-4o": "big", "gpt-4o-mini": "four", "gpt-5": "openai/gpt-5", "gpt-": "openai/gpt-", "a-x": "a-x", "o": "o", "": "", "gpt-*": "openai/gpt-*",
	} {
		in := providers.Instance{ModelAliases: aliases}
		if got := in.UpstreamModel(model); got != want {
			t.Errorf("%q is %q, want %q", model, got, want)
		}
	}
	if _, known := providers.Alias(nil, "m"); known {
		t.Error("an alias out of nothing")
	}
}
