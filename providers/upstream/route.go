package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"sync"
)

// Route is a way to upstreams other than the direct one. The zero value is the direct one.
type Route struct {
	// ProxyURL is that of an HTTP or SOCKS5 proxy, with its user and password, empty for none.
	ProxyURL string
	// CA holds certificates in PEM that are trusted in place of the system's, empty for the system's.
	CA string
}

type routeKey struct{}

// WithRoute returns a context whose requests take the route.
func WithRoute(ctx context.Context, r Route) context.Context {
	if r == (Route{}) {
		return ctx
	}
	return context.WithValue(ctx, routeKey{}, r)
}

// maxRoutes bounds the routes that are kept. When there are too many, those kept so far go, with their idle connections.
const maxRoutes = 256

// routes keeps a client a route, so that its connections are used again.
type routes struct {
	options Options
	mu      sync.Mutex
	known   map[Route]*secure
}

// to returns the client of the route.
func (rs *routes) to(r Route) (*secure, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if s := rs.known[r]; s != nil {
		return s, nil
	}
	s, err := newRoute(rs.options, r)
	if err != nil {
		return nil, err
	}
	if rs.known == nil || len(rs.known) >= maxRoutes {
		for _, old := range rs.known {
			old.rt.CloseIdleConnections()
		}
		rs.known = make(map[Route]*secure)
	}
	rs.known[r] = s
	return s, nil
}

// newRoute makes the client of a route: net/http's, which knows proxies, for plain addresses as well.
func newRoute(o Options, r Route) (*secure, error) {
	if r.CA != "" {
		config := o.TLS.Clone()
		if config == nil {
			config = &tls.Config{}
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(r.CA)) {
			return nil, fmt.Errorf("%w: the instance's CA holds no certificate", ErrBadRequest)
		}
		o.TLS = config
	}
	s := newSecure(o)
	if r.ProxyURL == "" {
		return s, nil
	}
	proxy, err := url.Parse(r.ProxyURL)
	if err != nil {
		return nil, fmt.Errorf("%w: the instance's proxy URL cannot be read", ErrBadRequest) // The error would show it.
	}
	switch proxy.Scheme {
	case "http", "https", "socks5", "socks5h":
		s.rt.Proxy = http.ProxyURL(proxy)
		return s, nil
	default:
		return nil, fmt.Errorf("%w: the instance's proxy speaks %q, not http, https or socks5", ErrBadRequest, proxy.Scheme)
	}
}

func (rs *routes) clear() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, s := range rs.known {
		s.rt.CloseIdleConnections()
	}
}

// routed returns the client for a request that takes a route, nil for one that goes directly.
func (t *Transport) routed(ctx context.Context) (*secure, error) {
	r, ok := ctx.Value(routeKey{}).(Route)
	if !ok {
		return nil, nil
	}
	return t.routes.to(r)
}
