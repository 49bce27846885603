package dialect

import (
	"strconv"
	"time"
)

// Error is a fault told to a client, in no dialect yet. Message, Type, Code and Param are text for the client and
// must not hold a secret.
type Error struct {
	// Status is the HTTP status, also of an error within a stream whose header has long been sent.
	Status int
	// Type is the dialect's word for the kind of fault. Empty stands for the dialect's usual word for Status.
	Type string
	// Code is a finer word for programs, empty for none.
	Code string
	// Param names the field of the request that is at fault, empty for none.
	Param   string
	Message string
	// RetryAfter is how long the client should wait, 0 for no advice. It travels in a header, not in the body.
	RetryAfter time.Duration
}

// Error tells status and message.
func (e *Error) Error() string { return strconv.Itoa(e.Status) + " " + e.Message }

// EncodeError returns the body of the reply that tells e to a client of the dialect. An unknown dialect gets
// OpenAI's shape.
func EncodeError(n Name, e *Error) []byte { return codecFor(n).encodeError(e) }

// EncodeStreamError returns the event that tells e to a client in the middle of a stream, to be written after a
// whole event and before the stream is closed. An unknown dialect gets OpenAI's shape.
func EncodeStreamError(n Name, e *Error) []byte { return codecFor(n).encodeStreamError(e) }
