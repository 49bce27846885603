package dialect

import (
	"bytes"
	"slices"
)

// kiroThoughts takes the thoughts out of a text that begins with them in tags. Tags may be cut anywhere. A tag that
// stands in the middle of a text, or in quotes within a thought, is one that the model writes about. The zero value
// takes every text as it is.
type kiroThoughts struct {
	state kiroThoughtState
	// held is what may be the beginning of a tag.
	held []byte
	// last is the last byte of the thought so far.
	last byte
}

type kiroThoughtState uint8

const (
	// kiroInText is past all tags.
	kiroInText kiroThoughtState = iota
	// kiroBefore has met nothing but white space.
	kiroBefore
	kiroInThought
	// kiroBehind is between the end of the thoughts and the text: line ends there are not part of it.
	kiroBehind
)

// feed goes on with the text, and tells what is certain of it. What it tells is valid until the next call.
func (t *kiroThoughts) feed(text []byte, tell func(PartKind, []byte)) {
	if t.state == kiroInText {
		tell(PartText, text)
		return
	}
	rest := slices.Concat(t.held, text) // What is told must outlive what is held back next.
	if t.state == kiroBefore {
		begun := bytes.TrimLeft(rest, " \t\r\n")
		after, tagged := bytes.CutPrefix(begun, []byte(kiroThought))
		switch {
		case tagged:
			t.state, rest = kiroInThought, after
		case bytes.HasPrefix([]byte(kiroThought), begun):
			t.held = rest
			return
		default:
			t.state = kiroInText
		}
	}
	if t.state == kiroInThought {
		rest = t.thought(rest, tell)
	}
	if t.state == kiroBehind {
		if rest = bytes.TrimLeft(rest, "\r\n"); len(rest) > 0 {
			t.state = kiroInText
		}
	}
	if t.state == kiroInText {
		tell(PartText, rest)
		rest = nil
	}
	t.held = append(t.held[:0], rest...)
}

// thought tells what is of the thought, and returns what is not yet known to be or comes behind.
func (t *kiroThoughts) thought(text []byte, tell func(PartKind, []byte)) []byte {
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(kiroThoughtEnd))
		if at < 0 {
			break
		}
		at += from
		if t.quoted(text, at) {
			from = at + 1
			continue
		}
		tell(PartThinking, text[:at])
		t.state = kiroBehind
		return text[at+len(kiroThoughtEnd):]
	}
	whole := len(text) - tagBegun(text)
	if whole > 0 {
		tell(PartThinking, text[:whole])
		t.last = text[whole-1]
	}
	return text[whole:]
}

// quoted tells whether what stands at that place follows a quote.
func (t *kiroThoughts) quoted(text []byte, at int) bool {
	before := t.last
	if at > 0 {
		before = text[at-1]
	}
	return before == '`' || before == '"' || before == '\''
}

// tagBegun is how many bytes at the text's end may be the beginning of the end tag.
func tagBegun(text []byte) int {
	for n := min(len(text), len(kiroThoughtEnd)-1); n > 0; n-- {
		if bytes.HasSuffix(text, []byte(kiroThoughtEnd[:n])) {
			return n
		}
	}
	return 0
}

// end tells what was held: no tag has come of it. White space before anything else is left out.
func (t *kiroThoughts) end(tell func(PartKind, []byte)) {
	switch {
	case t.state == kiroInThought:
		tell(PartThinking, t.held)
	case len(bytes.TrimSpace(t.held)) > 0:
		tell(PartText, t.held)
	}
	if t.state != kiroInText {
		t.state = kiroBefore
	}
	t.held, t.last = t.held[:0], 0
}
