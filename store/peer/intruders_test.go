package peer_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"aiproxy/store/peer"
)

// connect opens a TCP connection that the test's end closes.
func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// expectClosed waits until the other end has closed c.
func expectClosed(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // io.Copy wraps nothing
			t.Fatal("the connection stays open")
		}
	}
}

// expectService has one good client and one good peer come to n.
func expectService(t *testing.T, n, from *node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.addr+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fetch(client, req); err != nil || got != "hello, client of HTTP/1.1" {
		t.Errorf("a client got %q, %v", got, err)
	}
	if _, err := from.Probe(ctx, n.addr); err != nil {
		t.Errorf("a peer got: %v", err)
	}
	if got, err := from.call(ctx, n, "x"); err != nil || got != "hello "+from.self().NodeID+" x" {
		t.Errorf("a peer's call got %q, %v", got, err)
	}
}

// TestIntruders has all sorts of things connect again and again between good clients and peers.
func TestIntruders(t *testing.T) {
	t.Parallel()
	junk := bytes.Repeat([]byte("\x00\xff junk \r\n"), 1000)
	tests := []struct {
		name string
		sent []byte
	}{
		{"port scanner", nil},
		{"junk", junk},
		{"junk after the first byte of TLS", append([]byte{0x16}, junk...)},
		{"a TLS record of a length that TLS forbids", []byte{0x16, 3, 1, 0xff, 0xff, 1}},
		{"half a TLS hello", []byte{0x16, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3}},
		{"half a request", []byte("GET / HTTP/1.1\r\nHo")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := startNode(t, "a"), startNode(t, "b")
			for range 20 {
				c := connect(t, b.addr)
				if _, err := c.Write(tt.sent); err != nil {
					continue // the other end may have had enough already
				}
				_ = c.Close()
			}
			expectService(t, b, a)
			if lines := b.logs.having("level=WARN"); len(lines) > 0 {
				t.Errorf("logged %q", lines)
			}
			if lines := b.logs.having("TLS handshake failed"); len(lines) > 1 {
				t.Errorf("logged %d times: %q", len(lines), lines)
			}
		})
	}
}

// TestHalfOpenCrowd keeps far more connections open than there are places, some silent, some stopped after a byte.
func TestHalfOpenCrowd(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"silent": "", "stopped in TLS": "\x16"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startNode(t, "a")
			b := startNode(t, "b", withConfig(func(c *peer.Config) { c.MaxConns = 64 }))
			crowd := make([]net.Conn, 120)
			for i := range crowd {
				crowd[i] = connect(t, b.addr)
				if _, err := io.WriteString(crowd[i], first); err != nil {
					t.Fatal(err)
				}
			}
			expectService(t, b, a)
			// The first ones have made room for the others.
			expectClosed(t, crowd[0])
		})
	}
}

// TestPreconnect has a client connect ahead of its need, and others that need too long for it.
func TestPreconnect(t *testing.T) {
	t.Parallel()
	n := startNode(t, "a", withConfig(func(c *peer.Config) { c.PreconnectTimeout = 50 * time.Millisecond }))
	expectClosed(t, connect(t, n.addr))

	patient := startNode(t, "b", withConfig(func(c *peer.Config) { c.HandshakeTimeout = 20 * time.Millisecond }))
	early := connect(t, patient.addr)
	late := connect(t, patient.addr)
	if _, err := late.Write([]byte{0x16}); err != nil {
		t.Fatal(err)
	}
	expectClosed(t, late) // the time for a handshake is over, yet
	if _, err := io.WriteString(early, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(early)
	if err != nil || !bytes.Contains(answer, []byte("hello, client of HTTP/1.1")) {
		t.Errorf("got %q, %v", answer, err)
	}
}

// TestPeerCap refuses authenticated peers that open more connections than there may be.
func TestPeerCap(t *testing.T) {
	t.Parallel()
	a := startNode(t, "a")
	b := startNode(t, "b", withConfig(func(c *peer.Config) { c.MaxConns = 4 }))
	layer := b.Raft(b.addr)
	go func() {
		for {
			c, err := layer.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}()
		}
	}()
	dialler := a.Raft(a.addr)
	full := func() bool {
		_, err := dialler.Dial(raftAddress(b), time.Second*10)
		if err == nil {
			return false
		}
		if !refusedWith(peer.CodeBusy)(err) {
			t.Fatalf("got error %v", err)
		}
		return true
	}
	opened := 0
	for !full() {
		if opened++; opened > 100 {
			t.Fatal("there is no end to connections")
		}
	}
	if opened < 4 {
		t.Errorf("only %d connections were taken", opened)
	}
	_ = dialler.Close()
	waitFor(t, "room for a probe", func() bool { return byProbe(t.Context(), a, b.addr) == nil })
}
