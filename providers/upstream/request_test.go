package upstream_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/upstream"
)

// sight is what an upstream saw of a request.
type sight struct {
	Line   string
	Header http.Header
	Body   string
}

// seeing returns a peer that answers every request, and what it saw of each.
func seeing(t *testing.T) (*peer, <-chan sight) {
	t.Helper()
	seen := make(chan sight, 16)
	return newPeer(t, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		for {
			req, content, err := readRequest(br)
			if err != nil {
				return
			}
			header := req.Header.Clone()
			header.Set("Host", req.Host)
			seen <- sight{Line: req.Method + " " + req.RequestURI + " " + req.Proto, Header: header, Body: string(content)}
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	}), seen
}

func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*http.Request)
		line   string
		header map[string][]string // Beside Host.
		body   string
	}{
		"get":              {nil, "GET /a%20b?x=1 HTTP/1.1", nil, ""},
		"empty method":     {func(r *http.Request) { r.Method = "" }, "GET /a%20b?x=1 HTTP/1.1", nil, ""},
		"no header at all": {func(r *http.Request) { r.Header = nil }, "GET /a%20b?x=1 HTTP/1.1", nil, ""},
		"post, no body":    {func(r *http.Request) { r.Method = "POST" }, "POST /a%20b?x=1 HTTP/1.1", map[string][]string{"Content-Length": {"0"}}, ""},
		"reader with length": {
			func(r *http.Request) {
				r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(strings.NewReader("hello")), 5
			}, "POST /a%20b?x=1 HTTP/1.1",
			map[string][]string{"Content-Length": {"5"}},
			"hello",
		},
		"own framing wins": {
			func(r *http.Request) {
				r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(strings.NewReader("hello")), 5
				r.Header = http.Header{
					"content-length": {"1"}, "Content-Length": {"2"}, "Transfer-Encoding": {"chunked"}, "host": {"evil"}, "Host": {"evil"},
					"Trailer": {"X"}, "X-Kept": {"a", "b"},
				}
			}, "POST /a%20b?x=1 HTTP/1.1",
			map[string][]string{"Content-Length": {"5"}, "X-Kept": {"a", "b"}},
			"hello",
		},
		"no path":    {func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "", "" }, "GET / HTTP/1.1", nil, ""},
		"own host":   {func(r *http.Request) { r.Host = "api.example:8080" }, "GET /a%20b?x=1 HTTP/1.1", map[string][]string{"Host": {"api.example:8080"}}, ""},
		"zone":       {func(r *http.Request) { r.Host = "[fe80::1%eth0]:80" }, "GET /a%20b?x=1 HTTP/1.1", map[string][]string{"Host": {"[fe80::1]:80"}}, ""},
		"close":      {func(r *http.Request) { r.Close = true }, "GET /a%20b?x=1 HTTP/1.1", map[string][]string{"Connection": {"close"}}, ""},
		"user agent": {func(r *http.Request) { r.Header.Set("User-Agent", "x/1") }, "GET /a%20b?x=1 HTTP/1.1", map[string][]string{"User-Agent": {"x/1"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, seen := seeing(t)
			req := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: p.addr, Path: "/a b", RawQuery: "x=1"}, Header: http.Header{}}
			if tc.change != nil {
				tc.change(req)
			}
			before := *req
			header := req.Header.Clone()
			if _, _, err := exchange(t, newTransport(t, upstream.Options{}), req); err != nil {
				t.Fatal(err)
			}
			want := http.Header{"Host": {p.addr}}
			maps.Copy(want, tc.header)
			if diff := cmp.Diff(sight{tc.line, want, tc.body}, <-seen); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			if before.URL != req.URL || before.Method != req.Method || !cmp.Equal(header, req.Header) || before.ContentLength != req.ContentLength {
				t.Error("the request was modified")
			}
		})
	}
}

func TestUnsendableRequestsAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"line break in a value":  func(r *http.Request) { r.Header.Set("X-A", "b\r\nX-Evil: 1") },
		"line feed in a value":   func(r *http.Request) { r.Header.Set("X-A", "b\nX-Evil: 1") },
		"null in a value":        func(r *http.Request) { r.Header.Set("X-A", "b\x00") },
		"line break in a name":   func(r *http.Request) { r.Header["X-A: b\r\nX-Evil"] = []string{"1"} },
		"space in a name":        func(r *http.Request) { r.Header["X A"] = []string{"1"} },
		"empty name":             func(r *http.Request) { r.Header[""] = []string{"1"} },
		"method":                 func(r *http.Request) { r.Method = "GET / HTTP/1.1\r\nX-Evil: 1\r\n" },
		"connect":                func(r *http.Request) { r.Method = http.MethodConnect },
		"query":                  func(r *http.Request) { r.URL.RawQuery = "a HTTP/1.1\r\nX-Evil: 1" },
		"opaque":                 func(r *http.Request) { r.URL.Opaque = "/a\r\nX-Evil: 1" },
		"host":                   func(r *http.Request) { r.Host = "a\r\nX-Evil: 1" },
		"host with a path":       func(r *http.Request) { r.Host = "a/b" },
		"host outside ASCII":     func(r *http.Request) { r.Host = "bücher.example" },
		"no host":                func(r *http.Request) { r.URL.Host = "" },
		"no address":             func(r *http.Request) { r.URL = nil },
		"another scheme":         func(r *http.Request) { r.URL.Scheme = "ftp" },
		"trailers":               func(r *http.Request) { r.Trailer = http.Header{"X-A": nil} },
		"length above the body":  func(r *http.Request) { r.ContentLength++ },
		"unknown length":         func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), -1 },
		"reader ends too early":  func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 2 },
		"reader without content": func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("")), 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, func(_ int, c net.Conn) { drain(c) })
			req, body := request(t.Context(), t, p.addr, []byte("x"))
			change(req)
			_, err := newTransport(t, upstream.Options{}).RoundTrip(req)
			asError(t, err, upstream.PhaseRequest)
			if !errors.Is(err, upstream.ErrBadRequest) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "Evil") {
				t.Errorf("the error repeats what was to be smuggled: %v", err)
			}
			if req.Body == body {
				body.awaitClosed(t)
			}
			if n := p.accepted(); n != 0 {
				t.Error("the upstream was dialled")
			}
		})
	}
}

// A body that is a bytes.Buffer at heart is sent from where its reading stands.
func TestBytesGivesTheRest(t *testing.T) {
	t.Parallel()
	p, seen := seeing(t)
	buf := bytes.NewBufferString("skip hello")
	buf.Next(5)
	req, _ := request(t.Context(), t, p.addr, []byte("x"))
	req.Body, req.ContentLength = bufferBody{buf}, 0
	if _, _, err := exchange(t, newTransport(t, upstream.Options{}), req); err != nil {
		t.Fatal(err)
	}
	if got := (<-seen).Body; got != "hello" {
		t.Errorf("the upstream saw %q", got)
	}
}

type bufferBody struct{ *bytes.Buffer }

func (bufferBody) Close() error { return nil }
