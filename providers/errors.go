package providers

import (
	"context"
	"errors"

	"aiproxy/providers/upstream"
)

// ErrTooLarge is returned by ReadBody for a body beyond the limit.
var ErrTooLarge = errors.New("body too large")

// The phases of a call in which it can end without a reply, as upstream names them.
const (
	PhaseRequest   = string(upstream.PhaseRequest)
	PhaseDial      = string(upstream.PhaseDial)
	PhaseSend      = string(upstream.PhaseSend)
	PhaseFirstByte = string(upstream.PhaseFirstByte)
	PhaseHead      = string(upstream.PhaseHead)
	PhaseBody      = string(upstream.PhaseBody)
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
func (e *Error) Error() string {
	if u, ok := errors.AsType[*upstream.Error](e.Err); ok {
		return u.Error() // tells the phase itself
	}
	return e.Phase + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of an error of Do or of a read from a reply's body: that of the Error in its chain,
// ClassCanceled for a context that its caller canceled, ClassGateway for a request that could not be put on the
// wire, else ClassProvider. A deadline is a provider's fault.
func ClassOf(err error) Class {
	if err == nil {
		return ClassNone
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	switch {
	case errors.Is(err, context.Canceled):
		return ClassCanceled
	case errors.Is(err, upstream.ErrBadRequest):
		return ClassGateway
	default:
		return ClassProvider
	}
}

// CallError makes the *Error of a call that a transport has ended with err. An *Error in the chain of err stays as
// it is. Where ctx has ended, its cause tells more than what the transport made of it: a caller that cancels for a
// reason of its own, such as a timeout, can give an *Error as the cause and finds it here.
func CallError(ctx context.Context, err error) *Error {
	phase := PhaseFirstByte
	if u, ok := errors.AsType[*upstream.Error](err); ok {
		phase = string(u.Phase)
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Class: ClassOf(err), Phase: phase, Err: err}
}
