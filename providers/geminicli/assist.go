package geminicli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

// internalPath is the version of Code Assist's API that Gemini CLI speaks.
const internalPath = "/v1internal"

// assisted performs a call at Code Assist.
func (p *Provider) assisted(ctx context.Context, in *providers.Instance, call *providers.Call, header http.Header) (*providers.Reply, error) {
	method, ok := methodOf(call)
	if !ok || call.Operation == providers.Embeddings {
		return nil, requestError(providers.ClassGateway, errUnsupported)
	}
	request := endpoint.Request{Method: http.MethodPost, Path: internalPath + ":" + method, Header: header}
	wrapped, err := p.wrap(ctx, in, call)
	if err != nil {
		return nil, err
	}
	request.Body = providers.NewBody(wrapped)
	defer request.Body.Release()
	reply, err := p.client.Call(ctx, in, request)
	if err == nil && call.Operation == providers.Chat {
		unwrap(reply)
	}
	return reply, err
}

// wrap puts the client's request into the envelope of the call.
func (p *Provider) wrap(ctx context.Context, in *providers.Instance, call *providers.Call) ([]byte, error) {
	body := call.Body.Bytes()
	if call.Operation == providers.CountTokens {
		return wrapCount(body, call.Model)
	}
	project, err := p.projects.of(ctx, in)
	if err != nil {
		return nil, err
	}
	// The form is that of Gemini CLI, underscores included.
	head, err := json.Marshal(struct {
		Model        string `json:"model"`
		Project      string `json:"project,omitempty"`
		UserPromptID string `json:"user_prompt_id"`
	}{bareModel(call.Model), project, rand.Text()})
	if err != nil {
		return nil, requestError(providers.ClassGateway, fmt.Errorf("wrap request: %w", err))
	}
	out := make([]byte, 0, len(head)+len(body)+16)
	out = append(out, head[:len(head)-1]...)
	out = append(out, `,"request":`...)
	if out, err = appendMembers(out, body); err != nil {
		return nil, unreadable(err)
	}
	return append(out, '}'), nil
}

// appendMembers appends the object without the members that Code Assist refuses: it names the model outside, and has
// no tiers of service.
func appendMembers(out, object []byte) ([]byte, error) {
	out = append(out, '{')
	first := true
	err := dialect.Members(object, func(name, value []byte) bool {
		switch string(name) {
		case "model", "serviceTier", "service_tier":
			return true
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		quoted, _ := json.Marshal(string(name)) // A string can always be encoded.
		out = append(append(append(out, quoted...), ':'), value...)
		return true
	})
	return append(out, '}'), err
}

// wrapCount puts the contents to be counted into Code Assist's request. They may be given by themselves or within a whole
// request.
func wrapCount(body []byte, model string) ([]byte, error) {
	type counted struct {
		Model    string          `json:"model"`
		Contents json.RawMessage `json:"contents"`
	}
	var asked struct {
		Contents json.RawMessage
		Whole    struct{ Contents json.RawMessage } `json:"generateContentRequest"`
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, unreadable(err)
	}
	if asked.Contents == nil {
		asked.Contents = asked.Whole.Contents
	}
	if asked.Contents == nil {
		asked.Contents = json.RawMessage("[]")
	}
	out, err := json.Marshal(struct {
		Request counted `json:"request"`
	}{counted{"models/" + bareModel(model), asked.Contents}})
	if err != nil {
		return nil, requestError(providers.ClassGateway, fmt.Errorf("wrap request: %w", err))
	}
	return out, nil
}

// unreadable is the error of a request whose JSON cannot be put into an envelope.
func unreadable(err error) error {
	return requestError(providers.ClassCaller, fmt.Errorf("the request's JSON cannot be read: %w", err))
}
