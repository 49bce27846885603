package providers

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Told is what an upstream's error says of itself, in the words of whichever vendor it is. Fields that it lacks are
// empty.
type Told struct {
	// Type is OpenAI's and Anthropic's, such as "invalid_request_error", or Google's status, such as "NOT_FOUND".
	Type string
	// Code is OpenAI's or DashScope's, such as "insufficient_quota".
	Code string
	// Reasons are those of Google's error details, such as "API_KEY_INVALID".
	Reasons []string
	// Message is for people. It is in lower case, to be searched.
	Message string
}

// Says tells whether the message holds one of the phrases, which are in lower case.
func (t *Told) Says(phrases ...string) bool {
	for _, phrase := range phrases {
		if strings.Contains(t.Message, phrase) {
			return true
		}
	}
	return false
}

// Because tells whether the reason is among those of the details.
func (t *Told) Because(reason string) bool {
	return slices.Contains(t.Reasons, reason)
}

// ReadTold reads the beginning of an error's body: {"error": {...}} as OpenAI, Anthropic and Google write it, the same
// within an array, as Google's streams have it, or DashScope's own shape without the envelope. Of a body in no such
// shape, or cut short, Message is all of it, so that what it says can still be found.
func ReadTold(body []byte) Told {
	type fault struct {
		Type, Status, Message string
		// Code is a string, or Google's number, which says no more than the status of the reply.
		Code    any
		Reason  string
		Details []struct{ Reason string }
	}
	var envelope struct {
		fault
		Error json.RawMessage
	}
	text := bytes.TrimSpace(body)
	if bytes.HasPrefix(text, []byte("[")) {
		text = bytes.TrimSpace(bytes.Trim(text, "[]"))
	}
	if json.Unmarshal(text, &envelope) != nil {
		return Told{Message: strings.ToLower(string(text))}
	}
	f := envelope.fault
	var inner fault
	if json.Unmarshal(envelope.Error, &inner) == nil {
		f = inner
	} else if len(envelope.Error) > 0 {
		_ = json.Unmarshal(envelope.Error, &f.Message) // A string, or nothing that could be understood.
	}
	told := Told{Type: f.Type, Message: strings.ToLower(f.Message)}
	told.Code, _ = f.Code.(string)
	if told.Type == "" {
		told.Type = f.Status
	}
	for _, detail := range append(f.Details, struct{ Reason string }{f.Reason}) {
		if detail.Reason != "" {
			told.Reasons = append(told.Reasons, detail.Reason)
		}
	}
	return told
}
