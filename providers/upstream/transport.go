package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Options sets up a Transport. The zero value of each field stands for its default.
type Options struct {
	// DialTimeout bounds connecting, and the TLS handshake again; 10 s by default.
	DialTimeout time.Duration
	// IdleTimeout is how long a connection is kept without use; 90 s by default.
	IdleTimeout time.Duration
	// MaxIdlePerHost is how many idle connections are kept for one host and port; 512 by default. The number of
	// connections in use is not bounded here.
	MaxIdlePerHost int
	// MaxHeadBytes bounds a response's head, interim responses included; 64 KiB by default.
	MaxHeadBytes int
	// TLS is the configuration for https; it is cloned. Nil means the system's roots.
	TLS *tls.Config
	// DialContext connects, in place of a net.Dialer with DialTimeout and keep-alive probes. It must heed its context.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// keepAlive finds peers that went away without a word within about a minute, before a request is lost on them.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 3}

func (o Options) withDefaults() Options {
	if o.DialTimeout <= 0 {
		o.DialTimeout = 10 * time.Second
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 90 * time.Second
	}
	if o.MaxIdlePerHost <= 0 {
		o.MaxIdlePerHost = 512
	}
	if o.MaxHeadBytes <= 0 {
		o.MaxHeadBytes = 64 << 10
	}
	if o.DialContext == nil {
		d := net.Dialer{Timeout: o.DialTimeout, KeepAliveConfig: keepAlive}
		o.DialContext = d.DialContext
	}
	return o
}

// Transport carries requests to upstreams. It is safe for concurrent use; make it with NewTransport and share it.
type Transport struct {
	plain  plain
	secure *secure
	routes routes
}

var _ http.RoundTripper = (*Transport)(nil)

// NewTransport returns a Transport. It holds no goroutine while nothing is under way, but for those that net/http keeps
// for each https connection.
func NewTransport(o Options) *Transport {
	o = o.withDefaults()
	return &Transport{
		plain:  plain{pool: newPool(o.MaxIdlePerHost, o.IdleTimeout), dial: o.DialContext, maxHead: o.MaxHeadBytes},
		secure: newSecure(o),
		routes: routes{options: o},
	}
}

// RoundTrip sends the request and returns when the answer's head is there. There is no time limit but the context's.
//
// The request's body must lie in memory: a reader with a method Bytes() []byte, which gives the rest of it and is sent
// without a copy, or any reader together with ContentLength, which is read before anything else. It is closed in every
// case, possibly after RoundTrip has returned when the upstream answers before it has read all. Errors are of type
// *Error; the response's body must be closed.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	m, err := newMessage(req)
	if err != nil {
		return nil, failure(ctx, PhaseRequest, address(req), err)
	}
	defer m.release()
	if err := check(req); err != nil {
		return nil, failure(ctx, PhaseRequest, address(req), err)
	}
	if ctx.Err() != nil {
		return nil, failure(ctx, PhaseDial, address(req), ctx.Err())
	}
	routed, err := t.routed(ctx)
	switch {
	case err != nil:
		return nil, failure(ctx, PhaseRequest, address(req), err)
	case routed != nil:
		return routed.roundTrip(ctx, req, m)
	}
	if req.URL.Scheme == "https" {
		return t.secure.roundTrip(ctx, req, m)
	}
	return t.plain.roundTrip(ctx, req, m)
}

// CloseIdleConnections closes the connections that are not in use; those in use are not touched.
func (t *Transport) CloseIdleConnections() {
	t.plain.pool.clear()
	t.secure.rt.CloseIdleConnections()
	t.routes.clear()
}

// address names the upstream in errors.
func address(req *http.Request) string {
	if req.URL == nil {
		return ""
	}
	return req.URL.Host
}
