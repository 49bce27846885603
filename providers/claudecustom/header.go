package claudecustom

import (
	"bytes"
	"net/http"
	"slices"

	"aiproxy/providers"
	"aiproxy/providers/endpoint"
)

// apiVersion is sent for clients that name none: the API refuses a request without one.
const apiVersion = "2023-06-01"

// authorize sets the instance's credential, and the version that the request is written in.
func authorize(header http.Header, in *providers.Instance) {
	switch {
	case in.Auth != providers.AuthKey:
		endpoint.Bearer(header, in)
	case in.APIKey != "":
		header["X-Api-Key"] = []string{in.APIKey.Reveal()}
	}
	if len(header["Anthropic-Version"]) == 0 {
		header["Anthropic-Version"] = []string{apiVersion}
	}
}

// betaOfTool is a beta without which the API refuses a tool. The gateway writes just these types for tools of other
// dialects' clients.
type betaOfTool struct{ tool, beta string }

func betasOfTools() [2]betaOfTool {
	return [...]betaOfTool{
		{`"type":"code_execution_20250825"`, "code-execution-2025-08-25"},
		{`"type":"web_fetch_20250910"`, "web-fetch-2025-09-10"},
	}
}

// addBetas names the betas that a body of the gateway's own making needs, beside those that the client asks for. A
// client of the Messages API asks for what its own body needs.
func addBetas(header http.Header, body []byte) {
	const name = "Anthropic-Beta"
	for _, one := range betasOfTools() {
		if bytes.Contains(body, []byte(one.tool)) {
			header[name] = append(slices.Clip(header[name]), one.beta)
		}
	}
}
