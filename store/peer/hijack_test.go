package peer_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// serveEcho serves clients that upgrade to a protocol which returns what it gets, until they close their half.
func serveEcho(t *testing.T, n *node) {
	t.Helper()
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
			_, _ = io.Copy(c, rw.Reader)
		}()
	})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(n.Clients()) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
}

// TestHijack upgrades a connection as a WebSocket does, and uses both directions and the half-close.
func TestHijack(t *testing.T) {
	t.Parallel()
	n := newNode(t, "a")
	serveEcho(t, n)
	for _, together := range []bool{true, false} {
		c := connect(t, n.addr)
		request := "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"
		if together {
			request += "early " // in the same segment as the request
		}
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("got %v, %v", resp, err)
		}
		_, want, _ := strings.Cut(request, "\r\n\r\n")
		for range 100 {
			if _, err := io.WriteString(c, "part "); err != nil {
				t.Fatal(err)
			}
		}
		want += strings.Repeat("part ", 100)
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// TestCopyFromTheFirstByte reads a connection the way io.Copy does, which prefers WriteTo.
func TestCopyFromTheFirstByte(t *testing.T) {
	t.Parallel()
	n := newNode(t, "a")
	c := connect(t, n.addr)
	const sent = "from the first byte to the last"
	if _, err := io.WriteString(c, sent); err != nil {
		t.Fatal(err)
	}
	_ = c.(*net.TCPConn).CloseWrite()
	taken, err := n.Clients().Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, ok := taken.(io.WriterTo); !ok {
		t.Error("a TCP connection has lost its WriteTo")
	}
	var got strings.Builder
	if _, err := io.Copy(&got, taken); err != nil || got.String() != sent {
		t.Errorf("got %q, %v", got.String(), err)
	}
}

// TestClientGone tells a handler that its client has gone, which net/http learns by reading in the background.
func TestClientGone(t *testing.T) {
	t.Parallel()
	n := newNode(t, "a")
	entered, left := make(chan struct{}), make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(left)
	})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(n.Clients()) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	c := connect(t, n.addr)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-entered
	_ = c.Close()
	<-left
}

// TestDrain has an HTTP server shut down, as a node does that is about to leave, while peers go on.
func TestDrain(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a"), newNode(t, "b")
	b.serveCalls()
	server := &http.Server{ReadHeaderTimeout: time.Minute}
	done := make(chan error, 1)
	go func() { done <- server.Serve(b.Clients()) }()
	waitFor(t, "the server", func() bool {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.addr+"/", http.NoBody)
		pool := &http.Transport{}
		defer pool.CloseIdleConnections()
		_, err := fetch(&http.Client{Transport: pool}, req)
		return err == nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != http.ErrServerClosed { //nolint:errorlint // it comes as it is
		t.Errorf("got error %v", err)
	}
	late := connect(t, b.addr)
	if _, err := io.WriteString(late, "GET / HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	expectClosed(t, late)
	for _, w := range []way{byProbe, byCall} {
		if err := w(ctx, a, b.addr); err != nil {
			t.Error(err)
		}
	}
}
