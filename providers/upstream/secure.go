package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

const (
	// pingAfter and pingTimeout find an HTTP/2 connection that has silently gone.
	pingAfter   = 30 * time.Second
	pingTimeout = 15 * time.Second
	// sessionCache is how many upstreams' TLS sessions are kept for resumption.
	sessionCache = 256
)

// secure is the client for https: net/http's, which speaks HTTP/2 where the upstream does.
type secure struct{ rt *http.Transport }

func newSecure(o Options) *secure {
	config := o.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ClientSessionCache == nil {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(sessionCache)
	}
	return &secure{rt: &http.Transport{
		DialContext:            o.DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    o.DialTimeout,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		DisableCompression:     true,
		MaxIdleConnsPerHost:    o.MaxIdlePerHost,
		IdleConnTimeout:        o.IdleTimeout,
		MaxResponseHeaderBytes: int64(o.MaxHeadBytes),
		ReadBufferSize:         bufferSize,
		WriteBufferSize:        bufferSize,
	}}
}

// roundTrip hands net/http a copy of the request whose body is known to be in memory and can be read again, so that
// requests that met a dying connection are sent once more.
func (s *secure) roundTrip(ctx context.Context, req *http.Request, m *message) (*http.Response, error) {
	var at progress
	at.phase.Store(PhaseDial)
	out := req.WithContext(httptrace.WithClientTrace(ctx, at.trace()))
	out.Body, out.GetBody = nil, nil
	out.ContentLength = int64(len(m.body))
	if len(m.body) > 0 {
		out.Body = m.reader()
		out.GetBody = func() (io.ReadCloser, error) { return m.reader(), nil }
	}
	if out.Header == nil {
		out.Header = http.Header{}
	}
	resp, err := s.rt.RoundTrip(out)
	if err != nil {
		return nil, failure(ctx, at.phase.Load().(Phase), req.URL.Host, err)
	}
	resp.Request = req
	if resp.Body != http.NoBody {
		resp.Body = &secureBody{ReadCloser: resp.Body, req: req}
	}
	return resp, nil
}

// progress follows a call of net/http's through its phases. Its writing and reading happen on other goroutines.
type progress struct{ phase atomic.Value }

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:              func(string) { p.phase.Store(PhaseDial) },
		GotConn:              func(httptrace.GotConnInfo) { p.phase.Store(PhaseSend) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { p.phase.CompareAndSwap(PhaseSend, PhaseFirstByte) },
		GotFirstResponseByte: func() { p.phase.Store(PhaseHead) },
	}
}

// secureBody gives the errors of reading the same form as those of a plain connection. An end of content seen after the
// context's end is not believed: closing a TLS connection tells the upstream first, which may then end its stream in good
// order before the connection is gone.
type secureBody struct {
	io.ReadCloser
	req *http.Request
	err error
}

func (b *secureBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == nil || errors.Is(err, http.ErrBodyReadAfterClose):
		return n, err
	case errors.Is(err, io.EOF) && b.req.Context().Err() == nil:
		b.err = io.EOF
	default:
		b.err = failure(b.req.Context(), PhaseBody, b.req.URL.Host, err)
	}
	return n, b.err
}
