package relay_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/simulator"
)

func TestBodiesTravelByteForByte(t *testing.T) {
	t.Parallel()
	const answer = "{ \"unknown\" : [1, 2.50, \"\\u00e9\"],\n\t\"choices\":[] }\n"
	bodies := make(chan string, 1)
	url := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, answer)
	})
	server := serveOver(t, at("a", url))
	tests := []struct{ name, body, want string }{
		{"same model", "{ \"zzz\":1e3,\"model\" : \"gpt-4o\" , \"x\":{\"model\":\"y\"}}", "{ \"zzz\":1e3,\"model\" : \"gpt-4o\" , \"x\":{\"model\":\"y\"}}"},
		{"spliced", "{ \"zzz\":1e3,\"model\" : \"openai/gpt-4o\" , \"x\":{\"model\":\"y\"}}", "{ \"zzz\":1e3,\"model\" : \"gpt-4o\" , \"x\":{\"model\":\"y\"}}"},
		{"escaped name", `{"model":"openai-custom\/a\"b"}`, `{"model":"a\"b"}`},
		{"no model", `{"x":1}`, `{"x":1}`},
	}
	for _, tt := range tests {
		got := post(t, server.URL, tt.body)
		if got.status != http.StatusOK || got.body != answer {
			t.Errorf("%s: got %+v", tt.name, got)
		}
		if sent := <-bodies; sent != tt.want {
			t.Errorf("%s: upstream got %s, want %s", tt.name, sent, tt.want)
		}
		if got.header.Get("Content-Length") != strconv.Itoa(len(answer)) {
			t.Errorf("%s: header = %v", tt.name, got.header)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	sim, url := simulate(t, simulator.Options{APIKeys: []string{"upstream-key"}, Record: 1})
	in := at("a", url)
	in.APIKey = []byte("upstream-key")
	server := serveOver(t, in)
	got := post(t, server.URL, chatBody,
		"Authorization", "Bearer client-key", "X-Api-Key", "client-key", "Api-Key", "client-key", "Cookie", "client-key",
		"Connection", "X-Hop", "X-Hop", "client-key", "Model-Provider", "openai-custom", "OpenAI-Organization", "org", "OpenAI-Beta", "v2")
	want := map[string]string{
		"X-Aiproxy-Request-Id": "request-1", "X-Aiproxy-Node": "node-1", "X-Aiproxy-Instance": "a", "X-Aiproxy-Cache": "off",
		"X-Request-Id": "req_simulator-1", "X-Ratelimit-Limit-Requests": "10000", "Content-Length": strconv.Itoa(len(got.body)),
	}
	for name, value := range want {
		if got.header.Get(name) != value {
			t.Errorf("%s = %q, want %q", name, got.header.Get(name), value)
		}
	}
	if got.status != http.StatusOK {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	sent := sim.Requests()[0].Header
	for _, kept := range []string{"client-key", "Model-Provider", "Openai-Organization"} {
		if text := fmt.Sprint(sent); strings.Contains(text, kept) {
			t.Errorf("upstream got %s: %s", kept, text)
		}
	}
	if sent.Get("Authorization") != "Bearer upstream-key" || sent.Get("OpenAI-Beta") != "v2" {
		t.Errorf("upstream got %v", sent)
	}
}

// errorStatuses are those of answers that tell of a fault.
func errorStatuses() []int { return []int{400, 401, 404, 422, 429, 500, 503, 529} }

// faulty starts an upstream that answers with the status and the page.
func faulty(tb testing.TB, status int, page string, header ...string) string {
	tb.Helper()
	return upstreamServer(tb, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/odd")
		w.Header().Set("Retry-After", "17")
		w.Header().Set("X-Should-Retry", "false")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, page)
	})
}

func TestErrorsOfTheDialectPassUnchanged(t *testing.T) {
	t.Parallel()
	long := ` {"error": {"message":"` + strings.Repeat("long ", 20000) + `"}}`
	for _, page := range []string{` {"error":{"odd":1}, "x":2} `, `{"error":{"message":"m","type":"t","param":null,"code":"c"}}`, long} {
		for _, status := range errorStatuses() {
			got := post(t, serveOver(t, at("a", faulty(t, status, page))).URL, streamBody)
			header := []string{got.header.Get("Content-Type"), got.header.Get("Retry-After"), got.header.Get("X-Should-Retry")}
			if diff := cmp.Diff([]string{"text/odd", "17", "false"}, header); diff != "" {
				t.Errorf("%d: header (-want +got):\n%s", status, diff)
			}
			if got.status != status || got.body != page || got.err != nil {
				t.Errorf("%d: got %d, %d bytes, %v", status, got.status, len(got.body), got.err)
			}
		}
	}
}

