package geminicli

import (
	"net/http"

	"aiproxy/providers"
)

// statusCancelled is Google's for a call that its own side has given up.
const statusCancelled = 499

// Classify implements providers.Provider. Google tells of a wrong key as a bad request, and of several things that
// another account would have with the status of a rate limit; the reasons in the details tell them apart.
func (p *Provider) Classify(status int, _ http.Header, body []byte) providers.Class {
	class := providers.ClassifyStatus(status)
	if class == providers.ClassNone || class == providers.ClassProvider {
		return class
	}
	told := providers.ReadTold(body)
	switch status {
	case http.StatusBadRequest:
		return badRequest(&told)
	case http.StatusForbidden:
		// What a request refers to, such as a file, may belong to another account: that is no fault of this one's.
		if told.Says("permission to access the file", "cachedcontent", "tuned model") {
			return providers.ClassCaller
		}
	case http.StatusTooManyRequests:
		return tooMany(&told)
	case statusCancelled:
		return providers.ClassProvider
	}
	return class
}

func badRequest(told *providers.Told) providers.Class {
	switch {
	case told.Because("API_KEY_INVALID"), told.Because("API_KEY_EXPIRED"), told.Says("api key not valid", "api key expired"):
		return providers.ClassCredential
	// Keys and accounts are bound to countries, and the free tier is not offered in all of them.
	case told.Type == "FAILED_PRECONDITION" && told.Says("location is not supported", "enable billing", "not available in your country"):
		return providers.ClassCredential
	default:
		return providers.ClassCaller
	}
}

func tooMany(told *providers.Told) providers.Class {
	switch {
	case told.Because("INSUFFICIENT_G1_CREDITS_BALANCE"):
		return providers.ClassCredential
	case told.Because("MODEL_CAPACITY_EXHAUSTED"):
		return providers.ClassProvider
	default:
		return providers.ClassQuota
	}
}
