package gateway_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestBrowsersOfAllowedPages(t *testing.T) {
	t.Parallel()
	const page = "https://app.example.com"
	preflight := []string{
		"Origin", page, "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "authorization,x-stainless-lang,anthropic-dangerous-direct-browser-access",
	}
	g := newGateway(t, setup{origins: []string{"HTTPS://app.example.com"}})
	got := ask(g, http.MethodOptions, "/v1/messages", "", preflight...)
	if got.Code != http.StatusNoContent || got.Header().Get("Access-Control-Allow-Origin") != page ||
		!strings.Contains(got.Header().Get("Access-Control-Allow-Headers"), "x-stainless-lang") ||
		!strings.Contains(got.Header().Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %d %v", got.Code, got.Header())
	}
	got = ask(g, http.MethodPost, "/v1/chat/completions", chatBody, "Origin", page)
	if got.Code != http.StatusOK || got.Header().Get("Access-Control-Allow-Origin") != page || got.Header().Get("Vary") != "Origin" {
		t.Errorf("request: %d %v", got.Code, got.Header())
	}
	got = ask(g, http.MethodPost, "/v1/chat/completions", chatBody, "Origin", "https://evil.example.com")
	if got.Code != http.StatusForbidden || got.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another page: %d %v", got.Code, got.Header())
	}
	got = ask(newGateway(t, setup{}), http.MethodOptions, "/v1/messages", "", preflight...)
	if got.Code == http.StatusNoContent || got.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without the setting: %d %v", got.Code, got.Header())
	}
}
