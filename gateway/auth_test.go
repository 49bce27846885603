package gateway_test

import (
	"net/http"
	"testing"

	"aiproxy/providers"
)

const chatBody = `{"model":"m","messages":[]}`

func TestKeys(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{keys: []providers.Secret{"first-key", "second-key"}})
	tests := []struct {
		name   string
		target string
		header []string
		ok     bool
	}{
		{"bearer", "/v1/chat/completions", []string{"Authorization", "Bearer first-key"}, true},
		{"second key", "/v1/chat/completions", []string{"Authorization", "Bearer second-key"}, true},
		{"scheme in another case", "/v1/chat/completions", []string{"Authorization", "bEARER  first-key "}, true},
		{"x-api-key", "/v1/chat/completions", []string{"x-api-key", "first-key"}, true},
		{"x-goog-api-key", "/v1/chat/completions", []string{"x-goog-api-key", "first-key"}, true},
		{"api-key", "/v1/chat/completions", []string{"api-key", "first-key"}, true},
		{"query", "/v1/chat/completions?alt=sse&key=first-key", nil, true},
		{"a wrong one beside the right one", "/v1/chat/completions", []string{"Authorization", "Bearer no", "x-api-key", "second-key"}, true},
		{"none", "/v1/chat/completions", nil, false},
		{"wrong", "/v1/chat/completions", []string{"Authorization", "Bearer first-kez"}, false},
		{"prefix of a key", "/v1/chat/completions", []string{"Authorization", "Bearer first"}, false},
		{"key and more", "/v1/chat/completions", []string{"Authorization", "Bearer first-key2"}, false},
		{"empty bearer", "/v1/chat/completions", []string{"Authorization", "Bearer "}, false},
		{"no scheme", "/v1/chat/completions", []string{"Authorization", "first-key"}, false},
		{"basic", "/v1/chat/completions", []string{"Authorization", "Basic first-key"}, false},
		{"token belongs to WebSocket", "/v1/chat/completions?token=first-key", nil, false},
		{"both keys in one", "/v1/chat/completions", []string{"x-api-key", "first-keysecond-key"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ask(g, http.MethodPost, tt.target, chatBody, tt.header...)
			if tt.ok {
				if got.Code != http.StatusOK {
					t.Errorf("status %d %s, want 200", got.Code, got.Body)
				}
				return
			}
			e := wantError(t, got.Code, got.Header(), got.Body.Bytes())
			if got.Code != http.StatusUnauthorized || e.code() != "invalid_api_key" || e.Type != "invalid_request_error" {
				t.Errorf("answer = %d %s", got.Code, got.Body)
			}
			if got.Header().Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
}

func TestWithoutKeysForeignWebPagesAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		origin string
		ok     bool
	}{
		{"", true},
		{"http://localhost:8080", true},
		{"http://127.0.0.1:3000", true},
		{"http://[::1]:3000", true},
		{"https://evil.example", false},
		{"http://localhost.evil.example", false},
		{"null", false},
		{"http://[", false},
	}
	open, keyed := newGateway(t, setup{}), newGateway(t, setup{keys: []providers.Secret{"key"}})
	for _, tt := range tests {
		header := []string{"Authorization", "Bearer key"}
		if tt.origin != "" {
			header = append(header, "Origin", tt.origin)
		}
		if got := ask(keyed, http.MethodPost, "/v1/chat/completions", chatBody, header...); got.Code != http.StatusOK {
			t.Errorf("origin %q with a key: %d", tt.origin, got.Code)
		}
		got := ask(open, http.MethodPost, "/v1/chat/completions", chatBody, header...)
		if tt.ok != (got.Code == http.StatusOK) || !tt.ok && got.Code != http.StatusForbidden {
			t.Errorf("origin %q without keys: %d %s", tt.origin, got.Code, got.Body)
		}
	}
}

func TestWhatNeedsAKey(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{keys: []providers.Secret{"k"}})
	tests := []struct {
		method, path string
		open         bool
	}{
		{http.MethodGet, "/healthz", true},
		{http.MethodGet, "/readyz", true},
		{http.MethodGet, "/metrics", true},
		{http.MethodGet, "/cluster/status", true},
		{http.MethodHead, "/cluster/status", true},
		{http.MethodPost, "/v1/chat/completions", false},
		{http.MethodPost, "/openai/v1/chat/completions", false},
		{http.MethodPost, "/v1/embeddings", false},
		{http.MethodGet, "/v1/models", false},
		{http.MethodGet, "/v1/models/m", false},
		{http.MethodGet, "/loadbalancer/instances", false},
		{http.MethodPut, "/loadbalancer/algorithm", false},
		{http.MethodPut, "/loadbalancer/instances/a", false},
		{http.MethodGet, "/no/such/path", false},
		{http.MethodDelete, "/v1/models", false},
		{http.MethodPost, "/healthz", false},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			got := ask(g, tt.method, tt.path, "")
			if open := got.Code != http.StatusUnauthorized; open != tt.open {
				t.Errorf("status %d, open = %t, want %t", got.Code, open, tt.open)
			}
			wantOwnHeaders(t, got.Header())
		})
	}
}

func TestWithoutKeysEverybodyIsLetIn(t *testing.T) {
	t.Parallel()
	got := ask(newGateway(t, setup{}), http.MethodPost, "/v1/chat/completions", chatBody, "Authorization", "Bearer whatever")
	if got.Code != http.StatusOK {
		t.Errorf("status %d, want 200", got.Code)
	}
}
