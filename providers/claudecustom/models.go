package claudecustom

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

const (
	// modelsAPage is the most that the API gives at once.
	modelsAPage = "1000"
	// maxPages bounds a list that never ends.
	maxPages = 10
)

// Models implements providers.Provider. Every error is a *providers.Error.
func (p *Provider) Models(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
	var all []dialect.Model
	after := ""
	for range maxPages {
		models, next, err := p.modelsAfter(ctx, in, after)
		if err != nil {
			return nil, err
		}
		all = append(all, models...)
		if next == "" || next == after {
			break
		}
		after = next
	}
	return all, nil
}

// modelsAfter reads a page of the list, and what the next one comes after, "" after the last.
func (p *Provider) modelsAfter(ctx context.Context, in *providers.Instance, after string) ([]dialect.Model, string, error) {
	query := url.Values{"limit": {modelsAPage}}
	if after != "" {
		query.Set("after_id", after)
	}
	header := make(http.Header, 4)
	authorize(header, in)
	request := endpoint.Request{Method: http.MethodGet, Path: versioned(in, "/models?"+query.Encode()), Header: header}
	body, err := p.client.Fetch(ctx, in, request, "list models", p.Classify)
	if err != nil {
		return nil, "", err
	}
	models, skipped, err := endpoint.ParseModels(body)
	if err != nil {
		return nil, "", err
	}
	if skipped > 0 {
		p.logger.DebugContext(ctx, "models without a name skipped", "instance", in.Name, "skipped", skipped)
	}
	var page struct {
		HasMore bool   `json:"has_more"`
		LastID  string `json:"last_id"`
	}
	_ = json.Unmarshal(body, &page) // What does not tell of more pages is the last.
	if !page.HasMore {
		page.LastID = ""
	}
	return models, page.LastID, nil
}
