package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/gateway"
	"aiproxy/gateway/relay"
)

// samples returns the lines of a scrape whose name begins with prefix.
func samples(tb testing.TB, g *gateway.Gateway, prefix string) map[string]string {
	tb.Helper()
	found := make(map[string]string)
	for line := range strings.Lines(ask(g, http.MethodGet, "/metrics", "").Body.String()) {
		if strings.HasPrefix(line, prefix) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
			found[name] = value
		}
	}
	return found
}

func TestPanicBecomesA500(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	g := newGateway(t, setup{log: log, relay: relayFunc(func(context.Context, http.ResponseWriter, *relay.Request) {
		panic(errors.New("a broken invariant"))
	})})
	server := serve(t, g)
	for range 3 {
		reply, err := http.Post(server.URL+"/v1/chat/completions", "application/json", strings.NewReader(chatBody))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(reply.Body)
		reply.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		e := wantError(t, reply.StatusCode, reply.Header, body)
		id := reply.Header.Get("X-Aiproxy-Request-Id")
		if reply.StatusCode != http.StatusInternalServerError || e.code() != "internal_error" || !strings.Contains(e.Message, id) {
			t.Errorf("answer = %d %s", reply.StatusCode, body)
		}
		if strings.Contains(string(body), "invariant") {
			t.Error("the answer tells the cause")
		}
	}
	records := log.records(t, "recovered from a panic in a handler")
	if len(records) != 3 {
		t.Fatalf("%d records of panics, want 3", len(records))
	}
	if stack, _ := records[0]["stack"].(string); !strings.Contains(stack, "TestPanicBecomesA500") || records[0]["panic"] != "a broken invariant" {
		t.Errorf("record = %v", records[0])
	}
	waitFor(t, "the requests to end", func() bool { return g.InFlight() == 0 })
}

// TestPanicAfterTheHeader breaks the answer off: what was sent must not pass for a whole answer.
func TestPanicAfterTheHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		cause  any
		logged bool
	}{
		{"a panic", "oops", true},
		{"an abort", http.ErrAbortHandler, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log := new(logBuffer)
			g := newGateway(t, setup{log: log, relay: relayFunc(func(_ context.Context, w http.ResponseWriter, _ *relay.Request) {
				_, _ = io.WriteString(w, "data: {}\n\n")
				w.(http.Flusher).Flush()
				panic(tt.cause)
			})})
			server := serve(t, g)
			reply, err := http.Post(server.URL+"/v1/chat/completions", "application/json", strings.NewReader(chatBody))
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			if body, err := io.ReadAll(reply.Body); err == nil {
				t.Errorf("the answer ended well: %q", body)
			}
			waitFor(t, "the request to end", func() bool { return g.InFlight() == 0 })
			if got := len(log.records(t, "recovered from a panic in a handler")) > 0; got != tt.logged {
				t.Errorf("logged = %t, want %t", got, tt.logged)
			}
		})
	}
}

