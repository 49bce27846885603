package geminicli

import (
	"net/url"
	"strings"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// apiVersion is the version whose shapes the dialect has.
const apiVersion = "/v1beta"

// versioned is the path below an instance's base URL, which may end in a version or leave it to us.
func versioned(in *providers.Instance, path string) string {
	last := in.BaseURL[strings.LastIndexByte(in.BaseURL, '/')+1:]
	switch last {
	case "v1", "v1beta", "v1alpha":
		return path
	default:
		return apiVersion + path
	}
}

// pathOf is the path of a call of the Gemini API: the model and what is asked of it.
func pathOf(in *providers.Instance, call *providers.Call) (string, bool) {
	method, ok := methodOf(call)
	if call.Operation == providers.Embeddings && batch(call.Body.Bytes()) {
		method = "batchEmbedContents"
	}
	return versioned(in, resource(call.Model)+":"+method), ok
}

// methodOf is what both endpoints call an operation.
func methodOf(call *providers.Call) (string, bool) {
	switch {
	case call.Operation == providers.Chat && call.Stream:
		return "streamGenerateContent?alt=sse", true
	case call.Operation == providers.Chat:
		return "generateContent", true
	case call.Operation == providers.CountTokens:
		return "countTokens", true
	case call.Operation == providers.Embeddings:
		return "embedContent", true
	default:
		return "", false
	}
}

// batch tells whether a request for embeddings is one for several.
func batch(body []byte) bool {
	found := false
	_ = dialect.Members(body, func(name, _ []byte) bool { // What is malformed is for the upstream to refuse.
		found = found || string(name) == "requests"
		return !found
	})
	return found
}

// bareModel is a model's name without the collection that Google puts in front of it.
func bareModel(model string) string { return strings.TrimPrefix(model, "models/") }

// resource is the path of a model: "/models/gemini-x", or "/tunedModels/x" for what is in another collection.
func resource(model string) string {
	model = bareModel(model)
	if collection, name, ok := strings.Cut(model, "/"); ok {
		return "/" + url.PathEscape(collection) + "/" + url.PathEscape(name)
	}
	return "/models/" + url.PathEscape(model)
}
