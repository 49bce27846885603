package relay_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// ask sends a request straight into a relay.
func ask(t *testing.T, r *relay.Relay, op providers.Operation, provider, model string) *httptest.ResponseRecorder {
	t.Helper()
	body := providers.NewBody([]byte(`{"model":"` + model + `","x":1}`))
	defer body.Release()
	envelope, err := dialect.Peek(body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r.Serve(t.Context(), w, &relay.Request{
		ID: "request-1", Operation: op, Dialect: dialect.OpenAIChat, Provider: provider, Envelope: envelope, Body: body,
	})
	return w
}

func of(provider string, in fsm.Instance) fsm.Instance {
	in.Provider = provider
	return in
}

func off(in fsm.Instance) fsm.Instance {
	in.Enabled = false
	return in
}

func weighing(weight int, in fsm.Instance) fsm.Instance {
	in.Weight = weight
	return in
}

func TestRoutingPrecedence(t *testing.T) {
	t.Parallel()
	v := view(
		at("openai-any", ""),
		at("openai-listed", "", "gpt-4o*", "org/own-model", "openai/gpt-oss"),
		at("openai-exact", "", "gpt-4o-mini"),
		at("openai-wide", "", "gpt-4*"),
		of("claude-custom", at("claude-any", "")),
		of("claude-custom", at("claude-listed", "", "claude-*")),
		off(at("openai-off", "", "gpt-4o", "only-off")),
		weighing(0, at("openai-0", "", "gpt-4o", "only-0")),
		of("qwen-api", at("qwen", "", "qwen-max")),
		of("gemini-cli", off(at("gemini-off", ""))),
	)
	tests := []struct {
		name            string
		provider, model string
		instances       []string
		upstream        string
		status          int
		code, says      string
	}{
		{name: "explicit provider", provider: "claude-custom", model: "gpt-4o", instances: []string{"claude-any"}, upstream: "gpt-4o"},
		{name: "explicit provider by alias", provider: "claude", model: "claude-x", instances: []string{"claude-listed"}, upstream: "claude-x"},
		{name: "explicit provider beats the model's prefix", provider: "claude-custom", model: "openai/gpt-4o", instances: []string{"claude-any"}, upstream: "openai/gpt-4o"},
		{name: "prefix", model: "claude-custom/gpt-4o", instances: []string{"claude-any"}, upstream: "gpt-4o"},
		{name: "prefix by alias", model: "claude/claude-3", instances: []string{"claude-listed"}, upstream: "claude-3"},
		{name: "prefix beats the lists of others", model: "openai-custom/claude-3", instances: []string{"openai-any"}, upstream: "claude-3"},
		{name: "prefix splits once", model: "openai-custom/org/own-model", instances: []string{"openai-listed"}, upstream: "org/own-model"},
		{name: "a whole name beats its prefix", model: "openai/gpt-oss", instances: []string{"openai-listed"}, upstream: "openai/gpt-oss"},
		{name: "an unknown prefix is part of the name", model: "meta-llama/llama-3", instances: []string{"openai-any"}, upstream: "meta-llama/llama-3"},
		{name: "an unknown prefix in a list", model: "org/own-model", instances: []string{"openai-listed"}, upstream: "org/own-model"},
		{name: "prefixes are case-sensitive", model: "OpenAI/x", instances: []string{"openai-any"}, upstream: "OpenAI/x"},
		{name: "a prefix alone is a name", model: "openai/", instances: []string{"openai-any"}, upstream: "openai/"},
		{name: "list by pattern, all that match", model: "gpt-4o", instances: []string{"openai-listed", "openai-wide"}, upstream: "gpt-4o"},
		{name: "list by name and patterns", model: "gpt-4o-mini", instances: []string{"openai-exact", "openai-listed", "openai-wide"}, upstream: "gpt-4o-mini"},
		{name: "list by the shorter pattern", model: "gpt-4.1", instances: []string{"openai-wide"}, upstream: "gpt-4.1"},
		{name: "list beats the default provider", model: "claude-3", instances: []string{"claude-listed"}, upstream: "claude-3"},
		{name: "default provider", model: "unheard-of", instances: []string{"openai-any"}, upstream: "unheard-of"},
		{name: "no model", model: "", instances: []string{"openai-any"}, upstream: ""},
		{name: "disabled in a list, another serves all", model: "only-off", instances: []string{"openai-any"}, upstream: "only-off"},
		{name: "unknown explicit provider", provider: "nobody", model: "x", status: 404, code: "unknown_provider", says: "claude-custom, gemini-cli, openai-custom"},
		{name: "provider not built in", model: "qwen/x", status: 501, code: "provider_not_built_in", says: "qwen-api"},
		{name: "listed by a provider not built in, default serves", model: "qwen-max", instances: []string{"openai-any"}, upstream: "qwen-max"},
		{name: "all of a provider disabled", provider: "gemini", model: "x", status: 503, code: "no_enabled_instance", says: "gemini-cli"},
	}
	openai, claude, gemini := &fake{name: "openai-custom"}, &fake{name: "claude-custom"}, &fake{name: "gemini-cli"}
	r := relay.New(relay.Config{Router: newRouter(t, v, openai, claude, gemini)})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := make(map[string]string)
			for range 6 {
				w := ask(t, r, providers.Chat, tt.provider, tt.model)
				if tt.status != 0 {
					checkRefusal(t, w, tt.status, tt.code, tt.says)
					return
				}
				if w.Code != http.StatusOK {
					t.Fatalf("status %d: %s", w.Code, w.Body)
				}
				calls := slices.Concat(openai.made(), claude.made())
				openai.calls, claude.calls = nil, nil
				if len(calls) != 1 {
					t.Fatalf("calls = %v", calls)
				}
				got[calls[0].instance] = calls[0].model
				if want := `{"model":"` + tt.upstream + `","x":1}`; calls[0].body != want {
					t.Errorf("body = %s, want %s", calls[0].body, want)
				}
				if name := w.Header().Get("X-Aiproxy-Instance"); name != calls[0].instance {
					t.Errorf("X-Aiproxy-Instance = %q, want %q", name, calls[0].instance)
				}
			}
			if diff := cmp.Diff(tt.instances, slices.Sorted(maps.Keys(got))); diff != "" {
				t.Errorf("instances (-want +got):\n%s", diff)
			}
			for _, model := range got {
				if model != tt.upstream {
					t.Errorf("model = %q, want %q", model, tt.upstream)
				}
			}
		})
	}
}

