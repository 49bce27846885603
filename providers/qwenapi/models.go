package qwenapi

import (
	"context"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

// portalModels are what Qwen Code offers to OAuth accounts: the portal's own list cannot be relied on. An instance's
// models setting says otherwise where needed.
func portalModels() []dialect.Model {
	return []dialect.Model{{ID: "coder-model"}, {ID: "vision-model"}, {ID: "qwen3-coder-plus"}, {ID: "qwen3-coder-flash"}}
}

// Models implements providers.Provider. Every error is a *providers.Error.
func (p *Provider) Models(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
	if portal(in) {
		return portalModels(), nil
	}
	return p.client.Models(ctx, in, endpoint.Listing{
		Path:      func(string) string { return "/models" },
		Authorize: authorize, Classify: p.Classify, Logger: p.logger,
	})
}
