package main

import (
	"log/slog"
	"net/http"

	"aiproxy/providers"
	"aiproxy/providers/claudecustom"
	"aiproxy/providers/geminicli"
	"aiproxy/providers/kiroapi"
	"aiproxy/providers/openaicustom"
	"aiproxy/providers/qwenapi"
)

// newRegistry returns the providers that this program has, with their calls going through rt.
func newRegistry(rt http.RoundTripper, logger *slog.Logger) *providers.Registry {
	return providers.NewRegistry(
		openaicustom.New(rt, logger),
		claudecustom.New(rt, logger),
		geminicli.New(rt, logger),
		kiroapi.New(rt, logger),
		qwenapi.New(rt, logger),
	)
}