func checkRefusal(t *testing.T, w *httptest.ResponseRecorder, status int, code, says string) {
	t.Helper()
	body := w.Body.String()
	if w.Code != status || !strings.Contains(body, `"code":"`+code+`"`) || !strings.Contains(body, says) {
		t.Errorf("got %d %s, want %d %s, saying %q", w.Code, body, status, code, says)
	}
	if w.Header().Get("X-Request-Id") != "request-1" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("header = %v", w.Header())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	chatOnly := func(op providers.Operation) bool { return op == providers.Chat }
	tests := []struct {
		name            string
		view            *fsm.View
		op              providers.Operation
		provider, model string
		status          int
		code, says      string
	}{
		{"no configuration yet", &fsm.View{}, providers.Chat, "", "x", 503, "starting", "try again"},
		{"no instance at all", view(), providers.Chat, "", "x", 503, "no_enabled_instance", "/loadbalancer/instances"},
		{"model not served", view(at("a", "", "gpt-*")), providers.Chat, "", "llama", 404, "model_not_found", "openai-custom"},
		{"model not served within a provider", view(at("a", "", "gpt-*")), providers.Chat, "openai", "llama", 404, "model_not_found", "llama"},
		{"model missing", view(at("a", "", "gpt-*")), providers.Chat, "", "", 400, "missing_required_parameter", "model"},
		{"listed instance is disabled", view(off(at("a", "", "x")), at("b", "", "y")), providers.Chat, "", "x", 503, "no_enabled_instance", "a"},
		{"listed instance has weight 0", view(weighing(0, at("a", "", "x")), at("b", "", "y")), providers.Chat, "", "x", 503, "no_enabled_instance", "weight 0"},
		{"listed by a provider not built in", view(of("kiro-api", at("k", "", "x")), at("b", "", "y")), providers.Chat, "", "x", 501, "provider_not_built_in", "kiro-api"},
		{"operation not supported", view(at("a", "")), providers.Embeddings, "openai-custom", "x", 400, "unsupported_operation", "embeddings"},
		{"unknown operation", view(at("a", "")), "sing", "", "x", 400, "unsupported_operation", "sing"},
		{"a long name is clipped", view(at("a", "", "y")), providers.Chat, "", strings.Repeat("x", 5000), 404, "model_not_found", "xxx..."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := relay.New(relay.Config{Router: newRouter(t, tt.view, &fake{name: "openai-custom", supports: chatOnly})})
			checkRefusal(t, ask(t, r, tt.op, tt.provider, tt.model), tt.status, tt.code, tt.says)
		})
	}
}

func TestDefaultProvidersInOrder(t *testing.T) {
	t.Parallel()
	v := view(at("a", "", "gpt-*"), of("claude-custom", at("c", "")))
	v.Settings.ModelProviders = []string{"qwen", "openai-custom", "claude"}
	claude := &fake{name: "claude-custom"}
	r := relay.New(relay.Config{Router: newRouter(t, v, &fake{name: "openai-custom"}, claude)})
	if w := ask(t, r, providers.Chat, "", "x"); w.Code != http.StatusOK || len(claude.made()) != 1 {
		t.Errorf("status %d, calls of the only provider that serves the model: %v", w.Code, claude.made())
	}
}
