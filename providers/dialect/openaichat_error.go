package dialect

import (
	"bytes"
	"net/http"
	"strings"
)

// Name implements Codec.
func (openAIChat) Name() Name { return OpenAIChat }

// FieldName implements Codec: the canonical names are OpenAI Chat's, but for this one.
func (openAIChat) FieldName(f Field) string {
	if f == FieldReasoning {
		return "reasoning_effort"
	}
	return string(f)
}

// DecodeError implements Codec.
func (c openAIChat) DecodeError(status int, _ http.Header, body []byte) *Error {
	e := c.foreignError(status, body)
	if e == nil {
		e = &Error{Status: status}
		root, _ := openValue(bytes.TrimSpace(body))
		told := root.get("error")
		e.Message = clipForeign(textOf(told.get("message").raw()))
		e.Type, e.Code, e.Param = word(told.get("type").raw()), word(told.get("code").raw()), word(told.get("param").raw())
	}
	e.Kind = chatKind(e)
	return e
}

// chatKind tells what went wrong by OpenAI's words and those of servers like it.
func chatKind(e *Error) ErrorKind {
	for _, word := range []string{e.Code, e.Type} {
		switch word {
		case "context_length_exceeded":
			return KindContextLength
		case "content_filter", "content_policy_violation", "data_inspection_failed":
			return KindFiltered
		case "insufficient_quota", "billing_hard_limit_reached":
			return KindBilling
		case "invalid_api_key", "authentication_error":
			return KindAuthentication
		case "rate_limit_exceeded", "rate_limit_error", "requests", "tokens":
			return KindRateLimit
		case "model_not_found":
			return KindNotFound
		case "server_is_overloaded", "slow_down", "overloaded_error":
			return KindOverloaded
		}
	}
	if tooLong(e.Message) {
		return KindContextLength
	}
	if e.Status == 0 {
		return chatTypeKind(e.Type)
	}
	return KindOf(e.Status)
}

// chatTypeKind is for errors within a stream, which have no status.
func chatTypeKind(kind string) ErrorKind {
	switch kind {
	case "invalid_request_error":
		return KindBadRequest
	case "permission_error":
		return KindPermission
	case "service_unavailable_error":
		return KindOverloaded
	default:
		return KindServer
	}
}

// tooLong tells whether a message is one of those by which servers without a code say that a request is too long.
func tooLong(message string) bool {
	message = strings.ToLower(message)
	for _, words := range []string{"maximum context length", "prompt is too long", "range of input length", "context window", "input is too long"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}

// ErrorStatus implements Codec.
func (openAIChat) ErrorStatus(e *Error) int {
	if e.Kind == KindUnknown && e.Status != statusOverloaded {
		return e.Status
	}
	switch e.kind() {
	case KindBilling:
		return http.StatusTooManyRequests
	case KindOverloaded:
		return http.StatusServiceUnavailable
	}
	return keepStatus(e)
}

// keepStatus is the fault's own status if it goes with the kind, else the usual one.
func keepStatus(e *Error) int {
	if e.Status >= 400 && KindOf(e.Status) == e.kind() {
		return e.Status
	}
	return statusOf(e.kind())
}

// statusOf is the usual status of a kind of fault.
func statusOf(k ErrorKind) int {
	switch k {
	case KindBadRequest, KindContextLength, KindFiltered:
		return http.StatusBadRequest
	case KindAuthentication:
		return http.StatusUnauthorized
	case KindPermission:
		return http.StatusForbidden
	case KindBilling:
		return http.StatusPaymentRequired
	case KindNotFound:
		return http.StatusNotFound
	case KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case KindRateLimit:
		return http.StatusTooManyRequests
	case KindOverloaded:
		return http.StatusServiceUnavailable
	case KindTimeout:
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}