func TestErrorsOfOtherShapesAreShaped(t *testing.T) {
	t.Parallel()
	tests := []struct{ page, message string }{
		{`{"detail":"no"}`, "no"},
		{"no healthy upstream", "no healthy upstream"},
		{"<h1>Bad Gateway</h1>", ""},
		{"", ""},
		{strings.Repeat("<p>long</p>", 20000), ""},
	}
	for _, tt := range tests {
		for _, status := range errorStatuses() {
			got := post(t, serveOver(t, at("a", faulty(t, status, tt.page))).URL, streamBody)
			message := tt.message
			if message == "" {
				message = fmt.Sprintf(`instance \"a\" answered with status %d and did not say why`, status)
			}
			if got.err != nil || got.status != status || !strings.HasPrefix(got.body, `{"error":{"message":"`+message+`","type":"`) {
				t.Errorf("%d %.20q: got %d %s, %v", status, tt.page, got.status, got.body, got.err)
			}
			header := []string{got.header.Get("Content-Type"), got.header.Get("Content-Length"), got.header.Get("Retry-After")}
			if diff := cmp.Diff([]string{"application/json", strconv.Itoa(len(got.body)), "17"}, header); diff != "" {
				t.Errorf("%d: header (-want +got):\n%s", status, diff)
			}
		}
	}
}

func TestACompressedErrorPassesUnchanged(t *testing.T) {
	t.Parallel()
	got := post(t, serveOver(t, at("a", faulty(t, 500, "\x1f\x8b", "Content-Encoding", "gzip"))).URL, chatBody)
	if got.status != 500 || got.body != "\x1f\x8b" || got.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("got %+v", got)
	}
}

// TestRedirectsStayHere makes sure that no client is sent past the gateway.
func TestRedirectsStayHere(t *testing.T) {
	t.Parallel()
	for _, status := range []int{300, 302, 304, 307, 308} {
		server := serveOver(t, at("a", faulty(t, status, "", "Location", "http://elsewhere.invalid/")))
		got := post(t, server.URL, chatBody)
		if got.status != http.StatusBadGateway || got.header.Get("Location") != "" || !strings.Contains(got.body, `"upstream_redirect"`) {
			t.Errorf("%d: got %+v", status, got)
		}
	}
}

// TestNoContentTypeIsInvented covers upstreams that do not say what they send, which net/http would guess at.
func TestNoContentTypeIsInvented(t *testing.T) {
	t.Parallel()
	url := upstreamServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		_, _ = io.WriteString(w, "<html></html>")
	})
	got := post(t, serveOver(t, at("a", url)).URL, chatBody)
	if values, ok := got.header["Content-Type"]; ok || got.body != "<html></html>" {
		t.Errorf("Content-Type = %v, body %q", values, got.body)
	}
}

func TestLargeRepliesAreWhole(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 32<<10 - 1, 32 << 10, 32<<10 + 1, 1 << 20, 5<<20 + 3} {
		want := bytes.Repeat([]byte("0123456789abcdef!"), size/17+1)[:size]
		for _, chunked := range []bool{false, true} {
			url := upstreamServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if !chunked {
					w.Header().Set("Content-Length", strconv.Itoa(size))
				}
				w.WriteHeader(http.StatusOK)
				_ = http.NewResponseController(w).Flush()
				_, _ = w.Write(want)
			})
			got := post(t, serveOver(t, at("a", url)).URL, chatBody)
			if got.err != nil || got.body != string(want) {
				t.Errorf("%d bytes, chunked %v: got %d bytes, %v", size, chunked, len(got.body), got.err)
			}
			if !chunked && got.header.Get("Content-Length") != strconv.Itoa(size) {
				t.Errorf("%d bytes: Content-Length = %q", size, got.header.Get("Content-Length"))
			}
		}
	}
}

// TestABrokenReplyIsNotTakenForWhole breaks an upstream off behind what is held back.
func TestABrokenReplyIsNotTakenForWhole(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 200 << 10} {
		url := upstreamServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if length > 0 {
				w.Header().Set("Content-Length", strconv.Itoa(length))
			}
			_, _ = w.Write(make([]byte, 100<<10))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		got := post(t, serveOver(t, at("a", url)).URL, chatBody)
		if got.status != http.StatusOK || !errors.Is(got.err, io.ErrUnexpectedEOF) {
			t.Errorf("length %d: got %d, %v, want an unexpected EOF", length, got.status, got.err)
		}
	}
}

func TestABrokenShortReplyIsAnError(t *testing.T) {
	t.Parallel()
	_, url := simulate(t, simulator.Options{Script: "sim-truncate"})
	got := post(t, serveOver(t, at("a", url)).URL, chatBody)
	if got.status != http.StatusBadGateway || got.err != nil || !strings.Contains(got.body, "upstream_connection_error") {
		t.Errorf("got %+v", got)
	}
}

// TestAStreamOfAnotherKindGoesOutAsItComes covers upstreams that do not call their stream one of events.
func TestAStreamOfAnotherKindGoesOutAsItComes(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	url := upstreamServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = io.WriteString(w, "{\"first\":1}\n")
		_ = http.NewResponseController(w).Flush()
		<-read
		_, _ = io.WriteString(w, "{\"second\":2}\n")
	})
	resp := open(t, serveOver(t, at("a", url)).URL, streamBody)
	first := make([]byte, 12)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "{\"first\":1}\n" {
		t.Errorf("first = %q, %v", first, err)
	}
	close(read)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "{\"second\":2}\n" {
		t.Errorf("rest = %q, %v", rest, err)
	}
}
