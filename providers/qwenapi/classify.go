package qwenapi

import (
	"net/http"

	"aiproxy/providers"
)

// Classify implements providers.Provider. It knows the words of both error shapes of DashScope: OpenAI's and its own.
func (p *Provider) Classify(status int, _ http.Header, body []byte) providers.Class {
	class := providers.ClassifyStatus(status)
	if class == providers.ClassNone || class == providers.ClassProvider {
		return class
	}
	told := providers.ReadTold(body)
	switch status {
	case http.StatusBadRequest:
		// An account with unpaid bills; the request is not at fault.
		if told.Code == "Arrearage" || told.Type == "Arrearage" {
			return providers.ClassCredential
		}
	case http.StatusForbidden:
		return forbidden(&told)
	}
	return class
}

// forbidden tells a daily quota, which comes back by itself, and a model that the account was not given, from an account
// that may nothing.
func forbidden(told *providers.Told) providers.Class {
	switch {
	case told.Code == "insufficient_quota", told.Type == "insufficient_quota", told.Says("quota exceeded"):
		return providers.ClassQuota
	case told.Code == "Model.AccessDenied", told.Code == "model_access_denied":
		return providers.ClassCaller
	default:
		return providers.ClassCredential
	}
}
