package dialect

import (
	"net/http"
	"strconv"
	"time"
)

// Error is a fault told to a client, in no dialect yet. Message, Type, Code and Param are text for the client and
// must not hold a secret.
type Error struct {
	// Status is the HTTP status, also of an error within a stream whose header has long been sent.
	Status int
	// Kind is what went wrong. KindUnknown stands for what goes with Status.
	Kind ErrorKind
	// Type is OpenAI's word for the kind of fault. Empty stands for its usual word. Other dialects go by Kind.
	Type string
	// Code is a finer word for programs, empty for none.
	Code string
	// Param names the field of the request that is at fault, empty for none.
	Param   string
	Message string
	// RetryAfter is how long the client should wait, 0 for no advice. It travels in a header, not in the body.
	RetryAfter time.Duration
}

// ErrorKind is what went wrong, for dialects to find their own word and status for.
type ErrorKind uint8

// The kinds of fault.
const (
	KindUnknown ErrorKind = iota
	KindBadRequest
	// KindContextLength is a request that is longer than the model's window.
	KindContextLength
	KindAuthentication
	KindPermission
	// KindBilling is an account without means: waiting does not help.
	KindBilling
	KindNotFound
	KindTooLarge
	KindRateLimit
	KindOverloaded
	KindTimeout
	// KindFiltered is a request or an answer that the upstream's filter has stopped.
	KindFiltered
	KindServer
)

// KindOf is the kind that goes with a status.
func KindOf(status int) ErrorKind {
	switch status {
	case http.StatusUnauthorized:
		return KindAuthentication
	case http.StatusPaymentRequired:
		return KindBilling
	case http.StatusForbidden:
		return KindPermission
	case http.StatusNotFound:
		return KindNotFound
	case http.StatusRequestEntityTooLarge:
		return KindTooLarge
	case http.StatusTooManyRequests:
		return KindRateLimit
	case http.StatusServiceUnavailable, statusOverloaded:
		return KindOverloaded
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return KindTimeout
	}
	if status >= 400 && status < 500 {
		return KindBadRequest
	}
	return KindServer
}

// statusOverloaded is Anthropic's own.
const statusOverloaded = 529

// kind is e.Kind, or what goes with the status.
func (e *Error) kind() ErrorKind {
	if e.Kind == KindUnknown {
		return KindOf(e.Status)
	}
	return e.Kind
}

// Error tells status and message.
func (e *Error) Error() string { return strconv.Itoa(e.Status) + " " + e.Message }

// EncodeError returns the body of the reply that tells e to a client of the dialect. An unknown dialect gets
// OpenAI's shape.
func EncodeError(n Name, e *Error) []byte { return codecFor(n).encodeError(e) }

// EncodeStreamError returns the event that tells e to a client in the middle of a stream, to be written after a
// whole event and before the stream is closed. An unknown dialect gets OpenAI's shape.
func EncodeStreamError(n Name, e *Error) []byte { return codecFor(n).encodeStreamError(e) }

// ErrorStatus is the HTTP status with which clients of the dialect expect e. In an unknown dialect it is e's own.
func ErrorStatus(n Name, e *Error) int {
	if c, ok := translators[n]; ok {
		return c.ErrorStatus(e)
	}
	return e.Status
}
