package upstream_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"aiproxy/providers/upstream"
)

func TestConnectionIsReused(t *testing.T) {
	t.Parallel()
	p := newPeer(t, answering(crlf("HTTP/1.1 200 OK", "Content-Length: 5", "", "hello")))
	rt := newTransport(t, upstream.Options{})
	for range 3 {
		req, body := request(t.Context(), t, p.addr, []byte("question"))
		resp, got, err := exchange(t, rt, req)
		if err != nil || resp.StatusCode != http.StatusOK || got != "hello" {
			t.Fatalf("got %v, %q, %v", resp, got, err)
		}
		body.awaitClosed(t)
	}
	if n := p.accepted(); n != 1 {
		t.Errorf("%d connections for three calls, want 1", n)
	}
}

func TestAgainstNetHTTPServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.RequestURI)
		w.WriteHeader(http.StatusTeapot)
		for range 10 {
			_, _ = w.Write([]byte("part"))
			w.(http.Flusher).Flush()
		}
	}))
	defer s.Close()
	rt := newTransport(t, upstream.Options{})
	req, _ := request(t.Context(), t, s.Listener.Addr().String(), []byte("x"))
	resp, got, err := exchange(t, rt, req)
	if err != nil || resp.StatusCode != http.StatusTeapot || len(got) != 40 {
		t.Fatalf("got %v, %q, %v", resp, got, err)
	}
	if uri := resp.Header.Get("X-Path"); uri != "/v1/chat/completions?q=1" {
		t.Errorf("upstream saw %q", uri)
	}
	rt.CloseIdleConnections()
}
