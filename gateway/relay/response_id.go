package relay

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"

	"aiproxy/providers/dialect"
)

// instanceMark stands in the id of a stored response between the upstream's own id and the instance that keeps it.
const instanceMark = "_at_"

// WrapResponseID returns the id by which clients know a response that an instance's upstream keeps. Every node can read
// from it which instance that is, so that no node has to remember it.
func WrapResponseID(id, instance string) string {
	return id + instanceMark + hex.EncodeToString([]byte(instance))
}

// UnwrapResponseID returns the upstream's own id and the instance of an id that WrapResponseID has made, and whether it
// is one.
func UnwrapResponseID(wrapped string) (id, instance string, ok bool) {
	at := strings.LastIndex(wrapped, instanceMark)
	if at <= 0 {
		return "", "", false
	}
	name, err := hex.DecodeString(wrapped[at+len(instanceMark):])
	if err != nil || len(name) == 0 {
		return "", "", false
	}
	return wrapped[:at], string(name), true
}

// responseIDs puts the gateway's ids of responses into an upstream's answer in place of its own. A quote within a
// text is escaped, so that an id in quotes is nothing else.
type responseIDs struct {
	instance string
	// pairs are what is replaced and by what, quotes included. learned tells that the answer's own id is among them.
	pairs   [][2][]byte
	learned bool
	// carry is the beginning of what may be an id, whose rest is still to come.
	carry []byte
}

// newResponseIDs returns a rewriter that knows the ids which the request has named already.
func newResponseIDs(instance string, named ...string) *responseIDs {
	r := &responseIDs{instance: instance}
	for _, id := range named {
		r.add(id)
	}
	return r
}

func (r *responseIDs) add(id string) {
	wrapped := WrapResponseID(id, r.instance)
	r.pairs = append(r.pairs, [2][]byte{[]byte(`"` + id + `"`), []byte(`"` + wrapped + `"`)})
}

func (*responseIDs) contentType() string { return "" }

func (r *responseIDs) rewrite(dst, p []byte) []byte {
	if !r.learned {
		if id := dialect.ResponseID(p); id != "" {
			r.learned = true
			r.add(id)
		}
	}
	text := slices.Concat(r.carry, p)
	for _, pair := range r.pairs {
		text = bytes.ReplaceAll(text, pair[0], pair[1])
	}
	cut := len(text) - r.beginning(text)
	dst = append(dst, text[:cut]...)
	r.carry = append([]byte(nil), text[cut:]...)
	return dst
}

// beginning is how many bytes at the end of the text may be the beginning of an id.
func (r *responseIDs) beginning(text []byte) int {
	longest := 0
	for _, pair := range r.pairs {
		for n := min(len(pair[0])-1, len(text)); n > longest; n-- {
			if bytes.HasSuffix(text, pair[0][:n]) {
				longest = n
			}
		}
	}
	return longest
}

func (r *responseIDs) end(dst []byte) []byte { return append(dst, r.carry...) }
