package geminicli

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

// assistModels are what Gemini CLI offers: Code Assist has no list. Which of them an account may use is known to Google
// alone; an instance's models setting says otherwise where needed.
func assistModels() []dialect.Model {
	return []dialect.Model{
		{ID: "gemini-2.5-pro"},
		{ID: "gemini-2.5-flash"},
		{ID: "gemini-2.5-flash-lite"},
		{ID: "gemini-3-pro-preview"},
		{ID: "gemini-3.1-pro-preview"},
		{ID: "gemini-3-flash"},
		{ID: "gemini-3.1-flash-lite"},
	}
}

// Models implements providers.Provider. Every error is a *providers.Error.
func (p *Provider) Models(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
	if codeAssist(in) {
		return assistModels(), nil
	}
	return p.client.Models(ctx, in, endpoint.Listing{
		Path: func(next string) string {
			query := url.Values{"pageSize": {modelsAPage}}
			if next != "" {
				query.Set("pageToken", next)
			}
			return versioned(in, "/models?"+query.Encode())
		},
		Next: func(page []byte) string {
			var told struct {
				Next string `json:"nextPageToken"`
			}
			_ = json.Unmarshal(page, &told) // What does not tell of more pages is the last.
			return told.Next
		},
		Authorize: authorize, Classify: p.Classify, Logger: p.logger,
	})
}
