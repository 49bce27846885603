package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// continued binds a request that goes on from a stored response to the instance which keeps that, and returns its body
// with the id that the upstream knows. The caller releases both bodies.
func continued(body *providers.Body, envelope dialect.Envelope, req *relay.Request) (*providers.Body, dialect.Envelope, error) {
	id, instance, ok := relay.UnwrapResponseID(envelope.Previous)
	if !ok {
		return nil, envelope, badRequest("previous_response_not_found", "previous_response_id", unkept(envelope.Previous)+
			" Send the whole conversation as input instead.")
	}
	req.Instance, req.Stored = instance, id
	text := body.Bytes()
	text = envelope.WithPrevious(make([]byte, 0, len(text)), text, id)
	envelope, err := dialect.PeekAs(req.Dialect, text)
	if err != nil {
		return nil, envelope, malformed(err)
	}
	return providers.NewBody(text), envelope, nil
}

func unkept(id string) string {
	return fmt.Sprintf("No upstream keeps a response %q: it was not made through this gateway, or by an upstream that keeps none.", clip(id))
}

// storedResponse returns the handler of requests about a response that an upstream keeps, or about a part of it.
func (g *Gateway) storedResponse(part string) handlerFunc {
	return func(x *exchange, r *http.Request) error {
		asked := mux.Vars(r)["id"]
		id, instance, ok := relay.UnwrapResponseID(asked)
		if !ok {
			return &dialect.Error{
				Status: http.StatusNotFound, Type: "invalid_request_error", Code: "response_not_found", Param: "id",
				Message: unkept(asked),
			}
		}
		body := providers.NewBody(nil)
		defer body.Release()
		x.request = relay.Request{
			ID: x.id, Operation: providers.StoredResponse, Dialect: dialect.OpenAIResponses,
			Instance: instance, Stored: id,
			Method: r.Method, Resource: url.PathEscape(id) + part + upstreamQuery(r.URL.Query()),
			Header: r.Header, Body: body,
		}
		x.request.Envelope.Stream = r.URL.Query().Get("stream") == "true"
		g.relay.Serve(r.Context(), x, &x.request)
		return nil
	}
}

// upstreamQuery is the query for the upstream, without the client's key.
func upstreamQuery(query url.Values) string {
	query.Del("key")
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// responsesSocket answers clients that would talk over a WebSocket: Codex takes 426 for the advice to use HTTP.
func (g *Gateway) responsesSocket(x *exchange, r *http.Request) error {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return g.methodNotAllowed(x, r)
	}
	return &dialect.Error{
		Status: http.StatusUpgradeRequired, Type: "invalid_request_error", Code: "websocket_not_supported",
		Message: "Responses are not served over WebSocket here. Send POST /v1/responses.",
	}
}
