package plainproxy_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"aiproxy/scripts/bench/plainproxy"
)

func TestForwardsWithTheUpstreamsKey(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.URL.Path+" "+r.Header.Get("Authorization")+" "+string(body))
	}))
	defer upstream.Close()
	target, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	handler := plainproxy.New(plainproxy.Config{
		Target: target, ClientKey: "client", UpstreamKey: "up", Logger: slog.New(slog.DiscardHandler),
	})
	tests := []struct {
		key, want string
		status    int
	}{
		{key: "client", status: http.StatusOK, want: "/v1/chat/completions Bearer up ping"},
		{key: "other", status: http.StatusUnauthorized, want: "wrong API key\n"},
	}
	for _, tt := range tests {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/chat/completions", strings.NewReader("ping"))
		request.Header.Set("Authorization", "Bearer "+tt.key)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != tt.status || recorder.Body.String() != tt.want {
			t.Errorf("key %s: got %d %q, want %d %q", tt.key, recorder.Code, recorder.Body, tt.status, tt.want)
		}
	}
}
