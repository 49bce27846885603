// Package openaicustom is the provider for every upstream that speaks OpenAI's API: OpenAI itself and the many
// servers that are compatible with it.
//
// It adds endpoint, credential and header policy to a call and nothing more: bodies pass both ways byte for byte,
// whatever is in them. It must not retry, follow redirects, interpret an answer beyond its class, or know the
// gateway. A Provider is safe for concurrent use.
package openaicustom

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

var _ providers.Provider = (*Provider)(nil)

// Provider is the openai-custom provider.
type Provider struct {
	client *endpoint.Client
	logger *slog.Logger
}

// New returns a provider whose calls go through rt.
func New(rt http.RoundTripper, logger *slog.Logger) *Provider {
	return &Provider{client: endpoint.New(rt), logger: logger.With("provider", providers.OpenAICustom)}
}

// Name returns "openai-custom".
func (p *Provider) Name() string { return providers.OpenAICustom }

// Supports tells that clients of OpenAI's Chat Completions API can chat and embed, and others chat by translation.
func (p *Provider) Supports(op providers.Operation, d dialect.Name) bool {
	switch op {
	case providers.Chat:
		return d == dialect.OpenAIChat || dialect.Translates(d, dialect.OpenAIChat)
	case providers.StoredResponse:
		return d == dialect.OpenAIResponses
	case providers.Embeddings, providers.Completions:
		return d == dialect.OpenAIChat
	default:
		return false
	}
}

// Target implements providers.Provider: every instance speaks OpenAI Chat, and those whose upstream has it Responses.
func (p *Provider) Target(in *providers.Instance, op providers.Operation, d dialect.Name, model string) (dialect.Target, bool) {
	to := dialect.Target{Dialect: dialect.OpenAIChat, Vendor: dialect.VendorOpenAI, Model: model}
	if d == dialect.OpenAIResponses && in.Responses {
		to.Dialect = d
	}
	return to, p.Supports(op, d) && (op != providers.StoredResponse || in.Responses)
}

// pathOf is the path of a call below an instance's base URL.
func pathOf(call *providers.Call) (string, bool) {
	switch {
	case call.Operation == providers.StoredResponse:
		return "/responses/" + call.Resource, true
	case call.Operation == providers.Chat && call.Dialect == dialect.OpenAIResponses:
		return "/responses", true
	case call.Operation == providers.Chat:
		return "/chat/completions", true
	case call.Operation == providers.Embeddings:
		return "/embeddings", true
	case call.Operation == providers.Completions:
		return "/completions", true
	default:
		return "", false
	}
}

var errUnsupported = errors.New("operation not supported")

// Do implements providers.Provider.
func (p *Provider) Do(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
	path, known := pathOf(call)
	if !known {
		return nil, &providers.Error{Class: providers.ClassGateway, Phase: providers.PhaseRequest, Err: errUnsupported}
	}
	header := call.UpstreamHeader(dialect.VendorOpenAI)
	endpoint.Bearer(header, in)
	request := endpoint.Request{Method: cmp.Or(call.Method, http.MethodPost), Path: path, Header: header, Body: call.Body}
	if call.Operation == providers.StoredResponse && call.Body.Len() == 0 {
		request.Body = nil
	}
	return p.client.Call(ctx, in, request)
}

// Models implements providers.Provider. Every error is a *providers.Error.
func (p *Provider) Models(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
	return p.client.Models(ctx, in, endpoint.Listing{
		Path:      func(string) string { return "/models" },
		Authorize: endpoint.Bearer, Classify: p.Classify, Logger: p.logger,
	})
}
