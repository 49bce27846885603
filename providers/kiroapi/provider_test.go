package kiroapi

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/providertest"
)

func provider(t *testing.T) *Provider {
	t.Helper()
	return New(providertest.Transport(t), slog.New(slog.DiscardHandler))
}

var chat = providers.Call{Operation: providers.Chat, Dialect: dialect.Kiro, Stream: true, Translated: true}

func TestKiroIsAskedInItsWay(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.KiroAPI, nil)
	call := chat
	call.Header = http.Header{"Anthropic-Version": {"2023-06-01"}, "Openai-Beta": {"x"}, "User-Agent": {"claude-cli"}}
	var ids []string
	for _, key := range []string{"token", "ksk_1"} {
		in.APIKey = providers.Secret(key)
		providertest.Do(t, p, in, call, `{"conversationState":{}}`)
		got := u.Next(t)
		ids = append(ids, got.Header.Get("Amz-Sdk-Invocation-Id"))
		got.Header.Del("Amz-Sdk-Invocation-Id")
		want := http.Header{
			"Accept-Encoding": {"identity"}, "Content-Type": {"application/json"}, "Content-Length": {"24"}, "User-Agent": {"aiproxy"},
			"Authorization": {"Bearer " + key}, "X-Amzn-Codewhisperer-Optout": {"true"}, "X-Amzn-Kiro-Agent-Mode": {"vibe"},
			"Amz-Sdk-Request": {"attempt=1; max=1"},
		}
		if strings.HasPrefix(key, "ksk_") {
			want["Tokentype"] = []string{"API_KEY"}
		}
		if diff := cmp.Diff(want, got.Header); diff != "" {
			t.Error(diff)
		}
		if got.Method != http.MethodPost || got.URI != "/generateAssistantResponse" || got.Body != `{"conversationState":{}}` {
			t.Errorf("%s %s %s", got.Method, got.URI, got.Body)
		}
	}
	if len(ids[0]) != 36 || ids[0] == ids[1] {
		t.Errorf("calls are %v", ids)
	}
}

func TestClientsKeysStayHere(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := providertest.Serve(t, providers.KiroAPI, nil)
	providertest.KeepsKeysApart(t, p, u, in, chat, "{}")
	in.BaseURL += "/v1"
	providertest.KeepsKeysApart(t, p, u, in, providers.Call{Operation: providers.Chat, Dialect: dialect.Anthropic}, "{}")
}

func TestAnswersBecomeServerSentEvents(t *testing.T) {
	t.Parallel()
	p := provider(t)
	_, in := providertest.Serve(t, providers.KiroAPI, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
		w.Header().Set("x-amzn-RequestId", "r1")
		_, _ = w.Write(event(t, "assistantResponseEvent", `{"content":"a"}`))
	})
	reply, body := providertest.Do(t, p, in, chat, "{}")
	if body != "event: assistantResponseEvent\ndata: {\"content\":\"a\"}\n\n" {
		t.Errorf("body %q", body)
	}
	h := reply.Header
	if h.Get("Content-Type") != "text/event-stream" || h.Get("X-Request-Id") != "r1" || h.Get("Content-Length") != "" {
		t.Errorf("header %v", h)
	}
}

func TestErrorsPassAsTheyAre(t *testing.T) {
	t.Parallel()
	p := provider(t)
	const told = `{"message":"Improperly formed request.","reason":null}`
	_, in := providertest.Serve(t, providers.KiroAPI, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, told)
	})
	if reply, body := providertest.Do(t, p, in, chat, "{}"); reply.Status != http.StatusBadRequest || body != told {
		t.Errorf("%d %s", reply.Status, body)
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	providertest.CancelsInEveryPhase(t, provider(t), chat, "event: ping\ndata: {}\n\n")
}

