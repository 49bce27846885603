package adminclient

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxErrorAnswer bounds what is read of an answer that is an error, in bytes.
const maxErrorAnswer = 64 << 10

// Error is a node's answer that it did not do what it was asked.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code is the API's word for the error, such as "revision_mismatch"; it may be empty.
	Code string
	// Message is the node's explanation, or the answer's beginning where it has none.
	Message string
	// RequestID finds the request in the node's log; it may be empty.
	RequestID string
	// RetryAfter is how long the node asks to wait before another try; 0 where it says nothing.
	RetryAfter time.Duration
}

// Error tells message, status, code and request id in one paragraph.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	fmt.Fprintf(&b, " (status %d", e.Status)
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.RequestID != "" {
		b.WriteString(", request " + e.RequestID)
	}
	if e.RetryAfter > 0 {
		b.WriteString(", try again in " + e.RetryAfter.String())
	}
	return b.String() + ")"
}

// answered reads an answer outside 2xx. The node's errors have the shape of OpenAI's API.
func answered(response *http.Response) *Error {
	e := &Error{Status: response.StatusCode, RequestID: response.Header.Get("X-Aiproxy-Request-Id")}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	// What could not be read is missing in the message, and the status tells enough.
	raw, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorAnswer))
	var body struct {
		Error struct {
			Message string `json:"message"`
			Code    string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(raw, &body) == nil && body.Error.Message != "" {
		e.Message, e.Code = body.Error.Message, body.Error.Code
	} else {
		e.Message = foreign(response, raw)
	}
	if e.Status == http.StatusUnauthorized {
		e.Message += " Give the command the key with --api-key or AIPROXY_API_KEY."
	}
	return e
}

// foreign describes an answer that is not one of aiproxy's.
func foreign(response *http.Response, raw []byte) string {
	if response.Header.Get("X-Aiproxy-Node") == "" {
		return "The answer is not from an aiproxy node; check --address."
	}
	const longest = 300
	text := strings.TrimSpace(strings.ToValidUTF8(string(raw[:min(len(raw), longest)]), ""))
	if text == "" {
		return http.StatusText(response.StatusCode)
	}
	return text
}
