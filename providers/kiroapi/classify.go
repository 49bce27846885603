package kiroapi

import (
	"bytes"
	"net/http"
	"strings"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// Classify implements providers.Provider. Kiro's own words tell more than its statuses; an answer in Anthropic's shape is
// judged as one of Anthropic's.
func (p *Provider) Classify(status int, h http.Header, body []byte) providers.Class {
	class := providers.ClassifyStatus(status)
	if class == providers.ClassNone || status < http.StatusBadRequest {
		return class
	}
	if bytes.Contains(body, []byte(`"error"`)) {
		return p.claude.Classify(status, h, body)
	}
	told := p.kiro.DecodeError(status, h, body)
	said := strings.ToLower(told.Message)
	switch {
	case strings.Contains(said, "suspicious activity"):
		return providers.ClassCredential // It is the account that is limited, and for long.
	case strings.Contains(said, "profilearn"):
		return providers.ClassCredential // No request of this account can succeed.
	}
	switch told.Kind {
	case dialect.KindAuthentication, dialect.KindPermission, dialect.KindBilling:
		return providers.ClassCredential
	case dialect.KindRateLimit:
		return providers.ClassQuota
	case dialect.KindOverloaded:
		return providers.ClassProvider
	case dialect.KindContextLength, dialect.KindNotFound:
		return providers.ClassCaller
	default:
		return class
	}
}
