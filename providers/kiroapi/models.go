package kiroapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/endpoint"
)

// knownModels are those that Kiro has had for all of its plans, for upstreams that have no list.
func knownModels() []string {
	return []string{
		"auto", "claude-sonnet-4", "claude-sonnet-4.5", "claude-sonnet-4.6", "claude-haiku-4.5", "claude-opus-4.5", "claude-opus-4.6",
	}
}

// Models implements providers.Provider. Which models there are depends on plan and region; an upstream that does not
// know the question gets the list of those that are known. Every error is a *providers.Error.
func (p *Provider) Models(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
	if compatible(in) {
		return p.claude.Models(ctx, in)
	}
	query := url.Values{"origin": {"AI_EDITOR"}, "maxResults": {"50"}}
	if in.ProfileARN != "" {
		query.Set("profileArn", in.ProfileARN)
	}
	header := make(http.Header)
	authorize(header, in)
	body, err := p.client.Fetch(ctx, located(in), endpoint.Request{
		Method: http.MethodGet, Path: "/ListAvailableModels?" + query.Encode(), Header: header,
	}, "list models", p.Classify)
	if fault, ok := errors.AsType[*providers.Error](err); ok && fault.Class == providers.ClassCaller {
		return models(knownModels()), nil
	}
	if err != nil {
		return nil, err
	}
	var list struct {
		Models []struct {
			ModelID string `json:"modelId"`
		} `json:"models"`
	}
	if json.Unmarshal(body, &list) != nil || list.Models == nil {
		return nil, endpoint.BodyError(providers.ClassProvider, errNoList)
	}
	ids := make([]string, 0, len(list.Models))
	for _, m := range list.Models {
		if m.ModelID != "" {
			ids = append(ids, m.ModelID)
		}
	}
	return models(ids), nil
}

var errNoList = errors.New("list models: reply is no list of Kiro's models")

func models(ids []string) []dialect.Model {
	list := make([]dialect.Model, len(ids))
	for i, id := range ids {
		list[i] = dialect.Model{ID: id, OwnedBy: "kiro"}
	}
	return list
}

// modelID is Kiro's name for a model that a client may know by Anthropic's: claude-sonnet-4.5 for
// claude-sonnet-4-5-20250929. Any other name stays as it is.
func modelID(model string) string {
	if !strings.HasPrefix(model, "claude-") {
		return model
	}
	id, _, _ := strings.Cut(model, "[") // claude-sonnet-4-6[1m]
	id = strings.TrimSuffix(id, "-latest")
	if id == "claude-3-7-sonnet" || id == "claude-3-7-sonnet-20250219" {
		return "CLAUDE_3_7_SONNET_20250219_V1_0"
	}
	if at := len(id) - len("-20250929"); at > 0 && id[at] == '-' && digits(id[at+1:]) {
		id = id[:at]
	}
	if n := len(id); n > 4 && id[n-4] == '-' && id[n-2] == '-' && digits(id[n-3:n-2]) && digits(id[n-1:]) {
		id = id[:n-2] + "." + id[n-1:]
	}
	return id
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
