package dialect

import (
	"fmt"
	"strconv"
)

// SyntaxError is a request body that is not one JSON object. It quotes nothing of the body.
type SyntaxError struct {
	// Offset is where in the body reading ended, in bytes.
	Offset int
	// Reason tells what was expected there.
	Reason string
}

// Error tells reason and offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("malformed JSON at byte %d: %s", e.Offset, e.Reason)
}

func syntaxError(data []byte, pos int, reason string) error {
	if pos >= len(data) {
		reason = "unexpected end, " + reason
	}
	return &SyntaxError{Offset: pos, Reason: reason}
}

// FieldError is a field that routing depends on and that cannot be understood.
type FieldError struct {
	// Field is the name of the member of the request's object.
	Field string
	// Offset is where its value begins, in bytes.
	Offset int
	// Reason tells what is wrong, fit to follow the field's name.
	Reason string
}

// Error tells field and reason.
func (e *FieldError) Error() string { return strconv.Quote(e.Field) + " " + e.Reason }