func TestAbortBeforeTheHeader(t *testing.T) {
	t.Parallel()
	server := serve(t, newGateway(t, setup{relay: relayFunc(func(context.Context, http.ResponseWriter, *relay.Request) {
		panic(http.ErrAbortHandler)
	})}))
	if reply, err := http.Post(server.URL+"/v1/chat/completions", "application/json", strings.NewReader(chatBody)); err == nil {
		reply.Body.Close()
		t.Errorf("answered with %d, want a closed connection", reply.StatusCode)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	g := newGateway(t, setup{relay: relayFunc(func(ctx context.Context, w http.ResponseWriter, req *relay.Request) {
		switch req.Envelope.Model {
		case "wait":
			<-release
		case "gone":
			<-ctx.Done()
		default:
			w.WriteHeader(http.StatusBadGateway)
		}
	})})
	for i := range 500 {
		ask(g, http.MethodPost, "/v1/chat/completions", chatBody)
		ask(g, http.MethodGet, fmt.Sprintf("/no/path/%d", i), "")
		ask(g, http.MethodGet, fmt.Sprintf("/v1/models/no-model-%d", i), "")
		ask(g, fmt.Sprintf("ODD%d", i), "/v1/models", "")
		ask(g, http.MethodPost, fmt.Sprintf("/provider%d/v1/embeddings", i), chatBody)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ask(g, http.MethodPost, "/v1/chat/completions", `{"model":"wait"}`)
	}()
	waitFor(t, "the request to begin", func() bool { return g.InFlight() == 1 })
	if got := ask(g, http.MethodGet, "/metrics", "").Body.String(); !strings.Contains(got, "\naiproxy_http_active_requests 2\n") {
		t.Error("the scrape does not show two active requests, the waiting one and itself")
	}
	close(release)
	<-done
	leave(t, g, `{"model":"gone"}`)

	want := map[string]string{
		`aiproxy_http_requests_total{method="POST",route="/v1/chat/completions",status="502"`:      "500",
		`aiproxy_http_requests_total{method="POST",route="/v1/chat/completions",status="200"`:      "1",
		`aiproxy_http_requests_total{method="POST",route="/v1/chat/completions",status="499"`:      "1",
		`aiproxy_http_requests_total{method="GET",route="other",status="404"`:                      "500",
		`aiproxy_http_requests_total{method="GET",route="/v1/models/{id}",status="404"`:            "500",
		`aiproxy_http_requests_total{method="other",route="other",status="405"`:                    "500",
		`aiproxy_http_requests_total{method="POST",route="/{provider}/v1/embeddings",status="404"`: "500",
		`aiproxy_http_requests_total{method="GET",route="/metrics",status="200"`:                   "1",
	}
	if diff := cmp.Diff(want, samples(t, g, "aiproxy_http_requests_total")); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// leave sends a request and goes away before the answer.
func leave(t *testing.T, g *gateway.Gateway, body string) {
	t.Helper()
	server := serve(t, g)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan struct{})
	go func() {
		defer close(failed)
		if reply, err := http.DefaultClient.Do(r); err == nil {
			reply.Body.Close()
		}
	}()
	waitFor(t, "the request to begin", func() bool { return g.InFlight() == 1 })
	cancel()
	<-failed
	waitFor(t, "the request to end", func() bool { return g.InFlight() == 0 })
}

func TestAccessLogLevels(t *testing.T) {
	t.Parallel()
	for status, level := range map[int]string{200: "DEBUG", 404: "DEBUG", 500: "INFO", 503: "INFO"} {
		log := new(logBuffer)
		ask(newGateway(t, setup{log: log, relay: answer(status, "{}")}), http.MethodPost, "/v1/chat/completions", chatBody)
		records := log.records(t, "request served")
		if len(records) != 1 || records[0]["level"] != level || records[0]["status"] != float64(status) || records[0]["bytes"] != 2.0 {
			t.Errorf("%d: records = %v, want level %s", status, records, level)
		}
	}
}

func TestPollingDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	ask(newGateway(t, setup{log: log, checks: []gateway.Check{{Name: "store", Detail: "closed"}}}), http.MethodGet, "/readyz", "")
	if records := log.records(t, "request served"); len(records) != 1 || records[0]["level"] != "DEBUG" || records[0]["status"] != 503.0 {
		t.Errorf("records = %v", records)
	}
}

func TestWritersKeepTheirAbilities(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body string
		use  func(w http.ResponseWriter) error
	}{
		{"flush through the controller", "a", func(w http.ResponseWriter) error {
			_, _ = io.WriteString(w, "a")
			return http.NewResponseController(w).Flush()
		}},
		{"flush by assertion", "a", func(w http.ResponseWriter) error {
			_, _ = io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			return nil
		}},
		{"duplex through the controller", "", func(w http.ResponseWriter) error {
			return http.NewResponseController(w).EnableFullDuplex()
		}},
		{"hijack through the controller", "hijacked", func(w http.ResponseWriter) error {
			return hijacked(http.NewResponseController(w).Hijack())
		}},
		{"hijack by assertion", "hijacked", func(w http.ResponseWriter) error {
			return hijacked(w.(http.Hijacker).Hijack())
		}},
		{"early hints", "a", func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusEarlyHints)
			_, err := io.WriteString(w, "a")
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			failure := make(chan error, 1)
			server := serve(t, newGateway(t, setup{relay: relayFunc(func(_ context.Context, w http.ResponseWriter, _ *relay.Request) {
				failure <- tt.use(w)
			})}))
			reply, err := http.Post(server.URL+"/v1/chat/completions", "application/json", strings.NewReader(chatBody))
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			body, err := io.ReadAll(reply.Body)
			if err != nil || string(body) != tt.body || reply.StatusCode != http.StatusOK {
				t.Errorf("answer = %d %q, %v", reply.StatusCode, body, err)
			}
			if err := <-failure; err != nil {
				t.Error(err)
			}
		})
	}
}

// hijacked answers on a connection that was taken over.
func hijacked(conn net.Conn, _ *bufio.ReadWriter, err error) error {
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nhijacked")
	return err
}
