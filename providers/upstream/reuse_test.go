package upstream_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"testing"

	"aiproxy/providers/upstream"
)

// callTwice makes two calls one after the other and returns how many connections they took.
func callTwice(t *testing.T, p *peer, read int64) int {
	t.Helper()
	rt := newTransport(t, upstream.Options{})
	for range 2 {
		req, _ := request(t.Context(), t, p.addr, []byte("x"))
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.CopyN(io.Discard, resp.Body, read)
		resp.Body.Close()
		resp.Body.Close()
	}
	return p.accepted()
}

func TestWhichConnectionsAreReused(t *testing.T) {
	t.Parallel()
	const all = 1 << 20
	for name, tc := range map[string]struct {
		answer string
		read   int64
		conns  int
	}{
		"read to the end":           {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", all, 1},
		"read exactly":              {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 5, 1},
		"chunked to the end":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", all, 1},
		"rest is buffered":          {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 1, 1},
		"chunked rest is buffered":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 1, 1},
		"nothing read":              {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, 1},
		"no content":                {"HTTP/1.1 204 No Content\r\n\r\n", all, 1},
		"keep-alive in HTTP/1.0":    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", all, 1},
		"closed early":              {"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\nhello", 5, 2},
		"chunked closed early":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 5, 2},
		"connection: close":         {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", all, 2},
		"HTTP/1.0":                  {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", all, 2},
		"length beside chunks":      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", all, 2},
		"more than was asked for":   {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n", all, 2},
		"second answer unasked for": {"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", all, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := callTwice(t, newPeer(t, answering(tc.answer)), tc.read); n != tc.conns {
				t.Errorf("%d connections, want %d", n, tc.conns)
			}
		})
	}
}

func TestRequestCloseIsTold(t *testing.T) {
	t.Parallel()
	seen := make(chan bool, 1)
	p := newPeer(t, func(_ int, c net.Conn) {
		req, _, err := readRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		seen <- req.Close
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		drain(c)
	})
	req, _ := request(t.Context(), t, p.addr, nil)
	req.Close = true
	if _, _, err := exchange(t, newTransport(t, upstream.Options{}), req); err != nil {
		t.Fatal(err)
	}
	if !<-seen {
		t.Error("the upstream was not told that the connection ends")
	}
}

// A pooled connection that the upstream has closed is noticed before it is used, or when it gives no byte of an answer;
// the request goes out on a new one, once.
func TestStaleConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	for name, afterRequest := range map[string]bool{"closed while idle": false, "closed at the request": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closed := make(chan struct{}, 1)
			p := newPeer(t, func(n int, c net.Conn) {
				br := bufio.NewReader(c)
				for {
					if _, _, err := readRequest(br); err != nil {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					if n > 0 {
						continue
					}
					if afterRequest {
						_, _ = br.Peek(1)
					}
					c.Close()
					closed <- struct{}{}
					return
				}
			})
			rt := newTransport(t, upstream.Options{})
			for i := range 3 {
				req, body := request(t.Context(), t, p.addr, []byte("question"))
				_, got, err := exchange(t, rt, req)
				if err != nil || got != "ok" {
					t.Fatalf("call %d: %q, %v", i, got, err)
				}
				body.awaitClosed(t)
				if i == 0 && !afterRequest {
					<-closed
				}
			}
			if n := p.accepted(); n != 2 {
				t.Errorf("%d connections, want 2", n)
			}
		})
	}
}

// What may have reached the upstream on a fresh connection, or has begun to be answered, is not sent again.
func TestNoSecondTryWhereTheUpstreamMayHaveActed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		good    int // Answers before the bad one.
		partial string
		conns   int
	}{
		"fresh connection":           {0, "", 1},
		"reused, answer has begun":   {1, "HTTP", 1},
		"replacement connection too": {1, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, func(n int, c net.Conn) {
				br := bufio.NewReader(c)
				for i := 0; ; i++ {
					if _, _, err := readRequest(br); err != nil {
						return
					}
					if n > 0 || i >= tc.good {
						_, _ = io.WriteString(c, tc.partial)
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			})
			rt := newTransport(t, upstream.Options{})
			var err error
			for range tc.good + 1 {
				req, body := request(t.Context(), t, p.addr, []byte("question"))
				_, _, err = exchange(t, rt, req)
				body.awaitClosed(t)
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v", err)
			}
			if n := p.accepted(); n != tc.conns {
				t.Errorf("%d connections, want %d", n, tc.conns)
			}
		})
	}
}
