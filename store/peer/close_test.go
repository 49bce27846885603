package peer_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/store/peer"
)

// TestCloseWithParkedConnections closes a node that has a connection in every state.
func TestCloseWithParkedConnections(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a"), newNode(t, "b")
	entered, left := make(chan struct{}), make(chan struct{})
	b.serveCallsWith(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(left)
	})

	var parked []net.Conn
	park := func(sent string) {
		c := connect(t, b.addr)
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		parked = append(parked, c)
	}
	park("")                         // says nothing
	park("\x16\x03\x01")             // stops in the TLS hello
	park("GET / HTTP/1.1\r\nHost: ") // waits for somebody to accept clients

	inbound, outbound := parkStreams(t, a, b)
	called := make(chan error, 1)
	go func() { called <- callPath(t, a, b, http.MethodPost, "/", false) }()
	<-entered

	_ = b.Close()
	<-left
	if err := <-called; err == nil {
		t.Error("a call has an answer after the end")
	}
	parked = append(parked, inbound, outbound)
	for _, c := range parked {
		expectClosed(t, c)
	}
}

// parkStreams opens a Raft stream in each direction, and returns a's ends.
func parkStreams(t *testing.T, a, b *node) (inbound, outbound net.Conn) {
	t.Helper()
	layerA, layerB := a.Raft(a.addr), b.Raft(b.addr)
	accepted := make(chan net.Conn, 1)
	accept := func(l raft.StreamLayer) {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}
	go accept(layerA)
	if _, err := layerB.Dial(raftAddress(a), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	inbound = <-accepted

	go accept(layerB)
	outbound, err := layerA.Dial(raftAddress(b), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	<-accepted
	return inbound, outbound
}

// TestCloseEndsDials closes a node that is dialling something silent.
func TestCloseEndsDials(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	a := startNode(t, "a", withConfig(func(c *peer.Config) { c.HandshakeTimeout = time.Hour }))
	probed, called := make(chan error, 1), make(chan error, 1)
	go func() { probed <- byProbe(context.WithoutCancel(t.Context()), a, silent.Addr().String()) }()
	go func() { called <- byCall(context.WithoutCancel(t.Context()), a, silent.Addr().String()) }()
	for range 2 {
		c, err := silent.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	_ = a.Close()
	for _, done := range []chan error{probed, called} {
		if err := <-done; !errors.Is(err, peer.ErrClosed) {
			t.Errorf("got error %v", err)
		}
	}
}

// TestRaftLayerClose ends Raft's streams and leaves calls alone, and another layer may follow.
func TestRaftLayerClose(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a"), startNode(t, "b")
	inbound, outbound := parkStreams(t, a, b)
	layer := b.Raft(b.addr) // closes the one before
	expectClosed(t, inbound)
	expectClosed(t, outbound)
	if err := byCall(t.Context(), a, b.addr); err != nil {
		t.Error(err)
	}
	_ = layer.Close()
	if _, err := layer.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
	if _, err := layer.Dial(raftAddress(a), time.Second); !errors.Is(err, peer.ErrClosed) {
		t.Errorf("dial after close: %v", err)
	}
	if err := byRaft(t.Context(), a, b.addr); !refusedWith(peer.CodeNotReady)(err) {
		t.Errorf("dial of a closed layer: %v", err)
	}
}

// TestAfterClose has nothing work and nothing hang.
func TestAfterClose(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a"), startNode(t, "b")
	_ = a.Close()
	_ = a.Close()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Serve(ln); !errors.Is(err, peer.ErrClosed) {
		t.Errorf("serve: %v", err)
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is still open: %v", err)
	}
	if err := a.ServeCalls(http.NotFoundHandler()); !errors.Is(err, peer.ErrClosed) {
		t.Errorf("serve calls: %v", err)
	}
	if _, err := a.Clients().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("clients: %v", err)
	}
	if _, err := a.Raft(a.addr).Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("raft: %v", err)
	}
	for _, w := range []way{byProbe, byCall, byRaft} {
		if err := w(t.Context(), a, b.addr); !errors.Is(err, peer.ErrClosed) {
			t.Errorf("got error %v", err)
		}
	}
}

// TestServeReportsALostListener does not take somebody else's Close for its own.
func TestServeReportsALostListener(t *testing.T) {
	t.Parallel()
	a := startNode(t, "a")
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	if err := a.Serve(ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got error %v", err)
	}
}

// TestServeOutlivesAcceptErrors waits out a lack of file descriptors and says so once.
func TestServeOutlivesAcceptErrors(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a"), newNode(t, "b", func(n *node, _ *peer.Config) { n.faults = 3 })
	b.serveCalls()
	if err := byCall(t.Context(), a, b.addr); err != nil {
		t.Error(err)
	}
	if lines := b.logs.having("cannot accept connections"); len(lines) != 1 {
		t.Errorf("logged %q", lines)
	}
}

// TestServeCallsOnce refuses a second handler.
func TestServeCallsOnce(t *testing.T) {
	t.Parallel()
	b := startNode(t, "b")
	if err := b.ServeCalls(http.NotFoundHandler()); err == nil {
		t.Error("there are two handlers")
	}
}

// TestConfig reports all faults at once.
func TestConfig(t *testing.T) {
	t.Parallel()
	_, err := peer.New(peer.Config{MaxConns: -1})
	if err == nil {
		t.Fatal("an empty configuration is accepted")
	}
	const want = "configure peer transport: the cluster secret is empty\nthe identity of this node is missing\nlimits and timeouts cannot be negative"
	if err.Error() != want {
		t.Errorf("got %q", err)
	}
}
