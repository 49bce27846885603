package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// headerProvider is the header by which a client chooses a provider.
const headerProvider = "Model-Provider"

// inference returns the handler of an operation whose request is a JSON body that names the model.
func (g *Gateway) inference(op providers.Operation, speaks dialect.Name) handlerFunc {
	return func(x *exchange, r *http.Request) error {
		return g.infer(x, r, relay.Request{Operation: op, Dialect: speaks})
	}
}

// infer completes a request by what it says of provider, body and client, and gives it to the relay. A model and a
// stream that the path has told stay.
func (g *Gateway) infer(x *exchange, r *http.Request, req relay.Request) error {
	provider, err := g.chosenProvider(r)
	if err != nil {
		return err
	}
	body, err := g.readBody(x, r)
	if err != nil {
		return err
	}
	defer body.Release()
	envelope, err := peek(body, &req)
	if err != nil {
		return err
	}
	if envelope.Previous != "" {
		if body, envelope, err = continued(body, envelope, &req); err != nil {
			return err
		}
		defer body.Release()
	}
	if req.Dialect == dialect.Anthropic {
		x.Header()[headerAnthropicID] = x.ids[:]
	}
	x.request = req
	x.request.ID = x.id
	x.request.Provider = provider
	x.request.Envelope = envelope
	x.request.Header = r.Header
	x.request.Body = body
	g.relay.Serve(r.Context(), x, &x.request)
	return nil
}

// chosenProvider returns the canonical name of the provider that the path or the header names, "" for none.
func (g *Gateway) chosenProvider(r *http.Request) (string, error) {
	if name := mux.Vars(r)["provider"]; name != "" {
		if p, ok := g.providers.Lookup(name); ok {
			return p.Name(), nil
		}
		return "", &dialect.Error{
			Status:  http.StatusNotFound,
			Type:    "invalid_request_error",
			Code:    "unknown_provider",
			Message: g.unknownProvider(name, "in the path"),
		}
	}
	name := r.Header.Get(headerProvider)
	if name == "" {
		return "", nil
	}
	if p, ok := g.providers.Lookup(name); ok {
		return p.Name(), nil
	}
	return "", badRequest("unknown_provider", headerProvider, g.unknownProvider(name, "in the header "+headerProvider))
}

func (g *Gateway) unknownProvider(name, where string) string {
	return fmt.Sprintf("There is no provider %q, named %s. Known are %s.", clip(name), where, strings.Join(g.providers.Names(), ", "))
}

// peek reads of a body what routing needs, beside what the path has told.
func peek(body *providers.Body, req *relay.Request) (dialect.Envelope, error) {
	if body.Len() == 0 {
		return dialect.Envelope{}, badRequest("invalid_json", "", "The request has no body; a JSON object is expected.")
	}
	envelope, err := dialect.PeekAs(req.Dialect, body.Bytes())
	if err != nil {
		return dialect.Envelope{}, malformed(err)
	}
	if req.Dialect == dialect.Gemini {
		envelope.Model, envelope.Stream = req.Envelope.Model, req.Envelope.Stream
	}
	if envelope.Model == "" {
		return dialect.Envelope{}, badRequest("missing_required_parameter", "model", "The request names no model.")
	}
	return envelope, nil
}

func malformed(err error) error {
	if field := new(dialect.FieldError); errors.As(err, &field) {
		return badRequest("invalid_value", field.Field, fmt.Sprintf("The request body cannot be used: %s (at byte %d).", field, field.Offset))
	}
	return badRequest("invalid_json", "", fmt.Sprintf("The request body cannot be used: %s.", err))
}
