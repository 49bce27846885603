package providers

import (
	"fmt"
	"io"
	"log/slog"
)

const secretMask = "[secret]"

// Secret is a credential in plaintext that no verb of fmt, no logger and no encoder prints. The empty secret
// prints as the empty string, so that a log tells none from some.
type Secret string

// Reveal returns the plaintext. It belongs into the header of an upstream call and nowhere else.
func (s Secret) Reveal() string { return string(s) }

// String returns a mask.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return secretMask
}

// Format writes the mask whatever the verb: fmt passes String by for verbs that do not fit a string.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns a mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns a mask; encoding/json uses it as well.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
