package endpoint

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"aiproxy/providers"
)

// maxFetched bounds a document in bytes; OpenRouter's list of models, the longest in the field, is under 1 MiB.
const maxFetched = 8 << 20

// Classify is Provider.Classify.
type Classify func(status int, header http.Header, body []byte) providers.Class

// Fetch performs the request and returns the whole body of a reply with status 200, which is bounded. Another status
// is an error of the class that classify gives. What names the document in errors, such as "list models". Every error
// is a *providers.Error.
func (c *Client) Fetch(ctx context.Context, in *providers.Instance, r Request, what string, classify Classify) ([]byte, error) {
	reply, err := c.Call(ctx, in, r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxFetched+1))
	switch {
	case reply.Status != http.StatusOK:
		class := classify(reply.Status, reply.Header, body)
		return nil, BodyError(class, fmt.Errorf("%s: upstream answered %d", what, reply.Status))
	case err != nil:
		return nil, BodyError(providers.CallError(ctx, err).Class, fmt.Errorf("%s: %w", what, err))
	case len(body) > maxFetched:
		return nil, BodyError(providers.ClassProvider, fmt.Errorf("%s: %w", what, providers.ErrTooLarge))
	}
	return body, nil
}

// BodyError is the error of a reply whose body is no use.
func BodyError(class providers.Class, err error) error {
	return &providers.Error{Class: class, Phase: providers.PhaseBody, Err: err}
}
