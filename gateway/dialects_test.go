package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"aiproxy/providers"
)

// shapeOf tells whose error a body is, by the members that the vendors' libraries read.
func shapeOf(body []byte) string {
	var e struct {
		Type  string
		Error struct {
			Type, Message, Status string
			Code                  any
		}
	}
	if json.Unmarshal(body, &e) != nil || e.Error.Message == "" {
		return "none"
	}
	switch {
	case e.Type == "error" && e.Error.Type != "":
		return "anthropic " + e.Error.Type
	case e.Error.Status != "":
		return "gemini " + e.Error.Status
	case e.Error.Type != "":
		return "openai " + e.Error.Type
	default:
		return "none"
	}
}

func TestErrorsHaveTheClientsShape(t *testing.T) {
	t.Parallel()
	s := newSurface(t, nil, providers.ClaudeCustom)
	large := `{"model":"m","x":"` + strings.Repeat("x", 33<<20) + `"}`
	for _, test := range []struct {
		name, method, target, body string
		header                     []string
		status                     int
		want                       string
	}{
		{"no key", "POST", "/v1/messages", messagesBody, nil, 401, "anthropic authentication_error"},
		{"no key", "POST", "/v1beta/models/m:generateContent", `{}`, nil, 401, "gemini UNAUTHENTICATED"},
		{"no key", "POST", "/v1/models/m:streamGenerateContent?key=wrong", `{}`, nil, 401, "gemini UNAUTHENTICATED"},
		{"no key", "POST", "/v1/responses", `{}`, nil, 401, "openai invalid_request_error"},
		{"no key", "POST", "/v1/chat/completions", `{}`, nil, 401, "openai invalid_request_error"},
		{"no key, behind a provider", "POST", "/claude/v1/messages", messagesBody, nil, 401, "anthropic authentication_error"},
		{"too large", "POST", "/v1/messages", large, keyed(), 413, "anthropic request_too_large"},
		{"too large", "POST", "/v1beta/models/m:generateContent", large, keyed(), 413, "gemini INVALID_ARGUMENT"},
		{"unknown path", "POST", "/v1/messages/batches", `{}`, keyed(), 404, "anthropic not_found_error"},
		{"unknown path", "GET", "/v1/files", "", keyed("Anthropic-Version", "2023-06-01"), 404, "anthropic not_found_error"},
		{"unknown path", "POST", "/v1beta/models/m:predict", `{}`, keyed(), 405, "gemini INVALID_ARGUMENT"},
		{"unknown path", "GET", "/v1/files", "", keyed(), 404, "openai invalid_request_error"},
		{"method", "PUT", "/v1/messages", messagesBody, keyed(), 405, "anthropic invalid_request_error"},
		{"no JSON", "POST", "/v1/messages", `{"model":`, keyed(), 400, "anthropic invalid_request_error"},
		{"no JSON", "POST", "/v1beta/models/m:generateContent", `[`, keyed(), 400, "gemini INVALID_ARGUMENT"},
		{"no model", "POST", "/v1/messages", `{}`, keyed(), 400, "anthropic invalid_request_error"},
		{"unknown provider", "POST", "/acme/v1/messages", messagesBody, keyed(), 404, "anthropic not_found_error"},
		{"unknown model", "GET", "/v1beta/models/m", "", keyed(), 404, "gemini NOT_FOUND"},
	} {
		t.Run(test.name+" "+test.target, func(t *testing.T) {
			t.Parallel()
			got := ask(s, test.method, test.target, test.body, test.header...)
			if shape := shapeOf(got.Body.Bytes()); got.Code != test.status || shape != test.want {
				t.Errorf("%d %s: %s, want %d %s", got.Code, shape, got.Body, test.status, test.want)
			}
			if test.status == http.StatusUnauthorized && got.Header().Get("Www-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
}

func TestPanicsHaveTheClientsShape(t *testing.T) {
	t.Parallel()
	s := newGateway(t, setup{relay: relayFunc(nil)})
	for target, want := range map[string]string{
		"/v1/messages": "anthropic api_error", "/v1beta/models/m:generateContent": "gemini INTERNAL",
	} {
		got := ask(s, http.MethodPost, target, messagesBody)
		if shape := shapeOf(got.Body.Bytes()); got.Code != http.StatusInternalServerError || shape != want {
			t.Errorf("%s: %d %s", target, got.Code, got.Body)
		}
	}
}
