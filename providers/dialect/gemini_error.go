package dialect

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// geminiFaults are the words of errors, https://cloud.google.com/apis/design/errors; never changed.
var geminiFaults = faultWords{
	{KindBadRequest, "INVALID_ARGUMENT", http.StatusBadRequest},
	{KindContextLength, "INVALID_ARGUMENT", http.StatusBadRequest},
	{KindFiltered, "INVALID_ARGUMENT", http.StatusBadRequest},
	{KindTooLarge, "INVALID_ARGUMENT", http.StatusRequestEntityTooLarge},
	{KindBadRequest, "FAILED_PRECONDITION", http.StatusBadRequest},
	{KindAuthentication, "UNAUTHENTICATED", http.StatusUnauthorized},
	{KindPermission, "PERMISSION_DENIED", http.StatusForbidden},
	{KindBilling, "PERMISSION_DENIED", http.StatusForbidden},
	{KindNotFound, "NOT_FOUND", http.StatusNotFound},
	{KindRateLimit, "RESOURCE_EXHAUSTED", http.StatusTooManyRequests},
	{KindServer, "INTERNAL", http.StatusInternalServerError},
	{KindOverloaded, "UNAVAILABLE", http.StatusServiceUnavailable},
	{KindTimeout, "DEADLINE_EXCEEDED", http.StatusGatewayTimeout},
}

// ErrorStatus is the status that goes with the error's word. Where the kind says no more than the status, that stays.
func (c gemini) ErrorStatus(e *Error) int {
	if e.Status >= 400 && e.Status != statusOverloaded && e.kind() == KindOf(e.Status) {
		return e.Status
	}
	return geminiFaults.of(e.kind()).status
}

func (c gemini) encodeError(e *Error) []byte {
	w := writer{buf: make([]byte, 0, 128+len(e.Message))}
	c.writeError(&w, e)
	return w.buf
}

func (c gemini) encodeStreamError(e *Error) []byte {
	return appendFrame(nil, "", c.encodeError(e))
}

// writeError names the field at fault within the message, and tells in RetryInfo how long to wait.
func (c gemini) writeError(w *writer, e *Error) {
	message := e.Message
	if e.Param != "" && e.kind() == KindBadRequest && !strings.Contains(message, e.Param) {
		message = e.Param + ": " + message
	}
	w.open('{')
	w.openObject("error")
	w.int("code", int64(c.ErrorStatus(e)))
	w.str("message", message)
	w.str("status", geminiFaults.of(e.kind()).word)
	if e.RetryAfter > 0 {
		w.openArray("details")
		w.open('{')
		w.str("@type", "type.googleapis.com/google.rpc.RetryInfo")
		w.str("retryDelay", strconv.FormatFloat(e.RetryAfter.Seconds(), 'f', -1, 64)+"s")
		w.close('}')
		w.close(']')
	}
	w.close('}')
	w.close('}')
}

// DecodeError reads {"error":{"code","message","status","details"}}, also within an array, or whatever else has come.
func (c gemini) DecodeError(status int, _ http.Header, body []byte) *Error {
	e := &Error{Status: status}
	body = bytes.TrimSpace(body)
	if told := geminiErrorIn(body); told.isObject() {
		c.readError(e, told)
	} else if foreign := (openAIChat{}).foreignError(status, body); foreign != nil {
		*e = *foreign
	}
	if e.Kind == KindUnknown {
		e.Kind = KindOf(e.Status)
	}
	return e
}

// geminiErrorIn is the error's object, empty where there is none.
func geminiErrorIn(body []byte) value {
	if len(body) > 1 && body[0] == '[' && body[len(body)-1] == ']' {
		body = bytes.TrimSpace(body[1 : len(body)-1])
	}
	v, err := openValue(body)
	if err != nil {
		return nil
	}
	return v.get("error")
}

// readError takes what the object tells. A key that is wrong is an INVALID_ARGUMENT with a reason.
func (gemini) readError(e *Error, told value) {
	e.Message = told.get("message").text()
	word := told.get("status").text()
	geminiFaults.read(e, word)
	if code, ok := told.get("code").integer(); ok && e.Status < 400 {
		e.Status = int(code)
	}
	// The body has been read as a whole: its arrays are well-formed.
	_ = told.get("details").elements(func(_ int, detail value) error {
		if delay := detail.get("retryDelay").text(); delay != "" {
			if d, err := time.ParseDuration(delay); err == nil && d > 0 {
				e.RetryAfter = d
			}
		}
		switch detail.get("reason").text() {
		case "API_KEY_INVALID", "ACCESS_TOKEN_EXPIRED":
			e.Kind = KindAuthentication
		case "MODEL_CAPACITY_EXHAUSTED":
			e.Kind = KindOverloaded
		}
		return nil
	})
	lower := strings.ToLower(e.Message)
	if e.Kind == KindBadRequest && strings.Contains(lower, "token count") && strings.Contains(lower, "exceeds") {
		e.Kind = KindContextLength
	}
}

// foreignError takes {"error":{"status":...}} for the dialect's own shape.
func (c gemini) foreignError(status int, body []byte) *Error {
	if told := geminiErrorIn(bytes.TrimSpace(body)); told.get("status").isString() {
		return nil
	}
	return c.DecodeError(status, nil, body)
}
