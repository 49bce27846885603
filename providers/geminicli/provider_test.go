package geminicli

import (
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/providertest"
)

// provider returns one that does not pause between questions.
func provider(t *testing.T) *Provider {
	t.Helper()
	p := New(providertest.Transport(t), slog.New(slog.DiscardHandler))
	p.projects.pause = 0
	return p
}

func call(op providers.Operation, model string, stream bool) providers.Call {
	return providers.Call{Operation: op, Dialect: dialect.Gemini, Model: model, Stream: stream}
}

func TestRequestsPassAsTheyAre(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.GeminiCLI, nil)
	for _, test := range []struct {
		base string
		call providers.Call
		body string
		want string
	}{
		{"", call(providers.Chat, "gemini-x", false), `{"unknown":1e400}`, "/v1beta/models/gemini-x:generateContent"},
		{"", call(providers.Chat, "models/gemini-x", true), "{}", "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"},
		{"/v1alpha", call(providers.Chat, "gemini-x", true), "{}", "/v1alpha/models/gemini-x:streamGenerateContent?alt=sse"},
		{"/proxy", call(providers.Chat, "tunedModels/a b?c#d", false), "{}", "/proxy/v1beta/tunedModels/a%20b%3Fc%23d:generateContent"},
		{"", call(providers.Chat, "../../v1internal", false), "{}", "/v1beta/../..%2Fv1internal:generateContent"},
		{"", call(providers.CountTokens, "gemini-x", false), `{"contents":[]}`, "/v1beta/models/gemini-x:countTokens"},
		{"", call(providers.Embeddings, "emb", false), `{"content":{"parts":[{"text":"\"requests\""}]}}`, "/v1beta/models/emb:embedContent"},
		{"", call(providers.Embeddings, "emb", false), `{"requests":[]}`, "/v1beta/models/emb:batchEmbedContents"},
	} {
		at := *in
		at.BaseURL += test.base
		providertest.Do(t, p, &at, test.call, test.body)
		if got := u.Next(t); got.Method != http.MethodPost || got.URI != test.want || got.Body != test.body {
			t.Errorf("%s %s %q, want %s", got.Method, got.URI, got.Body, test.want)
		}
	}
}

func TestClientsKeysStayHere(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.GeminiCLI, nil)
	in.ProjectID = "p"
	for _, auth := range []providers.Auth{providers.AuthKey, providers.AuthBearer, providers.AuthOAuth} {
		in.Auth = auth
		providertest.KeepsKeysApart(t, p, u, in, call(providers.Chat, "m", true), "{}")
	}
}

