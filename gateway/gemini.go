package gateway

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// geminiMethod is a method of a model in Google's API.
type geminiMethod struct {
	name      string
	operation providers.Operation
	stream    bool
}

func geminiMethods() []geminiMethod {
	return []geminiMethod{
		{"streamGenerateContent", providers.Chat, true},
		{"generateContent", providers.Chat, false},
		{"countTokens", providers.CountTokens, false},
		{"embedContent", providers.Embeddings, false},
		{"batchEmbedContents", providers.Embeddings, false},
	}
}

// geminiEndpoints lists the methods of models below a prefix. Google's JavaScript SDK calls them below v1 unless told
// otherwise, everybody else below v1beta.
func (g *Gateway) geminiEndpoints(prefix string) []endpoint {
	var list []endpoint
	for _, version := range []string{versionV1Beta, versionV1} {
		for _, m := range geminiMethods() {
			list = append(list, post(prefix+"/"+version+"/models/{model:.+}:"+m.name, g.geminiInference(m)))
		}
	}
	return list
}

// geminiInference returns the handler of a method. Its path names the model, which may hold slashes, and its name tells
// of a stream: of events, if the query has alt=sse, else of the elements of a JSON array.
func (g *Gateway) geminiInference(m geminiMethod) handlerFunc {
	return func(x *exchange, r *http.Request) error {
		model := strings.TrimPrefix(mux.Vars(r)["model"], "models/")
		return g.infer(x, r, relay.Request{
			Operation: m.operation,
			Dialect:   dialect.Gemini,
			Envelope:  dialect.Envelope{Model: model, Stream: m.stream},
			JSONArray: m.stream && r.URL.Query().Get("alt") != "sse",
		})
	}
}
