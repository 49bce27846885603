package dialect

import (
	"bytes"
	"net/http"
	"strings"
)

// anthropicFaults are the types of errors, https://docs.anthropic.com/en/api/errors; never changed.
var anthropicFaults = faultWords{
	{KindBadRequest, "invalid_request_error", http.StatusBadRequest},
	{KindContextLength, "invalid_request_error", http.StatusBadRequest},
	{KindFiltered, "invalid_request_error", http.StatusBadRequest},
	{KindAuthentication, "authentication_error", http.StatusUnauthorized},
	{KindBilling, "billing_error", http.StatusPaymentRequired},
	{KindPermission, "permission_error", http.StatusForbidden},
	{KindNotFound, "not_found_error", http.StatusNotFound},
	{KindTooLarge, "request_too_large", http.StatusRequestEntityTooLarge},
	{KindRateLimit, "rate_limit_error", http.StatusTooManyRequests},
	{KindServer, "api_error", http.StatusInternalServerError},
	{KindTimeout, "timeout_error", http.StatusGatewayTimeout},
	{KindOverloaded, "overloaded_error", statusOverloaded},
}

// ErrorStatus is the status that goes with the error's type. A status of the same class that says more, such as 409,
// stays.
func (c anthropic) ErrorStatus(e *Error) int {
	if e.Kind == KindUnknown || e.Kind == KindServer || e.Kind == KindBadRequest {
		if e.Status >= 400 && e.Status != http.StatusServiceUnavailable {
			return e.Status
		}
	}
	return anthropicFaults.of(e.kind()).status
}

func (c anthropic) encodeError(e *Error) []byte {
	w := writer{buf: make([]byte, 0, 96+len(e.Message))}
	c.writeError(&w, e)
	return w.buf
}

func (c anthropic) encodeStreamError(e *Error) []byte {
	return appendFrame(nil, "error", c.encodeError(e))
}

// writeError names the field at fault within the message: the shape has no place for it.
func (c anthropic) writeError(w *writer, e *Error) {
	message := e.Message
	if e.Param != "" && e.kind() == KindBadRequest && !strings.Contains(message, e.Param) {
		message = e.Param + ": " + message
	}
	if e.kind() == KindContextLength && !strings.Contains(message, "prompt is too long") {
		message = "prompt is too long: " + message // Clients look for these words and shorten the conversation.
	}
	word := anthropicFaults.of(e.kind()).word
	if e.Status == http.StatusConflict && e.Kind == KindUnknown {
		word = "conflict_error"
	}
	w.open('{')
	w.str("type", "error")
	w.openObject("error")
	w.str("type", word)
	w.str("message", message)
	w.close('}')
	w.close('}')
}

// DecodeError reads {"type":"error","error":{"type","message"}} or whatever else has come in its place.
func (c anthropic) DecodeError(status int, _ http.Header, body []byte) *Error {
	e := &Error{Status: status}
	if v, err := openValue(bytes.TrimSpace(body)); err == nil && v.get("error").isObject() {
		c.readError(e, v.get("error"))
	} else if foreign := (openAIChat{}).foreignError(status, body); foreign != nil {
		*e = *foreign
	}
	if e.Kind == KindUnknown {
		e.Kind = KindOf(status)
	}
	return e
}

// readError takes type and message, and the kind that they tell.
func (anthropic) readError(e *Error, told value) {
	word, message := told.get("type").text(), told.get("message").text()
	e.Message = message
	anthropicFaults.read(e, word)
	if e.Kind != KindBadRequest {
		return
	}
	switch lower := strings.ToLower(message); {
	case strings.Contains(lower, "prompt is too long"), strings.Contains(lower, "exceed context limit"):
		e.Kind = KindContextLength
	case strings.Contains(lower, "credit balance is too low"):
		e.Kind = KindBilling
	case strings.Contains(lower, "content filtering policy"):
		e.Kind = KindFiltered
	}
}

// foreignError takes {"type":"error","error":{...}} for the dialect's own shape.
func (c anthropic) foreignError(status int, body []byte) *Error {
	v, err := openValue(body)
	if err != nil || !v.get("error").isObject() {
		return c.DecodeError(status, nil, body)
	}
	if v.get("type").text() == "error" {
		return nil
	}
	return c.DecodeError(status, nil, body)
}
