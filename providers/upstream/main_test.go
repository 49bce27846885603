package upstream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"aiproxy/providers/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newTransport returns a transport whose idle connections are closed at the test's end.
func newTransport(tb testing.TB, o upstream.Options) *upstream.Transport {
	tb.Helper()
	rt := upstream.NewTransport(o)
	tb.Cleanup(rt.CloseIdleConnections)
	return rt
}

// peer is a TCP server that runs a script on each connection; n counts connections from 0.
type peer struct {
	addr string

	mu    sync.Mutex
	conns int
}

func newPeer(tb testing.TB, script func(n int, c net.Conn)) *peer {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &peer{addr: ln.Addr().String()}
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	wg.Go(func() {
		for n := 0; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = n + 1
			p.mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				stop := context.AfterFunc(ctx, func() { c.Close() })
				defer stop()
				script(n, c)
			})
		}
	})
	tb.Cleanup(func() {
		ln.Close()
		cancel()
		wg.Wait()
	})
	return p
}

// accepted returns how many connections have come in.
func (p *peer) accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns
}

// request builds a POST with a body in memory, or a GET for an empty one.
func request(ctx context.Context, tb testing.TB, addr string, content []byte) (*http.Request, *memoryBody) {
	tb.Helper()
	method, body := http.MethodGet, &memoryBody{Reader: bytes.NewReader(content), content: content, closed: make(chan struct{})}
	if len(content) > 0 {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+"/v1/chat/completions?q=1", nil)
	if err != nil {
		tb.Fatal(err)
	}
	if len(content) > 0 {
		req.Body, req.ContentLength = body, int64(len(content))
	}
	return req, body
}

// memoryBody is a request body that offers its bytes and tells when it was closed.
type memoryBody struct {
	*bytes.Reader
	content []byte
	once    sync.Once
	closed  chan struct{}
}

func (b *memoryBody) Bytes() []byte { return b.content }

func (b *memoryBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

// awaitClosed fails the test unless the body gets closed.
func (b *memoryBody) awaitClosed(tb testing.TB) {
	tb.Helper()
	select {
	case <-b.closed:
	case <-time.After(10 * time.Second):
		tb.Fatal("request body was not closed")
	}
}

// readRequest reads one request from c and returns it with its body read.
func readRequest(br *bufio.Reader) (*http.Request, []byte, error) {
	req, err := http.ReadRequest(br)
	if err != nil {
		return nil, nil, err
	}
	content, err := io.ReadAll(req.Body)
	return req, content, err
}

// answering is a script that gives every request the same answer and keeps the connection open.
func answering(answer string) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		for {
			if _, _, err := readRequest(br); err != nil {
				return
			}
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	}
}

// exchange performs one call and returns status and body.
func exchange(tb testing.TB, rt http.RoundTripper, req *http.Request) (*http.Response, string, error) {
	tb.Helper()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return resp, string(content), err
}

// asError asserts that err is an *upstream.Error of the phase.
func asError(tb testing.TB, err error, phase upstream.Phase) *upstream.Error {
	tb.Helper()
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok {
		tb.Fatalf("error is %T (%v), not *upstream.Error", err, err)
	}
	if e.Phase != phase {
		tb.Errorf("phase is %q, want %q (%v)", e.Phase, phase, err)
	}
	return e
}

// crlf writes a message of the wire readably.
func crlf(lines ...string) string { return strings.Join(lines, "\r\n") }
