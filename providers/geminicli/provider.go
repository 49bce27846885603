// Package geminicli is the provider for Google's Gemini models, at two endpoints: the Gemini API for instances with an
// API key, and Code Assist, which Gemini CLI uses, for those with an OAuth access token.
//
// The Gemini API gets a client's bytes as they are. Code Assist wants them within an envelope and gives its answers in
// one, so they are wrapped and unwrapped, a stream event by event. It must not retry, refresh a token, follow redirects,
// interpret an answer beyond its class, or know the gateway. A Provider keeps the projects of Code Assist accounts that it
// has asked for, and is safe for concurrent use. The facts of the protocol are from https://ai.google.dev/api and the
// source of https://github.com/google-gemini/gemini-cli.
package geminicli

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

// Provider is the gemini-cli provider.
type Provider struct {
	client   *endpoint.Client
	projects projects
	logger   *slog.Logger
}

// New returns a provider whose calls go through rt.
func New(rt http.RoundTripper, logger *slog.Logger) *Provider {
	p := &Provider{client: endpoint.New(rt), logger: logger.With("provider", providers.GeminiCLI)}
	p.projects = projects{assist: assist{client: p.client, classify: p.Classify}, pause: pollPause}
	return p
}

// Name returns "gemini-cli".
func (p *Provider) Name() string { return providers.GeminiCLI }

// Supports tells that clients of the Gemini API can chat, count tokens and embed, and others chat by translation.
func (p *Provider) Supports(op providers.Operation, d dialect.Name) bool {
	switch op {
	case providers.Chat:
		return d == dialect.Gemini || dialect.Translates(d, dialect.Gemini)
	case providers.CountTokens, providers.Embeddings:
		return d == dialect.Gemini
	default:
		return false
	}
}

// Target implements providers.Provider: every instance speaks Gemini and runs Google's own tools. Code Assist makes no
// embeddings.
func (p *Provider) Target(in *providers.Instance, op providers.Operation, d dialect.Name, model string) (dialect.Target, bool) {
	return dialect.Target{
		Dialect: dialect.Gemini, Vendor: dialect.VendorGoogle, Model: bareModel(model),
		ServerTools: []dialect.ServerTool{dialect.ServerWebSearch, dialect.ServerCodeInterpreter, dialect.ServerURLContext},
	}, p.Supports(op, d) && (!codeAssist(in) || op != providers.Embeddings)
}

// codeAssist tells whether the instance is an account of Code Assist.
func codeAssist(in *providers.Instance) bool { return in.Auth == providers.AuthOAuth }

var errUnsupported = errors.New("operation not supported")

// Do implements providers.Provider.
func (p *Provider) Do(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
	header := call.UpstreamHeader(dialect.VendorGoogle)
	authorize(header, in)
	if codeAssist(in) {
		return p.assisted(ctx, in, call, header)
	}
	path, ok := pathOf(in, call)
	if !ok {
		return nil, requestError(providers.ClassGateway, errUnsupported)
	}
	return p.client.Call(ctx, in, endpoint.Request{Method: http.MethodPost, Path: path, Header: header, Body: call.Body})
}

// authorize sets the instance's credential: a key in the field that the Gemini API has for it, never in the URL, or a
// token as OAuth wants it.
func authorize(header http.Header, in *providers.Instance) {
	switch {
	case in.Auth != providers.AuthKey:
		endpoint.Bearer(header, in)
	case in.APIKey != "":
		header["X-Goog-Api-Key"] = []string{in.APIKey.Reveal()}
	}
}

func requestError(class providers.Class, err error) error {
	return &providers.Error{Class: class, Phase: providers.PhaseRequest, Err: err}
}
