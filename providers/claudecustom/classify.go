package claudecustom

import (
	"net/http"

	"aiproxy/providers"
)

// Classify implements providers.Provider. An account without means is told of as a bad request, which it is not: the
// next account answers the same request.
func (p *Provider) Classify(status int, _ http.Header, body []byte) providers.Class {
	class := providers.ClassifyStatus(status)
	if class == providers.ClassNone {
		return class
	}
	told := providers.ReadTold(body)
	switch {
	case told.Type == "billing_error",
		status == http.StatusBadRequest && told.Says("credit balance is too low", "specified api usage limits", "organization has been disabled"):
		return providers.ClassCredential
	case status >= http.StatusBadRequest && told.Type == "overloaded_error":
		return providers.ClassProvider
	default:
		return class
	}
}
