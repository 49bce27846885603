package upstream

import (
	"context"
	"errors"
	"fmt"
)

// Faults that a call can meet; they arrive wrapped in an *Error.
var (
	// ErrMalformed means that the upstream's message breaks HTTP/1.1 framing and was not trusted.
	ErrMalformed = errors.New("malformed response")
	// ErrHeadTooLarge means that the answer's head is larger than Options.MaxHeadBytes.
	ErrHeadTooLarge = errors.New("response head too large")
	// ErrBadRequest means that the request cannot be put on the wire: a header, method, address or body that HTTP/1.1
	// does not allow, or that this client does not carry. Nothing was sent.
	ErrBadRequest = errors.New("request cannot be sent")
)

// Phase names how far a call had come when it failed.
type Phase string

// The phases, in their order.
const (
	// PhaseRequest is the checking of the request; nothing was dialled.
	PhaseRequest Phase = "request"
	// PhaseDial is name resolution, connecting and the TLS handshake; the upstream has seen nothing of the request.
	PhaseDial Phase = "dial"
	// PhaseSend is the writing of the request.
	PhaseSend Phase = "send"
	// PhaseFirstByte is the wait for the answer's first byte.
	PhaseFirstByte Phase = "first_byte"
	// PhaseHead is the reading of the answer's head after its first byte.
	PhaseHead Phase = "head"
	// PhaseBody is the reading of the answer's body.
	PhaseBody Phase = "body"
)

// Error is the failure of one call. It unwraps to its cause; when the request's context had ended, to both the
// context's cause and context.Canceled or context.DeadlineExceeded. Its text carries no header, path or body.
type Error struct {
	Phase Phase
	// Addr is the host and port of the request's URL.
	Addr string
	Err  error

	// ended is the context's own error where Err is its cause.
	ended error
}

// Error says which upstream failed, in which phase, and why.
func (e *Error) Error() string {
	return fmt.Sprintf("upstream %s: %s: %v", e.Addr, e.Phase, e.Err)
}

// Unwrap gives the cause and, for a call that was cancelled, the context's error.
func (e *Error) Unwrap() []error {
	if e.ended == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.ended}
}

// failure builds the error of a call. A context that has ended outranks what the connection said, because closing the
// connection is how its end makes itself known.
func failure(ctx context.Context, phase Phase, addr string, err error) *Error {
	if ended := ctx.Err(); ended != nil {
		return &Error{Phase: phase, Addr: addr, Err: context.Cause(ctx), ended: ended}
	}
	return &Error{Phase: phase, Addr: addr, Err: err}
}

// malformed wraps ErrMalformed with what was wrong, in constant words: the upstream's bytes stay out of errors.
func malformed(what string) error {
	return fmt.Errorf("%w: %s", ErrMalformed, what)
}

// refused wraps ErrBadRequest with what was wrong.
func refused(what string) error {
	return fmt.Errorf("%w: %s", ErrBadRequest, what)
}
