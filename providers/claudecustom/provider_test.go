package claudecustom_test

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
	"aiproxy/providers/claudecustom"
	"aiproxy/providers/dialect"
	"aiproxy/providers/providertest"
)

func provider(t *testing.T) *claudecustom.Provider {
	t.Helper()
	return claudecustom.New(providertest.Transport(t), slog.New(slog.DiscardHandler))
}

var chat = providers.Call{Operation: providers.Chat, Dialect: dialect.Anthropic, Stream: true}

const event = "event: ping\ndata: {\"type\":\"ping\"}\n\n"

func TestRequestsPassAsTheyAre(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.ClaudeCustom, nil)
	for _, test := range []struct {
		base string
		op   providers.Operation
		want string
	}{
		{"", providers.Chat, "/v1/messages"},
		{"/v1", providers.Chat, "/v1/messages"},
		{"/apps/anthropic", providers.Chat, "/apps/anthropic/v1/messages"},
		{"", providers.CountTokens, "/v1/messages/count_tokens"},
	} {
		const body = ` {"model" : "m", "unknown":1e400,"é":"\ud800"}` + "\r\n"
		at := *in
		at.BaseURL += test.base
		providertest.Do(t, p, &at, providers.Call{Operation: test.op, Dialect: dialect.Anthropic}, body)
		if got := u.Next(t); got.Method != http.MethodPost || got.URI != test.want || got.Body != body {
			t.Errorf("%s %s: %s %s %q", test.base, test.op, got.Method, got.URI, got.Body)
		}
	}
}

