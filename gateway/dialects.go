package gateway

import (
	"net/http"
	"strings"

	"aiproxy/providers/dialect"
)

// The versions that begin the paths of inference.
const (
	versionV1     = "v1"
	versionV1Beta = "v1beta"
)

// dialectOf tells which dialect the client of a request speaks, by its path, whether or not that is a route, and where
// the path does not tell by the header: an error reaches the client in the shape that its library can read.
func dialectOf(r *http.Request) dialect.Name {
	version, rest := splitVersion(r.URL.Path)
	head, _, _ := strings.Cut(rest, "/")
	switch {
	case version == "":
		return dialect.OpenAIChat
	case version == versionV1Beta:
		return dialect.Gemini
	case head == "messages":
		return dialect.Anthropic
	case head == "responses":
		return dialect.OpenAIResponses
	case head == "chat", head == "completions", head == "embeddings":
		return dialect.OpenAIChat
	case head == "models" && r.Method == http.MethodPost:
		return dialect.Gemini
	default:
		return dialectOfHeader(r.Header)
	}
}

// dialectOfHeader tells the dialect of a client by the fields that only its kind of library sends.
func dialectOfHeader(h http.Header) dialect.Name {
	switch {
	case len(h["Anthropic-Version"]) > 0:
		return dialect.Anthropic
	case len(h["X-Goog-Api-Key"]) > 0, len(h["X-Goog-Api-Client"]) > 0:
		return dialect.Gemini
	default:
		return dialect.OpenAIChat
	}
}

// splitVersion parts a path of inference, with or without a provider in front, behind its version. Of another path the
// version is empty.
func splitVersion(path string) (version, rest string) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if first == versionV1 || first == versionV1Beta {
		return first, rest
	}
	second, rest, _ := strings.Cut(rest, "/")
	if second == versionV1 || second == versionV1Beta {
		return second, rest
	}
	return "", ""
}
