// Package kiroapi is the provider for Kiro, whose upstream answers in Amazon's binary framing of event streams, and for
// servers in front of Kiro that speak Anthropic's Messages API.
//
// A base URL without a path is Kiro's own endpoint; one with a path, such as "http://host:8000/v1", is a server that
// speaks Anthropic. Kiro's frames are checked and rewritten as server-sent events one by one. It must not retry, refresh
// a token, follow redirects, interpret an answer beyond its class, or know the gateway. A Provider is safe for
// concurrent use. Kiro's protocol has no public specification: what is known of it is what its editor sends. The
// gateway does not pose as that editor; who must can set the instance's headers.
package kiroapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"aiproxy/providers"
	"aiproxy/providers/claudecustom"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

var _ providers.Provider = (*Provider)(nil)

// Provider is the kiro-api provider.
type Provider struct {
	client *endpoint.Client
	// claude serves the instances that speak Anthropic.
	claude *claudecustom.Provider
	kiro   dialect.UpstreamCodec
	logger *slog.Logger
}

// New returns a provider whose calls go through rt.
func New(rt http.RoundTripper, logger *slog.Logger) *Provider {
	kiro, ok := dialect.LookupUpstream(dialect.Kiro)
	if !ok {
		panic("kiroapi: no codec for Kiro") // It is part of the program.
	}
	return &Provider{
		client: endpoint.New(rt), claude: claudecustom.New(rt, logger), kiro: kiro, logger: logger.With("provider", providers.KiroAPI),
	}
}

// Name returns "kiro-api".
func (p *Provider) Name() string { return providers.KiroAPI }

// Supports tells that clients of all dialects can chat by translation. Where an instance speaks Anthropic, its clients
// count tokens as well.
func (p *Provider) Supports(op providers.Operation, d dialect.Name) bool {
	return p.claude.Supports(op, d) || op == providers.Chat && dialect.Translates(d, dialect.Kiro)
}

// Target implements providers.Provider. Kiro itself only streams.
func (p *Provider) Target(in *providers.Instance, op providers.Operation, d dialect.Name, model string) (dialect.Target, bool) {
	if compatible(in) {
		return p.claude.Target(in, op, d, model)
	}
	return dialect.Target{
		Dialect: dialect.Kiro, Vendor: dialect.VendorKiro, Model: modelID(model), Stream: true, ProfileARN: in.ProfileARN,
	}, op == providers.Chat && dialect.Translates(d, dialect.Kiro)
}

var errUnsupported = errors.New("operation not supported")

// Do implements providers.Provider.
func (p *Provider) Do(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
	if compatible(in) {
		return p.claude.Do(ctx, in, call)
	}
	if call.Operation != providers.Chat {
		return nil, &providers.Error{Class: providers.ClassGateway, Phase: providers.PhaseRequest, Err: errUnsupported}
	}
	header := call.UpstreamHeader(dialect.VendorKiro)
	header["X-Amzn-Codewhisperer-Optout"] = []string{"true"}
	header["X-Amzn-Kiro-Agent-Mode"] = []string{"vibe"}
	authorize(header, in)
	reply, err := p.client.Call(ctx, located(in), endpoint.Request{
		Method: http.MethodPost, Path: "/generateAssistantResponse", Header: header, Body: call.Body,
	})
	if err != nil {
		return nil, err
	}
	unframe(reply)
	return reply, nil
}

// authorize sets the instance's credential, and tells an API key apart from a token of OAuth. Every call has an id of its
// own, and it is its only attempt: to try again is for the gateway.
func authorize(header http.Header, in *providers.Instance) {
	endpoint.Bearer(header, in)
	if strings.HasPrefix(in.APIKey.Reveal(), "ksk_") {
		header["Tokentype"] = []string{"API_KEY"}
	}
	header["Amz-Sdk-Invocation-Id"] = []string{invocationID()}
	header["Amz-Sdk-Request"] = []string{"attempt=1; max=1"}
}

// invocationID is a random UUID.
func invocationID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // It never fails.
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// eventStream is the media type of Amazon's framing.
const eventStream = "application/vnd.amazon.eventstream"

// unframe makes the reply to a chat one of server-sent events. Errors are JSON.
func unframe(reply *providers.Reply) {
	h := reply.Header
	if id := h["X-Amzn-Requestid"]; len(id) > 0 && h["X-Request-Id"] == nil {
		h["X-Request-Id"] = id
	}
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if reply.Status != http.StatusOK || media != eventStream {
		return
	}
	delete(h, "Content-Length")
	h["Content-Type"] = []string{"text/event-stream"}
	reply.Body = newEventBody(reply.Body)
}
