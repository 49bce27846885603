package config

import (
	"slices"
	"strings"

	"aiproxy/gateway/spelling"
	"aiproxy/providers"
)

// The public endpoints of the providers.
const (
	openAIBaseURL = "https://api.openai.com/v1"
	claudeBaseURL = "https://api.anthropic.com"
	geminiBaseURL = "https://generativelanguage.googleapis.com"
	assistBaseURL = "https://cloudcode-pa.googleapis.com"
	kiroBaseURL   = "https://q.us-east-1.amazonaws.com"
	qwenBaseURL   = "https://dashscope.aliyuncs.com/compatible-mode/v1"
)

// provider is what the configuration knows of one kind of upstream.
type provider struct {
	name string
	// group is the mapping in the file with the provider's own settings.
	group    string
	baseURL  string
	settings func(*Config) *Provider
}

// knownProviders lists the providers in the order in which they are considered when none is named.
func knownProviders() []provider {
	return []provider{
		{providers.OpenAICustom, "openai", openAIBaseURL, func(c *Config) *Provider { return &c.OpenAI }},
		{providers.ClaudeCustom, "claude", claudeBaseURL, func(c *Config) *Provider { return &c.Claude }},
		{providers.GeminiCLI, "gemini", geminiBaseURL, func(c *Config) *Provider { return &c.Gemini }},
		{providers.KiroAPI, "kiro", kiroBaseURL, func(c *Config) *Provider { return &c.Kiro }},
		{providers.QwenAPI, "qwen", qwenBaseURL, func(c *Config) *Provider { return &c.Qwen }},
	}
}

func providerNames() []string {
	var names []string
	for _, p := range knownProviders() {
		names = append(names, p.name)
	}
	return names
}

func findProvider(name string) (provider, bool) {
	all := knownProviders()
	i := slices.IndexFunc(all, func(p provider) bool { return p.name == name })
	if i < 0 {
		return provider{}, false
	}
	return all[i], true
}

// canonical resolves an alias, whatever its case.
func canonical(name string) string { return providers.Canonical(strings.ToLower(name)) }

// knownProvider is the check of a provider's name or alias.
func knownProvider(name string) error {
	if _, ok := findProvider(canonical(name)); ok {
		return nil
	}
	remedy := "known are " + strings.Join(providerNames(), ", ")
	var candidates []string
	for _, p := range knownProviders() {
		candidates = append(candidates, p.name, p.group)
	}
	if near := spelling.Nearest(name, candidates); near != "" {
		remedy = "did you mean " + canonical(near) + "? " + remedy
	}
	return invalid(quote(name)+" is not a known provider", remedy)
}
