// Package endpoint is what the providers over HTTP have in common: it puts a request with an instance's settings on the
// wire, hands back the reply as the contract of package providers wants it, and reads lists of models.
//
// It must not know a provider, choose a credential, retry, follow redirects or interpret an answer. A Client keeps
// nothing but the addresses that it has parsed, and is safe for concurrent use.
package endpoint

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"aiproxy/providers"
	"aiproxy/providers/upstream"
)

// Client sends requests to the endpoints of instances. Make it with New and do not copy it.
type Client struct {
	transport http.RoundTripper
	addresses addresses
}

// New returns a client whose requests go through rt.
func New(rt http.RoundTripper) *Client { return &Client{transport: rt} }

// Values of header fields that are the same in every request; never changed.
var (
	identity = []string{"identity"}
	jsonType = []string{"application/json"}
	agent    = []string{"aiproxy"}
)

// Request is what a provider asks of an endpoint.
type Request struct {
	Method string
	// Path follows the instance's base URL. It may have a query.
	Path string
	// Header becomes the request's and holds the credential.
	Header http.Header
	// Body is nil for none.
	Body *providers.Body
}

// Call performs the request and returns the reply, whatever its status. A body is announced as JSON, whatever the
// client calls it: curl, for one, calls it a form. Every error is a *providers.Error.
func (c *Client) Call(ctx context.Context, in *providers.Instance, r Request) (*providers.Reply, error) {
	req, err := c.newRequest(ctx, in, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.transport.RoundTrip(req) //nolint:bodyclose // the reply's owner closes it
	if err != nil {
		return nil, providers.CallError(ctx, err)
	}
	providers.CleanReplyHeader(resp.Header)
	return &providers.Reply{Status: resp.StatusCode, Header: resp.Header, Body: resp.Body}, nil
}

// newRequest builds the request. The answer is asked for without compression, as it must reach the client as it is
// and event by event.
func (c *Client) newRequest(ctx context.Context, in *providers.Instance, r Request) (*http.Request, error) {
	to, err := c.addresses.get(address{in.BaseURL, r.Path})
	if err != nil {
		return nil, &providers.Error{Class: providers.ClassGateway, Phase: providers.PhaseRequest, Err: err}
	}
	header := r.Header
	header["Accept-Encoding"] = identity
	if len(header["User-Agent"]) == 0 {
		header["User-Agent"] = agent
	}
	req := http.Request{
		Method: r.Method, URL: to, Host: to.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: http.NoBody,
	}
	if body := r.Body; body != nil {
		header["Content-Type"] = jsonType
		if n := body.Len(); n > 0 {
			req.Body = body.Reader()
			req.ContentLength = int64(n)
			req.GetBody = func() (io.ReadCloser, error) { return body.Reader(), nil }
		}
	}
	for name, value := range in.Headers {
		header[name] = []string{value.Reveal()}
	}
	if in.ProxyURL != "" || in.CA != "" {
		ctx = upstream.WithRoute(ctx, routeOf(in))
	}
	return req.WithContext(ctx), nil
}

// routeOf is the way to the instance's upstream.
func routeOf(in *providers.Instance) upstream.Route {
	r := upstream.Route{ProxyURL: in.ProxyURL, CA: in.CA}
	if in.ProxyPassword == "" {
		return r
	}
	if u, err := url.Parse(in.ProxyURL); err == nil && u.User != nil {
		u.User = url.UserPassword(u.User.Username(), in.ProxyPassword.Reveal())
		r.ProxyURL = u.String()
	}
	return r
}

// Bearer sets the instance's credential as a bearer token. There is nothing to set without one.
func Bearer(header http.Header, in *providers.Instance) {
	if in.APIKey != "" {
		header["Authorization"] = []string{"Bearer " + in.APIKey.Reveal()}
	}
}
