package fsm

import "fmt"

// RejectionCode classifies a Rejection.
type RejectionCode string

// The reasons for which the state machine refuses a well-formed command.
const (
	// RejectedNotFound means that the command names something that does not exist.
	RejectedNotFound RejectionCode = "not_found"
	// RejectedConflict means that the state as a whole does not admit the command.
	RejectedConflict RejectionCode = "conflict"
	// RejectedInvalid means that the command could not be accepted in any state.
	RejectedInvalid RejectionCode = "invalid"
	// RejectedRevision means that Command.IfRevision is not the current revision.
	RejectedRevision RejectionCode = "revision_mismatch"
)

// Rejection is the state machine's refusal of a command, the same on every replica. It is an error that travels
// between nodes as JSON.
//
//nolint:errname // It is a value of the domain first: a caller may well speak of it without returning it.
type Rejection struct {
	Code    RejectionCode `json:"code"`
	Message string        `json:"message"`
}

// Error returns the message.
func (r *Rejection) Error() string { return r.Message }

// reject makes a Rejection. Its arguments come from the command and the state alone: the message is replicated.
func reject(code RejectionCode, format string, args ...any) *Rejection {
	return &Rejection{Code: code, Message: fmt.Sprintf(format, args...)}
}
