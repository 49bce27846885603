package gateway_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
)

const (
	responsesReply  = `{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"gpt-x","output":[],"previous_response_id":null,"usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}`
	responsesStream = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\"}}\n\n" +
		"event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":1,\"response\":{\"id\":\"resp_1\",\"status\":\"completed\"}}\n\n"
)

func TestResponsesPass(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, responsesReply), providers.OpenAICustom)
	body := `{"model":"gpt-x","input":"hello","store":false,"odd":1}`
	got := ask(s, http.MethodPost, "/v1/responses", body, keyed()...)
	if got.Code != http.StatusOK || got.Body.String() != responsesReply {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if diff := cmp.Diff(asked{http.MethodPost, "/v1/responses", body, "Bearer upstream-key"}, s.last(t)); diff != "" {
		t.Errorf("upstream got (-want +got):\n%s", diff)
	}
}

// TestStoredResponses goes through the life of a response that the upstream keeps, by the id that the client has got.
func TestStoredResponses(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, responsesReply), providers.OpenAICustom)
	got := ask(s, http.MethodPost, "/v1/responses", `{"model":"gpt-x","input":"hello"}`, keyed()...)
	var first struct{ ID string }
	if err := json.Unmarshal(got.Body.Bytes(), &first); err != nil || !strings.HasPrefix(first.ID, "resp_1_at_") {
		t.Fatalf("%v: %s", err, got.Body)
	}
	ask(s, http.MethodPost, "/v1/responses", `{"model":"gpt-x","input":"on","previous_response_id":"`+first.ID+`"}`, keyed()...)
	if up := s.last(t); up.Body != `{"model":"gpt-x","input":"on","previous_response_id":"resp_1"}` {
		t.Errorf("upstream got %+v", up)
	}
	for _, test := range []struct{ method, path, upstream string }{
		{http.MethodGet, "", ""},
		{http.MethodGet, "?include=x&key=client-key", "?include=x"},
		{http.MethodDelete, "", ""},
		{http.MethodGet, "/input_items?limit=2", "/input_items?limit=2"},
		{http.MethodPost, "/cancel", "/cancel"},
	} {
		got := ask(s, test.method, "/v1/responses/"+first.ID+test.path, "", keyed()...)
		if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"id":"`+first.ID+`"`) {
			t.Errorf("%s %s: %d %s", test.method, test.path, got.Code, got.Body)
		}
		if up := s.last(t); up.Method != test.method || up.URI != "/v1/responses/resp_1"+test.upstream {
			t.Errorf("upstream got %+v", up)
		}
	}
}

func TestStoredResponsesOfStreams(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, responsesStream), providers.OpenAICustom)
	got := ask(s, http.MethodPost, "/v1/responses", `{"model":"gpt-x","input":"hello","stream":true}`, keyed()...)
	ids := regexp.MustCompile(`"id":"resp_1_at_[0-9a-f]+"`).FindAllString(got.Body.String(), -1)
	if len(ids) != 2 || ids[0] != ids[1] || strings.Contains(got.Body.String(), `"resp_1"`) {
		t.Errorf("%v in %s", ids, got.Body)
	}
}

func TestResponsesThatNobodyKeeps(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, chatReply), providers.ClaudeCustom)
	for _, id := range []string{"resp_1", "resp_1_at_zz", "resp_1_at_6e6f6e65"} {
		got := ask(s, http.MethodPost, "/v1/responses", `{"model":"m","input":"on","previous_response_id":"`+id+`"}`, keyed()...)
		if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "previous_response_not_found") {
			t.Errorf("%s: %d %s", id, got.Code, got.Body)
		}
	}
	got := ask(s, http.MethodGet, "/v1/responses/resp_1", "", keyed()...)
	if got.Code != http.StatusNotFound || shapeOf(got.Body.Bytes()) == "none" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if s.count() != 0 {
		t.Error("an upstream was asked")
	}
}

func TestResponsesAreTranslated(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, messageReply), providers.ClaudeCustom)
	got := ask(s, http.MethodPost, "/v1/responses", `{"model":"claude-x","input":"hello"}`, keyed()...)
	if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"object":"response"`) || strings.Contains(got.Body.String(), "_at_") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	got = ask(s, http.MethodPost, "/v1/responses/input_tokens", `{"model":"claude-x","input":"hello"}`, keyed()...)
	if !strings.HasPrefix(got.Body.String(), `{"object":"response.input_tokens","input_tokens":`) || got.Header().Get("X-Aiproxy-Estimated") != "true" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestCodexOffersAWebSocket(t *testing.T) {
	t.Parallel()
	s := newSurface(t, nil, providers.OpenAICustom)
	if got := ask(s, http.MethodGet, "/v1/responses", "", keyed("Upgrade", "websocket")...); got.Code != http.StatusUpgradeRequired {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := ask(s, http.MethodGet, "/v1/responses", "", keyed()...); got.Code != http.StatusMethodNotAllowed {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestCompletions(t *testing.T) {
	t.Parallel()
	const reply = `{"id":"cmpl-1","object":"text_completion","choices":[{"text":"Hi","index":0,"finish_reason":"stop"}]}`
	s := newSurface(t, says(http.StatusOK, reply), providers.OpenAICustom, providers.ClaudeCustom)
	got := ask(s, http.MethodPost, "/v1/completions", `{"model":"m","prompt":"x"}`, keyed()...)
	if got.Code != http.StatusOK || got.Body.String() != reply || s.last(t).URI != "/v1/completions" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	got = ask(s, http.MethodPost, "/claude/v1/completions", `{"model":"m","prompt":"x"}`, keyed()...)
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "offers no completions") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
