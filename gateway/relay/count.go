package relay

import (
	"net/http"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// headerEstimated marks a number of tokens that the gateway has guessed.
const headerEstimated = "X-Aiproxy-Estimated"

// estimates tells whether the tokens of the request are to be guessed for a target, because its upstream cannot count
// them or would trip over a signature of another vendor's.
func (x *exchange) estimates(t *target) bool {
	if x.req.Operation != providers.CountTokens {
		return false
	}
	to, ok := t.provider.Target(t.instance, x.req.Operation, x.req.Dialect, t.instance.UpstreamModel(x.routed))
	return !ok || to.Dialect != x.req.Dialect || dialect.Carries(x.req.Body.Bytes())
}

// uncounted tells whether a reply's status is that of an upstream which does not know the operation: there are servers
// compatible with Anthropic's that lack it.
func (x *exchange) uncounted(status int) bool {
	return x.req.Operation == providers.CountTokens &&
		(status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented)
}

// estimate answers with a guess. During an attempt it is called with watch.mu held.
func (x *exchange) estimate(t *target) *fault {
	codec, ok := dialect.Lookup(x.req.Dialect)
	if !ok {
		return x.unsupported(t)
	}
	if f := x.decode(codec); f != nil {
		return f
	}
	body := dialect.EncodeTokenCount(x.req.Dialect, dialect.EstimateTokens(x.decoded.request))
	header := http.Header{headerContentType: typeJSON, headerEstimated: {"true"}}
	x.client.offer(&providers.Reply{Status: http.StatusOK, Header: header}, t)
	x.client.length = len(body)
	_ = x.client.write(body) // A client that has left does not miss it.
	return nil
}
