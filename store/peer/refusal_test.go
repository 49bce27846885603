package peer_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/store/peer"
)

// way is one of the three ways of reaching a peer.
type way func(ctx context.Context, from *node, address string) error

func byProbe(ctx context.Context, from *node, address string) error {
	_, err := from.Probe(ctx, address)
	return err
}

func byCall(ctx context.Context, from *node, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", http.NoBody)
	if err != nil {
		return err
	}
	_, err = fetch(from.Client(), req)
	return err
}

func byRaft(_ context.Context, from *node, address string) error {
	c, err := from.Raft(from.addr).Dial(raft.ServerAddress(address), 10*time.Second)
	if err != nil {
		return err
	}
	return c.Close()
}

func refusedWith(code string) func(error) bool {
	return func(err error) bool {
		refused, ok := errors.AsType[*peer.RefusedError](err)
		return ok && refused.Code == code
	}
}

func failsAs(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// TestRefusals has a peer that should not be there try five times: it learns the reason each time, the other node
// logs it once, and those that are welcome notice nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	otherProtocol := func(n *node, _ *peer.Config) { n.identity.Protocol = 2 }
	tests := []struct {
		name   string
		option option
		way    way
		want   func(error) bool
		says   string // in the error
		logged string // once by the other node, empty for nothing above the debug level
	}{
		{"wrong secret, probe", withSecret("another"), byProbe, failsAs(peer.ErrSecret), "secrets of the two nodes probably differ", "probably differ"},
		{"wrong secret, call", withSecret("another"), byCall, failsAs(peer.ErrSecret), "secrets of the two nodes probably differ", "probably differ"},
		{"wrong secret, raft", withSecret("another"), byRaft, failsAs(peer.ErrSecret), "secrets of the two nodes probably differ", "probably differ"},
		{"foreign cluster, probe", withCluster("c2"), byProbe, refusedWith(peer.CodeCluster), `node "b" belongs to cluster "c1"`, "code=cluster"},
		{"foreign cluster, raft", withCluster("c2"), byRaft, refusedWith(peer.CodeCluster), `node "a" to cluster "c2"`, "code=cluster"},
		{"other protocol", otherProtocol, byCall, refusedWith(peer.CodeProtocol), `node "a" speaks 2`, "code=protocol"},
		{"raft without a cluster", withCluster(""), byRaft, refusedWith(peer.CodeNoCluster), "in no cluster yet", ""},
		{"raft not served", withCluster("c1"), byRaft, refusedWith(peer.CodeNotReady), `"raft" now`, ""},
		{"clock ahead by two days", withConfig(func(c *peer.Config) {
			c.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
		}), byProbe, failsAs(peer.ErrClock), "clocks", "unless their clocks do"},
		{"clock behind by two days", withConfig(func(c *peer.Config) {
			c.Now = func() time.Time { return time.Now().Add(-48 * time.Hour) }
		}), byProbe, failsAs(peer.ErrClock), "clocks", "unless their clocks do"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b, c := startNode(t, "a", tt.option), startNode(t, "b"), startNode(t, "c")
			for range 5 {
				err := tt.way(t.Context(), a, b.addr)
				if !tt.want(err) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), b.addr) {
					t.Fatalf("got error %v", err)
				}
			}
			if err := byCall(t.Context(), c, b.addr); err != nil {
				t.Errorf("a welcome peer: %v", err)
			}
			if tt.logged == "" {
				if lines := b.logs.having("level=WARN"); len(lines) > 0 {
					t.Errorf("logged %q", lines)
				}
				return
			}
			waitFor(t, "a line in the log", func() bool { return len(b.logs.having("level=WARN", tt.logged)) > 0 })
			if lines := b.logs.having("level=WARN"); len(lines) != 1 {
				t.Errorf("logged %d lines: %q", len(lines), lines)
			}
		})
	}
}

// TestJoiningNodeIsHeard has a node without a cluster id probe and call, which is how it joins.
func TestJoiningNodeIsHeard(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a", withCluster("")), startNode(t, "b")
	for _, w := range []way{byProbe, byCall} {
		if err := w(t.Context(), a, b.addr); err != nil {
			t.Error(err)
		}
		if err := w(t.Context(), b, a.addr); err != nil {
			t.Error(err)
		}
	}
}

func TestDiallingOneself(t *testing.T) {
	t.Parallel()
	a := startNode(t, "a")
	for _, w := range []way{byProbe, byCall, byRaft} {
		err := w(t.Context(), a, a.addr)
		if !errors.Is(err, peer.ErrSelf) {
			t.Errorf("got error %v", err)
		}
		if errors.Is(err, peer.ErrSecret) {
			t.Errorf("%v counts as a wrong secret", err)
		}
	}
}

// TestRefusalNamesTheOtherNode gives join code the identity that it has met.
func TestRefusalNamesTheOtherNode(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a", withCluster("c2")), startNode(t, "b")
	err := byProbe(t.Context(), a, b.addr)
	refused, ok := errors.AsType[*peer.RefusedError](err)
	if !ok || refused.Peer.ClusterID != "c1" || refused.Peer.NodeID != "b" {
		t.Errorf("got error %v, peer %+v", err, refused)
	}
}

// TestWrongNode has Raft expect another node at an address than the one that answers there.
func TestWrongNode(t *testing.T) {
	t.Parallel()
	expected := map[string]string{}
	a := startNode(t, "a", withConfig(func(c *peer.Config) {
		c.NodeAt = func(address string) string { return expected[address] }
	}))
	b := startNode(t, "b")
	layer := b.Raft(b.addr)
	go func() {
		for {
			c, err := layer.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	tests := []struct {
		name, expected string
		want           error
	}{
		{"the one", "b", nil},
		{"unknown", "", nil},
		{"another", "c", peer.ErrWrongNode},
	}
	for _, tt := range tests {
		expected[b.addr] = tt.expected
		if err := byRaft(t.Context(), a, b.addr); !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v", tt.name, err)
		}
	}
}

// TestNotAPeer dials things that are not aiproxy.
func TestNotAPeer(t *testing.T) {
	t.Parallel()
	a := startNode(t, "a")
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	for name, ln := range map[string]net.Listener{"http": plain.Listener, "https": secure.Listener} {
		if err := byProbe(t.Context(), a, ln.Addr().String()); !errors.Is(err, peer.ErrNotPeer) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// TestDialIsBounded dials something that accepts and says nothing.
func TestDialIsBounded(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	a := startNode(t, "a", withConfig(func(c *peer.Config) { c.HandshakeTimeout = 50 * time.Millisecond }))
	if err := byProbe(t.Context(), a, silent.Addr().String()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("own timeout: got error %v", err)
	}

	b := startNode(t, "b")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := byProbe(ctx, b, silent.Addr().String()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("context: got error %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if err := byProbe(ctx, b, silent.Addr().String()); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: got error %v", err)
	}
}
