package simulator_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aiproxy/providers/simulator"
)

// start serves a simulator and returns its base URL and a client that leaves no connection behind.
func start(t *testing.T, o simulator.Options) (*simulator.Simulator, string, *http.Client) {
	t.Helper()
	sim := simulator.New(o)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, server.URL + "/v1", server.Client()
}

// post sends a body and returns the whole reply; a broken connection is returned as the error.
func post(t *testing.T, client *http.Client, url, body string) (*http.Response, string, error) {
	t.Helper()
	return postWith(t.Context(), t, client, url, body)
}

func postWith(ctx context.Context, t *testing.T, client *http.Client, url, body string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	return resp, string(reply), err
}

// chatBody is a request for a model, with more members if there are any.
func chatBody(model, more string) string {
	return `{"model":"` + model + `","messages":[{"role":"user","content":"Say it again, please."}]` + more + `}`
}

const (
	streamed  = `,"stream":true`
	withUsage = `,"stream":true,"stream_options":{"include_usage":true}`
)

// waitFor polls until cond holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("waited for %s in vain", what)
		case <-tick.C:
		}
	}
}

// send sends a request with header fields and returns the whole reply.
func send(t *testing.T, client *http.Client, method, url string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(reply)
}
