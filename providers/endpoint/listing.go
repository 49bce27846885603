package endpoint

import (
	"context"
	"log/slog"
	"net/http"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// Listing says how an endpoint's list of models is asked for.
type Listing struct {
	// Path is that of a page: of the first one for "", else of the one that Next has named.
	Path func(next string) string
	// Authorize sets the instance's credential.
	Authorize func(header http.Header, in *providers.Instance)
	// Next reads from a page what names the next one, "" for none. It is nil for a list in one piece.
	Next     func(page []byte) string
	Classify Classify
	Logger   *slog.Logger
}

// maxPages bounds a list that never ends.
const maxPages = 10

// Models asks for all pages of a list. Every error is a *providers.Error.
func (c *Client) Models(ctx context.Context, in *providers.Instance, l Listing) ([]dialect.Model, error) {
	all := []dialect.Model{}
	next := ""
	for range maxPages {
		header := make(http.Header, 4)
		l.Authorize(header, in)
		page, err := c.Fetch(ctx, in, Request{Method: http.MethodGet, Path: l.Path(next), Header: header}, "list models", l.Classify)
		if err != nil {
			return nil, err
		}
		models, skipped, err := ParseModels(page)
		if err != nil {
			return nil, err
		}
		if skipped > 0 {
			l.Logger.DebugContext(ctx, "models without a name skipped", "instance", in.Name, "skipped", skipped)
		}
		if all = append(all, models...); l.Next == nil {
			break
		}
		before := next
		if next = l.Next(page); next == "" || next == before {
			break
		}
	}
	return all, nil
}
