package gateway

import (
	"net/http"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// inferenceEndpoints lists the routes of all dialects' clients below a prefix, which is empty or names a provider.
func (g *Gateway) inferenceEndpoints(prefix string) []endpoint {
	list := []endpoint{
		post(prefix+"/v1/chat/completions", g.inference(providers.Chat, dialect.OpenAIChat)),
		post(prefix+"/v1/messages", g.inference(providers.Chat, dialect.Anthropic)),
		post(prefix+"/v1/messages/count_tokens", g.inference(providers.CountTokens, dialect.Anthropic)),
		{method: http.MethodGet, path: prefix + "/v1/responses", serve: g.responsesSocket},
		post(prefix+"/v1/responses", g.inference(providers.Chat, dialect.OpenAIResponses)),
		post(prefix+"/v1/responses/input_tokens", g.inference(providers.CountTokens, dialect.OpenAIResponses)),
		{method: http.MethodGet, path: prefix + "/v1/responses/{id}", relayed: true, serve: g.storedResponse("")},
		{method: http.MethodDelete, path: prefix + "/v1/responses/{id}", relayed: true, serve: g.storedResponse("")},
		{method: http.MethodGet, path: prefix + "/v1/responses/{id}/input_items", relayed: true, serve: g.storedResponse("/input_items")},
		post(prefix+"/v1/responses/{id}/cancel", g.storedResponse("/cancel")),
		post(prefix+"/v1/completions", g.inference(providers.Completions, dialect.OpenAIChat)),
		post(prefix+"/v1/embeddings", g.inference(providers.Embeddings, dialect.OpenAIChat)),
	}
	list = append(list, g.geminiEndpoints(prefix)...)
	for _, version := range []string{versionV1, versionV1Beta} {
		models := prefix + "/" + version + "/models"
		list = append(list,
			endpoint{method: http.MethodGet, path: models, serve: g.listModels},
			endpoint{method: http.MethodGet, path: models + "/{id:.+}", serve: g.showModel})
	}
	return list
}

// post is an endpoint whose answers are the relay's.
func post(path string, serve handlerFunc) endpoint {
	return endpoint{method: http.MethodPost, path: path, relayed: true, serve: serve}
}

// probed answers what clients ask when they start, to see whether anybody is there. Claude Code sends HEAD /api/hello,
// older versions HEAD /.
func (g *Gateway) probed(x *exchange, r *http.Request) error {
	if r.Method != http.MethodHead && r.URL.Path == "/" {
		return g.notFound(x, r)
	}
	x.WriteHeader(http.StatusOK)
	return nil
}
