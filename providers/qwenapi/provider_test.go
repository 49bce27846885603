package qwenapi_test

import (
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/providertest"
	"aiproxy/providers/qwenapi"
)

func provider(t *testing.T) *qwenapi.Provider {
	t.Helper()
	return qwenapi.New(providertest.Transport(t), slog.New(slog.DiscardHandler))
}

var chat = providers.Call{Operation: providers.Chat, Dialect: dialect.OpenAIChat, Stream: true}

func TestRequestsPassAsTheyAre(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.QwenAPI, nil)
	in.BaseURL += "/compatible-mode/v1"
	for op, want := range map[providers.Operation]string{
		providers.Chat: "/compatible-mode/v1/chat/completions", providers.Embeddings: "/compatible-mode/v1/embeddings",
	} {
		const body = ` {"enable_thinking" : true, "unknown":1e400}`
		providertest.Do(t, p, in, providers.Call{Operation: op, Dialect: dialect.OpenAIChat}, body)
		if got := u.Next(t); got.Method != http.MethodPost || got.URI != want || got.Body != body {
			t.Errorf("%s %s %q", got.Method, got.URI, got.Body)
		}
	}
}

func TestClientsKeysStayHere(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.QwenAPI, nil)
	for _, auth := range []providers.Auth{providers.AuthKey, providers.AuthOAuth} {
		in.Auth = auth
		providertest.KeepsKeysApart(t, p, u, in, chat, "{}")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.QwenAPI, nil)
	for auth, kind := range map[providers.Auth]string{providers.AuthKey: "", providers.AuthOAuth: "qwen-oauth"} {
		in.Auth = auth
		call := chat
		call.Header = http.Header{"X-Dashscope-Cachecontrol": {"enable"}}
		providertest.Do(t, p, in, call, "{}")
		got := u.Next(t).Header
		if got.Get("Authorization") != "Bearer upstream-key" || got.Get("X-DashScope-AuthType") != kind || got.Get("X-DashScope-CacheControl") != "enable" {
			t.Errorf("%q: %v", auth, got)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	providertest.CancelsInEveryPhase(t, provider(t), chat, "data: {}\n\n")
}

func TestTarget(t *testing.T) {
	t.Parallel()
	p := provider(t)
	key, account := &providers.Instance{}, &providers.Instance{Auth: providers.AuthOAuth}
	for _, in := range []*providers.Instance{key, account} {
		providertest.Speaks(t, p, in, providers.Chat, dialect.OpenAIChat, dialect.OpenAIChat)
		providertest.Speaks(t, p, in, providers.Chat, dialect.Anthropic, dialect.OpenAIChat)
		providertest.Speaks(t, p, in, providers.CountTokens, dialect.Anthropic, "")
	}
	providertest.Speaks(t, p, key, providers.Embeddings, dialect.OpenAIChat, dialect.OpenAIChat)
	providertest.Speaks(t, p, account, providers.Embeddings, dialect.OpenAIChat, "")
	to, _ := p.Target(key, providers.Chat, dialect.Anthropic, "m")
	if !to.Stream || !to.OldMaxTokens || !to.Runs(dialect.ServerWebSearch) || !to.Runs(dialect.ServerCodeInterpreter) {
		t.Errorf("target %+v", to)
	}
	if to, _ = p.Target(account, providers.Chat, dialect.Anthropic, "m"); to.Runs(dialect.ServerWebSearch) {
		t.Error("the portal runs a search")
	}
	if p.Name() != "qwen-api" {
		t.Error(p.Name())
	}
	if _, err := p.Do(t.Context(), key, &providers.Call{Operation: "sing"}); providers.ClassOf(err) != providers.ClassGateway {
		t.Errorf("got %v", err)
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	p := provider(t)
	_, in := providertest.Serve(t, providers.QwenAPI, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/models" {
			t.Errorf("path %s", r.URL.Path)
		}
		_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"qwen-plus"}]}`)
	})
	got, err := p.Models(t.Context(), in)
	if diff := cmp.Diff([]dialect.Model{{ID: "qwen-plus"}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	got, err = p.Models(t.Context(), &providers.Instance{Auth: providers.AuthOAuth})
	if err != nil || !slices.Contains(got, dialect.Model{ID: "coder-model"}) {
		t.Errorf("the portal offers %v, %v", got, err)
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	compatible := func(code, message string) string {
		return `{"error":{"message":"` + message + `","type":"x","param":null,"code":"` + code + `"},"request_id":"r"}`
	}
	native := func(code, message string) string {
		return `{"code":"` + code + `","message":"` + message + `","request_id":"r"}`
	}
	providertest.Classifies(t, provider(t), map[string]providers.Class{
		"400 " + native("Arrearage", "Access denied, please make sure your account is in good standing."): providers.ClassCredential,
		"400 " + compatible("Arrearage", "x"):                                                    providers.ClassCredential,
		"400 " + compatible("data_inspection_failed", "x"):                                       providers.ClassCaller,
		"400 " + compatible("invalid_parameter_error", "Range of input length should be [1, 9]"): providers.ClassCaller,
		"400 " + native("InvalidParameter", "This model does not support enable_search."):        providers.ClassCaller,
		"401 " + compatible("invalid_api_key", "x"):                                              providers.ClassCredential,
		"401 invalid access token or token expired":                                              providers.ClassCredential,
		"403 " + compatible("insufficient_quota", "Free allocated quota exceeded."):              providers.ClassQuota,
		"403 " + native("AllocationQuota", "Free allocated quota exceeded."):                     providers.ClassQuota,
		"403 " + native("AccessDenied", "x"):                                                     providers.ClassCredential,
		"403 " + native("Model.AccessDenied", "x"):                                               providers.ClassCaller,
		"404 " + compatible("model_not_found", "x"):                                              providers.ClassCaller,
		"429 " + compatible("insufficient_quota", "x"):                                           providers.ClassQuota,
		"429 " + native("Throttling.RateQuota", "x"):                                             providers.ClassQuota,
		"429 " + native("Throttling.AllocationQuota", "x"):                                       providers.ClassQuota,
		"500 " + native("InternalError", "x"):                                                    providers.ClassProvider,
	})
}
