// Package qwenapi is the provider for Alibaba's Qwen models: DashScope (Model Studio) with an API key, and the portal of
// Qwen Code with an OAuth access token, whose host the token comes with.
//
// Both speak OpenAI Chat with switches of their own. A client's bytes pass as they are; what must be said otherwise there
// is for package dialect. It must not retry, refresh a token, follow redirects, interpret an answer beyond its class, or
// know the gateway. A Provider is safe for concurrent use.
package qwenapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

var _ providers.Provider = (*Provider)(nil)

// Provider is the qwen-api provider.
type Provider struct {
	client *endpoint.Client
	logger *slog.Logger
}

// New returns a provider whose calls go through rt.
func New(rt http.RoundTripper, logger *slog.Logger) *Provider {
	return &Provider{client: endpoint.New(rt), logger: logger.With("provider", providers.QwenAPI)}
}

// Name returns "qwen-api".
func (p *Provider) Name() string { return providers.QwenAPI }

// Supports tells that clients of OpenAI's Chat Completions API can chat and embed, and others chat by translation.
func (p *Provider) Supports(op providers.Operation, d dialect.Name) bool {
	switch op {
	case providers.Chat:
		return d == dialect.OpenAIChat || dialect.Translates(d, dialect.OpenAIChat)
	case providers.Embeddings:
		return d == dialect.OpenAIChat
	default:
		return false
	}
}

// Target implements providers.Provider. DashScope runs tools of its own, the portal runs none and makes no embeddings.
// Whatever is translated is asked for as a stream: thinking models, and the code interpreter, answer in no other way.
func (p *Provider) Target(in *providers.Instance, op providers.Operation, d dialect.Name, model string) (dialect.Target, bool) {
	to := dialect.Target{
		Dialect: dialect.OpenAIChat, Vendor: dialect.VendorQwen, Model: model, OldMaxTokens: true, Stream: op == providers.Chat,
	}
	if !portal(in) {
		to.ServerTools = []dialect.ServerTool{dialect.ServerWebSearch, dialect.ServerCodeInterpreter}
	}
	return to, p.Supports(op, d) && (!portal(in) || op != providers.Embeddings)
}

// portal tells whether the instance is an OAuth account.
func portal(in *providers.Instance) bool { return in.Auth == providers.AuthOAuth }

var errUnsupported = errors.New("operation not supported")

// Do implements providers.Provider.
func (p *Provider) Do(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
	path := ""
	switch call.Operation {
	case providers.Chat:
		path = "/chat/completions"
	case providers.Embeddings:
		path = "/embeddings"
	default:
		return nil, &providers.Error{Class: providers.ClassGateway, Phase: providers.PhaseRequest, Err: errUnsupported}
	}
	header := call.UpstreamHeader(dialect.VendorQwen)
	authorize(header, in)
	return p.client.Call(ctx, in, endpoint.Request{Method: http.MethodPost, Path: path, Header: header, Body: call.Body})
}

// authorize sets the instance's credential, and tells the portal what kind it is.
func authorize(header http.Header, in *providers.Instance) {
	endpoint.Bearer(header, in)
	if portal(in) {
		header["X-Dashscope-Authtype"] = []string{"qwen-oauth"}
	}
}
