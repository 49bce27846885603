package peer_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"aiproxy/store/peer"
)

// restart closes n and starts another node at its address.
func restart(t *testing.T, n *node, opts ...option) *node {
	t.Helper()
	_ = n.Close()
	opts = append(opts, func(m *node, _ *peer.Config) { m.identity.InstanceID += " restarted" })
	return startNode(t, n.self().NodeID, append(opts, at(n.addr))...)
}

// TestCallAfterRestart calls a peer whose restart has killed all pooled connections.
func TestCallAfterRestart(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a"), startNode(t, "b")
	large := bytes.Repeat([]byte("x"), 1<<20)
	for range 3 {
		fillPool(t, a, b)
		b = restart(t, b)
		for _, body := range [][]byte{[]byte("x"), large} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+b.addr+"/", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header["Idempotency-Key"] = []string{}
			if got, err := fetch(a.Client(), req); err != nil || got != "hello a "+string(body) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		}
	}
}

// fillPool makes several calls at once, so that several connections are pooled.
func fillPool(t *testing.T, a, b *node) {
	t.Helper()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := a.call(t.Context(), b, "x"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestCallIsRetriedOnlyWhenItMayBe has a peer take a request on a pooled connection and hang up without an answer.
func TestCallIsRetriedOnlyWhenItMayBe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method string
		key          bool
		want         int // requests that the peer sees
	}{
		{"GET", http.MethodGet, false, 2},
		{"POST", http.MethodPost, false, 1},
		{"POST with a key", http.MethodPost, true, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := startNode(t, "a"), newNode(t, "b")
			var mu sync.Mutex
			seen := 0
			b.serveCallsWith(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/warm" {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if seen++; seen == 1 {
					panic(http.ErrAbortHandler)
				}
			})
			if err := callPath(t, a, b, http.MethodGet, "/warm", false); err != nil {
				t.Fatal(err)
			}
			err := callPath(t, a, b, tt.method, "/", tt.key)
			if (err == nil) != (tt.want == 2) {
				t.Errorf("got error %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if seen != tt.want {
				t.Errorf("the peer has seen %d requests", seen)
			}
		})
	}
}

func callPath(t *testing.T, a, b *node, method, path string, key bool) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+b.addr+path, bytes.NewReader([]byte("x")))
	if err != nil {
		t.Fatal(err)
	}
	if key {
		req.Header["Idempotency-Key"] = []string{}
	}
	_, err = fetch(a.Client(), req)
	return err
}

// TestCallsAreOfTheNodeAsItIs has a node join a cluster between two calls.
func TestCallsAreOfTheNodeAsItIs(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a", withCluster("")), newNode(t, "b")
	clusters := make(chan string, 10)
	b.serveCallsWith(func(_ http.ResponseWriter, r *http.Request) {
		id, _ := peer.IdentityFrom(r.Context())
		clusters <- id.ClusterID
	})
	if err := callPath(t, a, b, http.MethodGet, "/", false); err != nil {
		t.Fatal(err)
	}
	a.change(func(id *peer.Identity) { id.ClusterID = "c1" })
	if err := callPath(t, a, b, http.MethodGet, "/", false); err != nil {
		t.Fatal(err)
	}
	if before, after := <-clusters, <-clusters; before != "" || after != "c1" {
		t.Errorf("called from cluster %q, then %q", before, after)
	}
}

// TestCallsUseThePool has one connection carry many calls.
func TestCallsUseThePool(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	dials := 0
	counting := withConfig(func(c *peer.Config) {
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			dials++
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	})
	a, b := startNode(t, "a", counting), startNode(t, "b")
	if err := byCall(t.Context(), a, b.addr); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	before := dials
	mu.Unlock()
	for range 20 {
		if err := byCall(t.Context(), a, b.addr); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if dials != before {
		t.Errorf("%d more dials", dials-before)
	}
}

// TestNamesAreResolvedWhenDialled moves a name from one node to another.
func TestNamesAreResolvedWhenDialled(t *testing.T) {
	t.Parallel()
	const name = "node.test:3000"
	var mu sync.Mutex
	hosts := map[string]string{}
	resolving := withConfig(func(c *peer.Config) {
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			return new(net.Dialer).DialContext(ctx, network, hosts[address])
		}
	})
	a, b, c := startNode(t, "a", resolving), startNode(t, "b"), startNode(t, "c")
	if addr := a.Raft(name).Addr(); addr.Network() != "tcp" || addr.String() != name {
		t.Errorf("the stream layer is at %v", addr)
	}
	for _, n := range []*node{b, c} {
		mu.Lock()
		hosts[name] = n.addr
		mu.Unlock()
		got, err := a.Probe(t.Context(), name)
		if err != nil || got.NodeID != n.self().NodeID {
			t.Errorf("probed %q, %v", got.NodeID, err)
		}
		// Nobody takes Raft streams: the refusal says who was there.
		_, err = a.Raft(name).Dial(name, 10*time.Second)
		if refused, ok := errors.AsType[*peer.RefusedError](err); !ok || refused.Peer.NodeID != n.self().NodeID {
			t.Errorf("dialled for Raft: %v", err)
		}
	}
}

// TestKeepAlive looks for the keepalive on both ends of a Raft stream.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	set := make(chan net.KeepAliveConfig, 10)
	a := startNode(t, "a", withConfig(func(c *peer.Config) {
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &spied{TCPConn: conn.(*net.TCPConn), set: set}, nil
		}
	}))
	b := startNode(t, "b", func(n *node, _ *peer.Config) {
		n.wrap = func(c *net.TCPConn) net.Conn { return &spied{TCPConn: c, set: set} }
	})
	layer := b.Raft(b.addr)
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		if c, err := layer.Accept(); err == nil {
			_ = c.Close()
		}
	}()
	if err := byRaft(t.Context(), a, b.addr); err != nil {
		t.Fatal(err)
	}
	<-accepted
	for range 2 {
		if got := <-set; !got.Enable || got.Idle <= 0 || got.Idle > 15*time.Second || got.Interval <= 0 || got.Count <= 0 {
			t.Errorf("keepalive %+v", got)
		}
	}
}

// spied reports the keepalive that it is given.
type spied struct {
	*net.TCPConn
	set chan net.KeepAliveConfig
}

func (s *spied) SetKeepAliveConfig(c net.KeepAliveConfig) error {
	s.set <- c
	return s.TCPConn.SetKeepAliveConfig(c)
}