func TestCredential(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.GeminiCLI, nil)
	for auth, name := range map[providers.Auth]string{providers.AuthKey: "X-Goog-Api-Key", providers.AuthBearer: "Authorization"} {
		in.Auth = auth
		providertest.Do(t, p, in, call(providers.Chat, "m", false), "{}")
		if got := u.Next(t).Header.Get(name); got != "upstream-key" && got != "Bearer upstream-key" {
			t.Errorf("%q: %s is %q", auth, name, got)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	providertest.CancelsInEveryPhase(t, provider(t), call(providers.Chat, "m", true), "data: {}\r\n\r\n")
}

func TestTarget(t *testing.T) {
	t.Parallel()
	p := provider(t)
	key, account := &providers.Instance{}, &providers.Instance{Auth: providers.AuthOAuth}
	for _, in := range []*providers.Instance{key, account} {
		providertest.Speaks(t, p, in, providers.Chat, dialect.Gemini, dialect.Gemini)
		providertest.Speaks(t, p, in, providers.CountTokens, dialect.Gemini, dialect.Gemini)
		providertest.Speaks(t, p, in, providers.CountTokens, dialect.OpenAIChat, "")
		providertest.Speaks(t, p, in, providers.Chat, "another", "")
		providertest.Speaks(t, p, in, "sing", dialect.Gemini, "")
	}
	providertest.Speaks(t, p, key, providers.Embeddings, dialect.Gemini, dialect.Gemini)
	providertest.Speaks(t, p, account, providers.Embeddings, dialect.Gemini, "")
	if p.Name() != "gemini-cli" {
		t.Error(p.Name())
	}
	for _, in := range []*providers.Instance{key, account} {
		if _, err := p.Do(t.Context(), in, &providers.Call{Operation: "sing"}); providers.ClassOf(err) != providers.ClassGateway {
			t.Errorf("got %v", err)
		}
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	p := provider(t)
	pages := map[string]string{
		"":  `{"models":[{"name":"models/gemini-a","supportedGenerationMethods":["generateContent"]}],"nextPageToken":"t"}`,
		"t": `{"models":[{"name":"tunedModels/b"}]}`,
	}
	u, in := providertest.Serve(t, providers.GeminiCLI, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, pages[r.URL.Query().Get("pageToken")])
	})
	got, err := p.Models(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]dialect.Model{{ID: "gemini-a"}, {ID: "tunedModels/b"}}, got); diff != "" {
		t.Error(diff)
	}
	if first := u.Next(t); first.URI != "/v1beta/models?pageSize=1000" || first.Header.Get("X-Goog-Api-Key") != "upstream-key" {
		t.Errorf("got %+v", first)
	}
	if list, err := p.Models(t.Context(), &providers.Instance{Auth: providers.AuthOAuth}); err != nil || len(list) == 0 {
		t.Errorf("Code Assist offers %v, %v", list, err)
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	says := func(status, reason, message string) string {
		return `{"error":{"code":1,"message":"` + message + `","status":"` + status + `","details":[{"@type":"x","reason":"` + reason + `"}]}}`
	}
	providertest.Classifies(t, provider(t), map[string]providers.Class{
		"400 " + says("INVALID_ARGUMENT", "API_KEY_INVALID", "API key not valid. Please pass a valid API key."):                     providers.ClassCredential,
		"400 [" + says("INVALID_ARGUMENT", "API_KEY_INVALID", "x") + "]":                                                            providers.ClassCredential,
		"400 " + says("INVALID_ARGUMENT", "", "API key expired. Please renew the API key."):                                         providers.ClassCredential,
		"400 " + says("INVALID_ARGUMENT", "", "Function call is missing a thought_signature in functionCall parts."):                providers.ClassCaller,
		"400 " + says("FAILED_PRECONDITION", "", "User location is not supported for the API use."):                                 providers.ClassCredential,
		"400 " + says("FAILED_PRECONDITION", "", "x"):                                                                               providers.ClassCaller,
		"401 " + says("UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "x"):                                                               providers.ClassCredential,
		"403 " + says("PERMISSION_DENIED", "VALIDATION_REQUIRED", "Verify your account to continue."):                               providers.ClassCredential,
		"403 " + says("PERMISSION_DENIED", "SERVICE_DISABLED", "x"):                                                                 providers.ClassCredential,
		"403 " + says("PERMISSION_DENIED", "", "Method doesn't allow unregistered callers (callers without established identity)."): providers.ClassCredential,
		"403 " + says("PERMISSION_DENIED", "", "You do not have permission to access the File abc or it may not exist."):            providers.ClassCaller,
		"404 " + says("NOT_FOUND", "", "models/x is not found"):                                                                     providers.ClassCaller,
		"429 " + says("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "x"):                                                             providers.ClassQuota,
		"429 " + says("RESOURCE_EXHAUSTED", "QUOTA_EXHAUSTED", "Your quota will reset after 21h13m4s."):                             providers.ClassQuota,
		"429 " + says("RESOURCE_EXHAUSTED", "MODEL_CAPACITY_EXHAUSTED", "x"):                                                        providers.ClassProvider,
		"429 " + says("RESOURCE_EXHAUSTED", "INSUFFICIENT_G1_CREDITS_BALANCE", "x"):                                                 providers.ClassCredential,
		"499 " + says("CANCELLED", "", "x"):                                                                                         providers.ClassProvider,
		"503 " + says("UNAVAILABLE", "", "The model is overloaded."):                                                                providers.ClassProvider,
	})
}
