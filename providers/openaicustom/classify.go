package openaicustom

import (
	"bytes"
	"net/http"

	"aiproxy/providers"
)

// quotaUsedUp is the code and type of an account without means. It comes with the status of a rate limit, yet
// waiting does not help: the account is out until somebody pays.
var quotaUsedUp = []byte(`"insufficient_quota"`)

var modelNotFound = []byte(`"model_not_found"`)

// Classify implements providers.Provider.
func (p *Provider) Classify(status int, _ http.Header, body []byte) providers.Class {
	if status == http.StatusTooManyRequests && bytes.Contains(body, quotaUsedUp) {
		return providers.ClassCredential
	}
	// A model that a project was not given is no fault of its key, which must serve the others.
	if status == http.StatusForbidden && bytes.Contains(body, modelNotFound) {
		return providers.ClassCaller
	}
	return providers.ClassifyStatus(status)
}
