package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
)

const (
	messagesBody = `{"model":"claude-x","max_tokens":9,"messages":[{"role":"user","content":"hello"}],"odd":1}`
	countBody    = `{"model":"claude-x","messages":[{"role":"user","content":"hello, how are you?"}]}`
	messageReply = `{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}}`
	chatReply    = `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`
)

func TestMessagesPass(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, messageReply), providers.ClaudeCustom)
	for _, path := range []string{"/v1/messages", "/v1/messages?beta=true", "/claude/v1/messages", "/claude-custom/v1/messages"} {
		got := ask(s, http.MethodPost, path, messagesBody, "X-Api-Key", "client-key")
		if got.Code != http.StatusOK || got.Body.String() != messageReply || got.Header().Get("Request-Id") == "" {
			t.Errorf("%s: %d %v %s", path, got.Code, got.Header(), got.Body)
		}
		want := asked{http.MethodPost, "/v1/messages", messagesBody, "upstream-key"}
		if diff := cmp.Diff(want, s.last(t)); diff != "" {
			t.Errorf("%s: upstream got (-want +got):\n%s", path, diff)
		}
	}
}

func TestMessagesAreTranslated(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, chatReply), providers.OpenAICustom)
	body := strings.Replace(messagesBody, `,"odd":1`, `,"top_k":5`, 1)
	got := ask(s, http.MethodPost, "/v1/messages", body, keyed("Anthropic-Version", "2023-06-01")...)
	if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"stop_reason":"end_turn"`) {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got.Header().Get("X-Aiproxy-Dropped") != "top_k" || got.Header().Get("Request-Id") == "" {
		t.Errorf("header %v", got.Header())
	}
	if up := s.last(t); up.URI != "/v1/chat/completions" || up.Key != "Bearer upstream-key" {
		t.Errorf("upstream got %+v", up)
	}
}

func TestCountTokens(t *testing.T) {
	t.Parallel()
	counts := says(http.StatusOK, `{"input_tokens":77}`)
	for _, test := range []struct {
		name, provider string
		upstream       http.HandlerFunc
		want           string
		estimated      bool
	}{
		{"the upstream's own", providers.ClaudeCustom, counts, `{"input_tokens":77}`, false},
		{"an upstream of another dialect", providers.OpenAICustom, counts, `{"input_tokens":8}`, true},
		{"an upstream that lacks it", providers.ClaudeCustom, says(http.StatusNotFound, `{"detail":"Not Found"}`), `{"input_tokens":8}`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSurface(t, test.upstream, test.provider)
			got := ask(s, http.MethodPost, "/v1/messages/count_tokens?beta=true", countBody, keyed()...)
			if got.Code != http.StatusOK || got.Body.String() != test.want {
				t.Errorf("%d %s, want %s", got.Code, got.Body, test.want)
			}
			if estimated := got.Header().Get("X-Aiproxy-Estimated") == "true"; estimated != test.estimated {
				t.Errorf("estimated %v", estimated)
			}
			if test.provider == providers.ClaudeCustom && s.last(t).URI != "/v1/messages/count_tokens" {
				t.Errorf("upstream got %+v", s.last(t))
			}
			if test.provider == providers.OpenAICustom && s.count() != 0 {
				t.Error("an upstream that cannot count was asked")
			}
		})
	}
}

func TestCountTokensTellsFaults(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusBadRequest, `{"type":"error","error":{"type":"invalid_request_error","message":"no"}}`), providers.ClaudeCustom)
	got := ask(s, http.MethodPost, "/v1/messages/count_tokens", countBody, keyed()...)
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `"message":"no"`) {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	s = newSurface(t, nil, providers.OpenAICustom)
	got = ask(s, http.MethodPost, "/v1/messages/count_tokens", `{"model":"m"}`, keyed()...)
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "messages is missing") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestProbesOfClaudeCode(t *testing.T) {
	t.Parallel()
	s := newSurface(t, nil, providers.ClaudeCustom)
	for _, path := range []string{"/", "/api/hello"} {
		if got := ask(s, http.MethodHead, path, ""); got.Code != http.StatusOK || got.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d", path, got.Code)
		}
	}
	if got := ask(s, http.MethodGet, "/", ""); got.Code != http.StatusNotFound {
		t.Errorf("GET /: %d", got.Code)
	}
}
