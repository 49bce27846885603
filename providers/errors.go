package providers

import (
	"context"
	"errors"
)

// ErrTooLarge is returned by ReadBody for a body beyond the limit.
var ErrTooLarge = errors.New("body too large")

// The phases of a call in which it can end without a reply.
const (
	PhaseBuild     = "build"
	PhaseDial      = "dial"
	PhaseSend      = "send"
	PhaseFirstByte = "first_byte"
	PhaseRead      = "read"
)

// Error is a call that ended without a usable reply. It holds neither a credential nor a body.
type Error struct {
	Class Class
	// Phase is where the call ended: one of the Phase constants.
	Phase string
	// Err is the cause. It is never nil.
	Err error
}

// Error tells the phase and the cause.
func (e *Error) Error() string { return e.Phase + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of an error of Do or of a read from a reply's body: that of the Error in its chain,
// ClassCanceled for a context that its caller canceled, else ClassProvider. A deadline is a provider's fault.
func ClassOf(err error) Class {
	var e *Error
	switch {
	case err == nil:
		return ClassNone
	case errors.As(err, &e):
		return e.Class
	case errors.Is(err, context.Canceled):
		return ClassCanceled
	default:
		return ClassProvider
	}
}
