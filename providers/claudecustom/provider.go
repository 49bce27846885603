// Package claudecustom is the provider for every upstream that speaks Anthropic's Messages API: Anthropic itself and
// what is compatible with it.
//
// It adds endpoint, credential, version and beta headers to a call; bodies pass both ways byte for byte. It must not
// retry, follow redirects, interpret an answer beyond its class, or know the gateway. A Provider is safe for concurrent
// use. The facts of the protocol are from https://docs.anthropic.com/en/api.
package claudecustom

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

var _ providers.Provider = (*Provider)(nil)

// Provider is the claude-custom provider.
type Provider struct {
	client *endpoint.Client
	logger *slog.Logger
}

// New returns a provider whose calls go through rt.
func New(rt http.RoundTripper, logger *slog.Logger) *Provider {
	return &Provider{client: endpoint.New(rt), logger: logger.With("provider", providers.ClaudeCustom)}
}

// Name returns "claude-custom".
func (p *Provider) Name() string { return providers.ClaudeCustom }

// Supports tells that clients of the Messages API can chat and count tokens, and others chat by translation.
func (p *Provider) Supports(op providers.Operation, d dialect.Name) bool {
	switch op {
	case providers.Chat:
		return d == dialect.Anthropic || dialect.Translates(d, dialect.Anthropic)
	case providers.CountTokens:
		return d == dialect.Anthropic
	default:
		return false
	}
}

// Target implements providers.Provider: every instance speaks Anthropic Messages and runs Anthropic's own tools.
func (p *Provider) Target(_ *providers.Instance, op providers.Operation, d dialect.Name, model string) (dialect.Target, bool) {
	return dialect.Target{
		Dialect: dialect.Anthropic, Vendor: dialect.VendorAnthropic, Model: model,
		ServerTools: []dialect.ServerTool{dialect.ServerWebSearch, dialect.ServerCodeInterpreter, dialect.ServerURLContext},
	}, p.Supports(op, d)
}

var errUnsupported = errors.New("operation not supported")

// Do implements providers.Provider.
func (p *Provider) Do(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
	path := ""
	switch call.Operation {
	case providers.Chat:
		path = "/messages"
	case providers.CountTokens:
		path = "/messages/count_tokens"
	default:
		return nil, &providers.Error{Class: providers.ClassGateway, Phase: providers.PhaseRequest, Err: errUnsupported}
	}
	header := call.UpstreamHeader(dialect.VendorAnthropic)
	authorize(header, in)
	if call.Translated {
		addBetas(header, call.Body.Bytes())
	}
	return p.client.Call(ctx, in, endpoint.Request{Method: http.MethodPost, Path: versioned(in, path), Header: header, Body: call.Body})
}

// versioned is the path below an instance's base URL, which may end in the version or leave it to us.
func versioned(in *providers.Instance, path string) string {
	if strings.HasSuffix(in.BaseURL, "/v1") {
		return path
	}
	return "/v1" + path
}
