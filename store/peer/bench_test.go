package peer_test

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"aiproxy/store/peer"
)

// BenchmarkClientConnection is what a client's connection costs that carries one request, on a listener of its own
// and on the port that it shares with peers. Requests after the first cost the same on both.
func BenchmarkClientConnection(b *testing.B) {
	b.Run("own port", func(b *testing.B) {
		ln := listen(b)
		connectAndAsk(b, ln, ln.Addr().String())
	})
	b.Run("shared port", func(b *testing.B) {
		t, addr := serving(b)
		connectAndAsk(b, t.Clients(), addr)
	})
}

// BenchmarkDial is a TLS handshake with the handshake that follows it, both ends.
func BenchmarkDial(b *testing.B) {
	t, addr := serving(b)
	other, err := peer.New(peer.Config{Secret: []byte("s"), Self: func() peer.Identity { return peer.Identity{NodeID: "b"} }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = other.Close(); _ = t.Close() })
	b.ReportAllocs()
	for b.Loop() {
		if _, err := other.Probe(b.Context(), addr); err != nil {
			b.Fatal(err)
		}
	}
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	ln, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return ln
}

func serving(b *testing.B) (*peer.Transport, string) {
	b.Helper()
	t, err := peer.New(peer.Config{Secret: []byte("s"), Self: func() peer.Identity { return peer.Identity{NodeID: "a"} }})
	if err != nil {
		b.Fatal(err)
	}
	ln := listen(b)
	done := make(chan error, 1)
	go func() { done <- t.Serve(ln) }()
	b.Cleanup(func() {
		_ = t.Close()
		<-done
	})
	return t, ln.Addr().String()
}

// connectAndAsk serves ln and measures connections to addr that carry a request each.
func connectAndAsk(b *testing.B, ln net.Listener, addr string) {
	b.Helper()
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	b.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	answer := make([]byte, 512)
	b.ReportAllocs()
	for b.Loop() {
		c, err := new(net.Dialer).DialContext(b.Context(), "tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Read(answer); err != nil {
			b.Fatal(err)
		}
		_ = c.Close()
	}
}
