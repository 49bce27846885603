package upstream

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// plain is the HTTP/1.1 client for addresses without TLS.
type plain struct {
	pool    *pool
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	maxHead int
}

func (p *plain) roundTrip(ctx context.Context, req *http.Request, m *message) (*http.Response, error) {
	m.head = headBuffers.Get().(*headBuffer)
	var err error
	if m.head.b, err = appendHead(m.head.b[:0], req, len(m.body)); err != nil {
		return nil, failure(ctx, PhaseRequest, req.URL.Host, err)
	}
	if c := p.pool.get(req.URL.Host); c != nil {
		resp, err := p.exchange(ctx, c, req, m)
		if !errors.Is(err, errStale) {
			return resp, err
		}
	}
	nc, err := p.dial(ctx, "tcp", dialAddress(req.URL))
	if err != nil {
		return nil, failure(ctx, PhaseDial, req.URL.Host, err)
	}
	return p.exchange(ctx, newConn(nc, req.URL.Host), req, m)
}

func (p *plain) exchange(ctx context.Context, c *conn, req *http.Request, m *message) (*http.Response, error) {
	x := &exchange{plain: p, c: c, req: req}
	return x.start(ctx, m, p.maxHead)
}
