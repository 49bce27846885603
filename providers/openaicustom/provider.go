// Package openaicustom is the provider for every upstream that speaks OpenAI's API: OpenAI itself and the many
// servers that are compatible with it.
//
// It adds endpoint, credential and header policy to a call and nothing more: bodies pass both ways byte for byte,
// whatever is in them. It must not retry, follow redirects, interpret an answer beyond its class, or know the
// gateway. The connections are its RoundTripper's. A Provider keeps nothing but the addresses that it has parsed, and is
// safe for concurrent use.
package openaicustom

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

var _ providers.Provider = (*Provider)(nil)

// Provider is the openai-custom provider.
type Provider struct {
	transport http.RoundTripper
	logger    *slog.Logger
	addresses addresses
}

// New returns a provider whose calls go through rt.
func New(rt http.RoundTripper, logger *slog.Logger) *Provider {
	return &Provider{transport: rt, logger: logger.With("provider", providers.OpenAICustom)}
}

// Name returns "openai-custom".
func (p *Provider) Name() string { return providers.OpenAICustom }

// Supports tells that clients of OpenAI's Chat Completions API can chat and embed, and others chat by translation.
func (p *Provider) Supports(op providers.Operation, d dialect.Name) bool {
	_, known := endpoint(op)
	return known && (d == dialect.OpenAIChat || op == providers.Chat && dialect.Translates(d, dialect.OpenAIChat))
}

// Target implements providers.Provider: every instance speaks OpenAI Chat.
func (p *Provider) Target(_ *providers.Instance, op providers.Operation, d dialect.Name, model string) (dialect.Target, bool) {
	return dialect.Target{Dialect: dialect.OpenAIChat, Vendor: dialect.VendorOpenAI, Model: model}, p.Supports(op, d)
}

// endpoint is the path of an operation below an instance's base URL.
func endpoint(op providers.Operation) (string, bool) {
	switch op {
	case providers.Chat:
		return "/chat/completions", true
	case providers.Embeddings:
		return "/embeddings", true
	default:
		return "", false
	}
}

var errUnsupported = errors.New("operation not supported")

// Do implements providers.Provider.
func (p *Provider) Do(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
	path, known := endpoint(call.Operation)
	if !known {
		return nil, &providers.Error{Class: providers.ClassGateway, Phase: providers.PhaseRequest, Err: errUnsupported}
	}
	header := providers.ForwardHeader(call.Header)
	// The body is JSON whatever the client calls it; curl, for one, calls it a form.
	header["Content-Type"] = jsonType
	req, err := p.newRequest(ctx, http.MethodPost, in, path, header)
	if err != nil {
		return nil, err
	}
	if n := call.Body.Len(); n > 0 {
		req.Body = call.Body.Reader()
		req.ContentLength = int64(n)
		req.GetBody = func() (io.ReadCloser, error) { return call.Body.Reader(), nil }
	}
	resp, err := p.transport.RoundTrip(req) //nolint:bodyclose // the caller of Do closes it
	if err != nil {
		return nil, providers.CallError(ctx, err)
	}
	providers.CleanReplyHeader(resp.Header)
	return &providers.Reply{Status: resp.StatusCode, Header: resp.Header, Body: resp.Body}, nil
}

// Values of header fields that are the same in every request; never changed.
var (
	identity = []string{"identity"}
	jsonType = []string{"application/json"}
	agent    = []string{"aiproxy"}
)

// newRequest builds a request with the instance's credential; header becomes the request's. The answer is asked
// for without compression, as it must reach the client as it is and event by event.
func (p *Provider) newRequest(ctx context.Context, method string, in *providers.Instance, path string, header http.Header,
) (*http.Request, error) {
	to, err := p.addresses.get(address{in.BaseURL, path})
	if err != nil {
		return nil, &providers.Error{Class: providers.ClassGateway, Phase: providers.PhaseRequest, Err: err}
	}
	header["Accept-Encoding"] = identity
	if len(header["User-Agent"]) == 0 {
		header["User-Agent"] = agent
	}
	if in.APIKey != "" {
		header["Authorization"] = []string{"Bearer " + in.APIKey.Reveal()}
	}
	req := http.Request{
		Method: method, URL: to, Host: to.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: http.NoBody,
	}
	return req.WithContext(ctx), nil
}
