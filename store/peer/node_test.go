package peer_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"aiproxy/store/peer"
)

// node is a Transport on a loopback port, with clients that get "hello, client" and peers that get their own name.
type node struct {
	*peer.Transport
	t      *testing.T
	addr   string
	logs   *logBook
	wrap   func(*net.TCPConn) net.Conn // what the listener returns, nil for the connection itself
	faults int                         // errors that the listener returns first

	mu       sync.Mutex
	identity peer.Identity
}

type option func(*node, *peer.Config)

func withSecret(s string) option {
	return func(_ *node, c *peer.Config) { c.Secret = []byte(s) }
}

func withCluster(id string) option {
	return func(n *node, _ *peer.Config) { n.identity.ClusterID = id }
}

func withConfig(f func(*peer.Config)) option {
	return func(_ *node, c *peer.Config) { f(c) }
}

func at(address string) option {
	return func(n *node, _ *peer.Config) { n.addr = address }
}

// startNode starts a node that the test's end closes.
func startNode(t *testing.T, id string, opts ...option) *node {
	t.Helper()
	n := newNode(t, id, opts...)
	n.serveCalls()
	n.serveClients()
	return n
}

// newNode starts a node that serves neither calls nor clients.
func newNode(t *testing.T, id string, opts ...option) *node {
	t.Helper()
	n := &node{t: t, addr: "127.0.0.1:0", logs: &logBook{}}
	n.identity = peer.Identity{ClusterID: "c1", NodeID: id, InstanceID: "instance-" + id, Version: "test"}
	cfg := peer.Config{
		Secret: []byte("a secret that nobody guesses"),
		Self:   n.self,
		Logger: slog.New(slog.NewTextHandler(n.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, o := range opts {
		o(n, &cfg)
	}
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", n.addr)
	if err != nil {
		t.Fatal(err)
	}
	n.addr = ln.Addr().String()
	n.identity.Address = n.addr
	n.Transport, err = peer.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n.background("Serve", func() error { return n.Serve(&testListener{Listener: ln, wrap: n.wrap, faults: n.faults}) })
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// testListener is a listener that may fail at first, and whose connections may be wrapped.
type testListener struct {
	net.Listener
	wrap   func(*net.TCPConn) net.Conn
	faults int
}

func (l *testListener) Accept() (net.Conn, error) {
	if l.faults > 0 {
		l.faults--
		return nil, errors.New("too many open files")
	}
	c, err := l.Listener.Accept()
	if err == nil && l.wrap != nil {
		c = l.wrap(c.(*net.TCPConn))
	}
	return c, err
}

func (n *node) self() peer.Identity {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.identity
}

func (n *node) change(f func(*peer.Identity)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(&n.identity)
}

// background runs f until the test's end closes the node, and expects no error of it.
func (n *node) background(what string, f func() error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	n.t.Cleanup(func() {
		_ = n.Close()
		if err := <-done; err != nil && !errors.Is(err, peer.ErrClosed) { // which it is when the test was faster
			n.t.Errorf("%s of node %s: %v", what, n.self().NodeID, err)
		}
	})
}

func (n *node) serveCalls() {
	n.serveCallsWith(answerPeer)
}

// serveCallsWith returns when n is ready for calls.
func (n *node) serveCallsWith(h http.HandlerFunc) {
	n.background("ServeCalls", func() error { return n.ServeCalls(h) })
	waitFor(n.t, "calls to be served", n.Serving)
}

// answerPeer tells a peer what it is known as and what it has sent.
func answerPeer(w http.ResponseWriter, r *http.Request) {
	id, ok := peer.IdentityFrom(r.Context())
	if !ok {
		http.Error(w, "nobody", http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(r.Body)
	_, _ = io.WriteString(w, strings.Join([]string{"hello", id.NodeID, string(body)}, " "))
}

func (n *node) serveClients() {
	server := &httptest.Server{
		Listener: n.Clients(),
		Config: &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, ok := peer.IdentityFrom(r.Context()); ok {
					http.Error(w, "a client has no identity", http.StatusInternalServerError)
					return
				}
				_, _ = io.WriteString(w, "hello, client of "+r.Proto)
			}),
			ReadHeaderTimeout: time.Minute,
		},
	}
	server.Start()
	n.t.Cleanup(server.Close)
}

// call makes a peer call from n to other.
func (n *node) call(ctx context.Context, other *node, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+other.addr+"/call", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	return fetch(n.Client(), req)
}

// fetch returns the body of the answer.
func fetch(client *http.Client, req *http.Request) (string, error) {
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return string(answer), err
}

// logBook keeps the lines of a node's log.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, string(p))
	return len(p), nil
}

// having returns the lines that contain all parts.
func (b *logBook) having(parts ...string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, l := range b.lines {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(l, p)
		}
		if all {
			found = append(found, l)
		}
	}
	return found
}

// waitFor polls until cond holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("timed out waiting: %s", what)
		}
	}
}
