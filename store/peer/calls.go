package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// callIdleTimeout is the server's; the client lets go of an idle connection first, so that a request seldom
	// meets a closing one. It is the timeout of headers too, since the pool may keep a connection unused.
	callIdleTimeout     = 2 * time.Minute
	callPoolTimeout     = time.Minute
	callMaxHeaderBytes  = 64 << 10
	callMaxIdlePerPeer  = 64
	callMaxIdleAllPeers = 256
	callContinueTimeout = time.Second
)

// identityKey is the context key of a peer's identity.
type identityKey struct{}

// IdentityFrom returns who sent the peer call whose handler has ctx, as the handshake established it.
func IdentityFrom(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(Identity)
	return id, ok
}

// ServeCalls answers peer calls with h, until Close, which makes it return nil and ends the requests' contexts.
// Before, peers that want to call are refused as not ready. Only one may be served: a second call is an error.
func (t *Transport) ServeCalls(h http.Handler) error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return ErrClosed
	}
	if !t.serving.CompareAndSwap(false, true) {
		t.mu.Unlock()
		return errors.New("serve peer calls: they are being served already")
	}
	t.wg.Add(1)
	t.mu.Unlock()
	defer t.wg.Done()

	// Handlers learn of the end only after their connections are gone: whoever returns because of it must not seem
	// to have answered.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: callIdleTimeout,
		IdleTimeout:       callIdleTimeout,
		MaxHeaderBytes:    callMaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(t.log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if pc, ok := c.(*conn); ok {
				return context.WithValue(ctx, identityKey{}, pc.peer)
			}
			return ctx
		},
	}
	err := server.Serve(t.calls)
	_ = server.Close() // its listener is gone; this ends its connections
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("serve peer calls: %w", err)
}

// Client returns the client for peer calls: a request to http://host:port/... goes to the peer at that address,
// through TLS and the handshake, over a pooled connection. It has no timeout of its own beyond that of dialling:
// the request's context bounds it. Redirects are followed as http.Client does.
//
// A request that meets a connection which died in the pool is sent again, on a fresh connection, when no byte of an
// answer has come and sending it twice is safe. net/http takes GET, HEAD, OPTIONS and TRACE for safe, and any other
// method only if the request has an Idempotency-Key header and either no body or a GetBody, which
// http.NewRequestWithContext sets for a bytes.Reader, bytes.Buffer or strings.Reader. A header that is present with
// no value (req.Header["Idempotency-Key"] = []string{}) counts and is not sent.
func (t *Transport) Client() *http.Client { return &http.Client{Transport: t.caller} }

// caller is the http.RoundTripper of peer calls. A connection carries the identity that this node had when it was
// dialled, so a node that has become somebody else, by joining a cluster, begins a new pool.
type caller struct {
	t *Transport

	mu   sync.Mutex
	self Identity
	pool *http.Transport
}

func newCaller(t *Transport) *caller { return &caller{t: t, pool: t.newPool()} }

// RoundTrip sends a request as the node that this one is now.
func (c *caller) RoundTrip(req *http.Request) (*http.Response, error) {
	return c.current().RoundTrip(req)
}

// CloseIdleConnections is what http.Client's method of this name calls.
func (c *caller) CloseIdleConnections() { c.current().CloseIdleConnections() }

// current returns the pool of connections that tell the truth about this node. A pool that has been left closes its
// connections as they fall idle.
func (c *caller) current() *http.Transport {
	self := c.t.self()
	c.mu.Lock()
	pool, left := c.pool, (*http.Transport)(nil)
	if c.self != self {
		pool, left = c.t.newPool(), c.pool
		c.self, c.pool = self, pool
	}
	c.mu.Unlock()
	if left != nil {
		left.CloseIdleConnections()
	}
	return pool
}

// newPool makes a pool of connections.
func (t *Transport) newPool() *http.Transport {
	return &http.Transport{
		Proxy: nil, // peers are never behind the proxy that the environment may name
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			c, err := t.dial(ctx, kindCall, address, nil)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
		DisableCompression:     true,
		MaxIdleConns:           callMaxIdleAllPeers,
		MaxIdleConnsPerHost:    callMaxIdlePerPeer,
		IdleConnTimeout:        callPoolTimeout,
		ExpectContinueTimeout:  callContinueTimeout,
		MaxResponseHeaderBytes: callMaxHeaderBytes,
	}
}
