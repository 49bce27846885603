package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	var draining atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Aiproxy-Node", "n1")
		if r.URL.Path != "/readyz" || draining.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "[-]drain the node is shutting down\n")
		}
	}))
	defer server.Close()
	check := func() (string, error) {
		var out strings.Builder
		cmd := newHealthcheckCommand()
		cmd.SetArgs([]string{"--address", server.Listener.Addr().String()})
		cmd.SetOut(&out)
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	if said, err := check(); err != nil || said != "ready\n" {
		t.Errorf("a ready node: %q, %v", said, err)
	}
	draining.Store(true)
	if _, err := check(); err == nil || !strings.Contains(err.Error(), "the node is shutting down") {
		t.Errorf("a node that drains: %v, want the reason", err)
	}
	server.Close()
	if _, err := check(); err == nil || !strings.Contains(err.Error(), "can't reach the node") {
		t.Errorf("a node that is gone: %v", err)
	}
}