func TestClientsKeysStayHere(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.ClaudeCustom, nil)
	for _, auth := range []providers.Auth{providers.AuthKey, providers.AuthBearer} {
		in.Auth = auth
		providertest.KeepsKeysApart(t, p, u, in, chat, "{}")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.ClaudeCustom, nil)
	common := func(more http.Header) http.Header {
		h := http.Header{
			"Accept-Encoding": {"identity"}, "Content-Type": {"application/json"}, "User-Agent": {"aiproxy"},
			"X-Api-Key": {"upstream-key"}, "Anthropic-Version": {"2023-06-01"},
		}
		maps.Copy(h, more)
		return h
	}
	claudeCode := http.Header{
		"Anthropic-Version": {"2025-01-01"}, "Anthropic-Beta": {"claude-code-20250219,effort-2025-11-24", "oauth-x"},
		"Anthropic-New-Thing": {"1"}, "User-Agent": {"claude-cli/2"}, "X-App": {"cli"}, "X-Stainless-Lang": {"js"},
		"X-Claude-Code-Session-Id": {"s"},
	}
	const tools = `{"tools":[{"type":"code_execution_20250825","name":"code_execution"},{"type":"web_fetch_20250910"}]}`
	for _, test := range []struct {
		name       string
		auth       providers.Auth
		translated bool
		client     http.Header
		body       string
		want       http.Header
	}{
		{"none", "", false, nil, "{}", common(nil)},
		{"same dialect", "", false, claudeCode, tools, common(claudeCode)},
		{
			"bearer", providers.AuthBearer, false, nil, "{}",
			common(http.Header{"X-Api-Key": nil, "Authorization": {"Bearer upstream-key"}}),
		},
		{
			"translated", "", true,
			http.Header{
				"User-Agent": {"OpenAI/Go"}, "Openai-Beta": {"x"}, "X-Stainless-Lang": {"go"}, "Accept": {"a"}, "Traceparent": {"t"},
				"Anthropic-Beta": {"context-1m-2025-08-07"},
			},
			tools, common(http.Header{
				"Traceparent":    {"t"},
				"Anthropic-Beta": {"context-1m-2025-08-07", "code-execution-2025-08-25", "web-fetch-2025-09-10"},
			}),
		},
		{"translated text about tools", "", true, nil, `{"a":"{\"type\":\"code_execution_20250825\"}"}`, common(nil)},
	} {
		in.Auth = test.auth
		call := chat
		call.Header, call.Translated = test.client.Clone(), test.translated
		providertest.Do(t, p, in, call, test.body)
		got := u.Next(t).Header
		got.Del("Content-Length")
		for name, values := range test.want {
			if values == nil {
				delete(test.want, name)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
		if diff := cmp.Diff(test.client, call.Header); diff != "" {
			t.Errorf("%s: the client's header has changed:\n%s", test.name, diff)
		}
	}
}

func TestRepliesPassAsTheyAre(t *testing.T) {
	t.Parallel()
	const stream = event + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
	_, in := providertest.Serve(t, providers.ClaudeCustom, func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{
			"Content-Type": "text/event-stream", "Request-Id": "req_1", "Anthropic-Ratelimit-Requests-Remaining": "4",
			"Retry-After": "3", "Set-Cookie": "a=b",
		} {
			w.Header().Set(name, value)
		}
		w.WriteHeader(529)
		_, _ = io.WriteString(w, stream)
	})
	reply, body := providertest.Do(t, provider(t), in, chat, "{}")
	reply.Header.Del("Date")
	want := http.Header{
		"Content-Type": {"text/event-stream"}, "Request-Id": {"req_1"}, "Anthropic-Ratelimit-Requests-Remaining": {"4"},
		"Retry-After": {"3"}, "Content-Length": {strconv.Itoa(len(stream))},
	}
	if diff := cmp.Diff(want, reply.Header); diff != "" || reply.Status != 529 || body != stream {
		t.Errorf("status %d, body %q\n%s", reply.Status, body, diff)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	providertest.CancelsInEveryPhase(t, provider(t), chat, event)
}

func TestUnknownOperation(t *testing.T) {
	t.Parallel()
	_, err := provider(t).Do(t.Context(), &providers.Instance{}, &providers.Call{Operation: "sing"})
	if providers.ClassOf(err) != providers.ClassGateway {
		t.Errorf("got %v", err)
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	p := provider(t)
	in := &providers.Instance{}
	providertest.Speaks(t, p, in, providers.Chat, dialect.Anthropic, dialect.Anthropic)
	providertest.Speaks(t, p, in, providers.Chat, dialect.OpenAIChat, dialect.Anthropic)
	providertest.Speaks(t, p, in, providers.CountTokens, dialect.Anthropic, dialect.Anthropic)
	providertest.Speaks(t, p, in, providers.CountTokens, dialect.OpenAIChat, "")
	providertest.Speaks(t, p, in, providers.Embeddings, dialect.OpenAIChat, "")
	providertest.Speaks(t, p, in, providers.Chat, "another", "")
	if p.Name() != "claude-custom" {
		t.Error(p.Name())
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	says := func(kind, message string) string {
		return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q},"request_id":"req_1"}`, kind, message)
	}
	providertest.Classifies(t, provider(t), map[string]providers.Class{
		"400 " + says("invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum"):                                        providers.ClassCaller,
		"400 " + says("invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."): providers.ClassCredential,
		"400 " + says("invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2026-12-01."):   providers.ClassCredential,
		"400 " + says("invalid_request_error", "This organization has been disabled."):                                                      providers.ClassCredential,
		"400 " + says("billing_error", "x"):                        providers.ClassCredential,
		"401 " + says("authentication_error", "invalid x-api-key"): providers.ClassCredential,
		"402 " + says("billing_error", "x"):                        providers.ClassCredential,
		"403 " + says("permission_error", "x"):                     providers.ClassCredential,
		"404 " + says("not_found_error", "model: x"):               providers.ClassCaller,
		"409 " + says("conflict_error", "x"):                       providers.ClassCaller,
		"413 " + says("request_too_large", "x"):                    providers.ClassCaller,
		"429 " + says("rate_limit_error", "x"):                     providers.ClassQuota,
		"429 " + says("overloaded_error", "Overloaded"):            providers.ClassProvider,
		"500 " + says("api_error", "x"):                            providers.ClassProvider,
		"504 " + says("timeout_error", "x"):                        providers.ClassProvider,
		"529 " + says("overloaded_error", "Overloaded"):            providers.ClassProvider,
	})
}

func TestModels(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"": `{"data":[{"id":"claude-a","type":"model","display_name":"A","created_at":"2025-02-19T00:00:00Z"},{"type":"model"}],
			"has_more":true,"first_id":"claude-a","last_id":"claude-a"}`,
		"claude-a": `{"data":[{"id":"claude-b","created_at":"odd"}],"has_more":false,"last_id":"claude-b"}`,
	}
	u, in := providertest.Serve(t, providers.ClaudeCustom, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, pages[r.URL.Query().Get("after_id")])
	})
	got, err := provider(t).Models(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := []dialect.Model{{ID: "claude-a", Created: 1739923200}, {ID: "claude-b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	first := u.Next(t)
	if first.Method != http.MethodGet || first.URI != "/v1/models?limit=1000" || first.Header.Get("X-Api-Key") != "upstream-key" ||
		first.Header.Get("Anthropic-Version") != "2023-06-01" {
		t.Errorf("got %+v", first)
	}
}

func TestModelsThatCannotBeListed(t *testing.T) {
	t.Parallel()
	for status, test := range map[int]struct {
		body string
		want providers.Class
	}{
		200: {"<html>", providers.ClassProvider},
		401: {"{}", providers.ClassCredential},
		529: {"{}", providers.ClassProvider},
	} {
		_, in := providertest.Serve(t, providers.ClaudeCustom, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, test.body)
		})
		if _, err := provider(t).Models(t.Context(), in); err == nil || providers.ClassOf(err) != test.want {
			t.Errorf("%d: %v", status, err)
		}
	}
}
