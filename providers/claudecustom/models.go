package claudecustom

import (
	"context"
	"encoding/json"
	"net/url"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

// modelsAPage is the most that the API gives at once.
const modelsAPage = "1000"

// Models implements providers.Provider. Every error is a *providers.Error.
func (p *Provider) Models(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
	return p.client.Models(ctx, in, endpoint.Listing{
		Path: func(next string) string {
			query := url.Values{"limit": {modelsAPage}}
			if next != "" {
				query.Set("after_id", next)
			}
			return versioned(in, "/models?"+query.Encode())
		},
		Next: func(page []byte) string {
			var told struct {
				HasMore bool   `json:"has_more"`
				LastID  string `json:"last_id"`
			}
			_ = json.Unmarshal(page, &told) // What does not tell of more pages is the last.
			if !told.HasMore {
				return ""
			}
			return told.LastID
		},
		Authorize: authorize, Classify: p.Classify, Logger: p.logger,
	})
}