func TestDialects(t *testing.T) {
	t.Parallel()
	p := provider(t)
	native, bridge := &providers.Instance{BaseURL: homeURL}, &providers.Instance{BaseURL: "http://127.0.0.1:8000/v1"}
	for _, d := range []dialect.Name{dialect.OpenAIChat, dialect.OpenAIResponses, dialect.Anthropic, dialect.Gemini} {
		providertest.Speaks(t, p, native, providers.Chat, d, dialect.Kiro)
		providertest.Speaks(t, p, bridge, providers.Chat, d, dialect.Anthropic)
	}
	providertest.Speaks(t, p, native, providers.CountTokens, dialect.Anthropic, "")
	providertest.Speaks(t, p, bridge, providers.CountTokens, dialect.Anthropic, dialect.Anthropic)
	providertest.Speaks(t, p, native, providers.Embeddings, dialect.OpenAIChat, "")
	native.ProfileARN = "arn:aws:codewhisperer:eu-central-1:1:profile/P"
	got, _ := p.Target(native, providers.Chat, dialect.Anthropic, "claude-haiku-4-5-20251001")
	want := dialect.Target{
		Dialect: dialect.Kiro, Vendor: dialect.VendorKiro, Model: "claude-haiku-4.5", Stream: true, ProfileARN: native.ProfileARN,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEndpointOfTheRegion(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]providers.Instance{
		"https://q.us-east-1.amazonaws.com":    {BaseURL: homeURL},
		"https://q.eu-west-1.amazonaws.com":    {BaseURL: homeURL, Region: "eu-west-1"},
		"https://q.eu-central-1.amazonaws.com": {BaseURL: homeURL, Region: "us-east-1", ProfileARN: "arn:aws:codewhisperer:eu-central-1:1:profile/P"},
		"http://127.0.0.1:1":                   {BaseURL: "http://127.0.0.1:1", Region: "eu-west-1"},
	} {
		if got := located(&in).BaseURL; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := located(&providers.Instance{BaseURL: homeURL, Region: "evil.example/"}).BaseURL; got != homeURL {
		t.Errorf("a region leads to %s", got)
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	providertest.Classifies(t, provider(t), map[string]providers.Class{
		`400 {"message":"Input is too long.","reason":"CONTENT_LENGTH_EXCEEDS_THRESHOLD"}`:                providers.ClassCaller,
		`400 {"message":"Improperly formed request.","reason":null}`:                                      providers.ClassCaller,
		`400 {"message":"Invalid model.","reason":"INVALID_MODEL_ID"}`:                                    providers.ClassCaller,
		`400 {"message":"profileArn is required for this request."}`:                                      providers.ClassCredential,
		`400 {"message":"Rate exceeded","__type":"ThrottlingException"}`:                                  providers.ClassQuota,
		`402 {"message":"You have reached the limit.","reason":"MONTHLY_REQUEST_COUNT"}`:                  providers.ClassCredential,
		`403 {"message":"The bearer token included in the request is invalid.","reason":null}`:            providers.ClassCredential,
		`403 {"message":"Your account is suspended.","reason":"TEMPORARILY_SUSPENDED"}`:                   providers.ClassCredential,
		`429 {"message":"Too many requests","__type":"com.amazon.aws.codewhisperer#ThrottlingException"}`: providers.ClassQuota,
		`429 {"message":"busy","reason":"INSUFFICIENT_MODEL_CAPACITY"}`:                                   providers.ClassProvider,
		`429 {"message":"We noticed suspicious activity and have put temporary limits on it."}`:           providers.ClassCredential,
		`429 {"message":"You have reached the limit.","reason":"OVERAGE_REQUEST_LIMIT_EXCEEDED"}`:         providers.ClassCredential,
		`500 {"message":"busy","reason":"MODEL_TEMPORARILY_UNAVAILABLE"}`:                                 providers.ClassProvider,
		`524 `: providers.ClassProvider,
		`400 {"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to go on"}}`: providers.ClassCredential,
		`429 {"type":"error","error":{"type":"rate_limit_error","message":"slow"}}`:                                         providers.ClassQuota,
	})
}

func TestModels(t *testing.T) {
	t.Parallel()
	p := provider(t)
	for name, test := range map[string]struct {
		status int
		body   string
		first  string
		class  providers.Class
	}{
		"list":     {200, `{"models":[{"modelId":"claude-opus-5","modelName":"x"},{"modelName":"y"}],"nextToken":null}`, "claude-opus-5", providers.ClassNone},
		"unknown":  {404, `{"message":"no"}`, "auto", providers.ClassNone},
		"expired":  {403, `{"message":"The bearer token included in the request is invalid."}`, "", providers.ClassCredential},
		"no list":  {200, `{"data":[]}`, "", providers.ClassProvider},
		"overload": {503, ``, "", providers.ClassProvider},
	} {
		u, in := providertest.Serve(t, providers.KiroAPI, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		})
		in.ProfileARN = "arn:x"
		list, err := p.Models(t.Context(), in)
		if providers.ClassOf(err) != test.class || test.first != "" && (len(list) == 0 || list[0].ID != test.first) {
			t.Errorf("%s: %v, %v", name, list, err)
		}
		if got := u.Next(t); got.URI != "/ListAvailableModels?maxResults=50&origin=AI_EDITOR&profileArn=arn%3Ax" {
			t.Errorf("asked for %s", got.URI)
		}
	}
}

func TestModelID(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]string{
		"claude-sonnet-4-5-20250929": "claude-sonnet-4.5", "claude-sonnet-4-20250514": "claude-sonnet-4", "claude-opus-5": "claude-opus-5",
		"claude-haiku-4-5": "claude-haiku-4.5", "claude-sonnet-4.5": "claude-sonnet-4.5", "claude-sonnet-4-6[1m]": "claude-sonnet-4.6",
		"claude-3-7-sonnet-latest": "CLAUDE_3_7_SONNET_20250219_V1_0", "auto": "auto", "glm-5-1": "glm-5-1", "claude-": "claude-",
	} {
		if got := modelID(model); got != want {
			t.Errorf("%s is %s, want %s", model, got, want)
		}
	}
}
