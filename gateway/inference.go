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

// inference returns the handler of an operation of OpenAI's API.
func (g *Gateway) inference(op providers.Operation) handlerFunc {
	return func(x *exchange, r *http.Request) error {
		provider, err := g.chosenProvider(r)
		if err != nil {
			return err
		}
		body, err := g.readBody(x, r)
		if err != nil {
			return err
		}
		defer body.Release()
		envelope, err := peek(body)
		if err != nil {
			return err
		}
		x.request = relay.Request{
			ID:        x.id,
			Operation: op,
			Dialect:   dialect.OpenAIChat,
			Provider:  provider,
			Envelope:  envelope,
			Header:    r.Header,
			Body:      body,
		}
		g.relay.Serve(r.Context(), x, &x.request)
		return nil
	}
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

// peek reads of a body what routing needs.
func peek(body *providers.Body) (dialect.Envelope, error) {
	if body.Len() == 0 {
		return dialect.Envelope{}, badRequest("invalid_json", "", "The request has no body; a JSON object is expected.")
	}
	envelope, err := dialect.Peek(body.Bytes())
	if err != nil {
		return dialect.Envelope{}, malformed(err)
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
