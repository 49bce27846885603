package gateway

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
)

// Headers of every answer, in canonical form, so that they can be set without a conversion.
const (
	// headerRequestID is ours until the relay puts the upstream's in its place.
	headerRequestID = "X-Request-Id"
	// headerOwnRequestID is always ours: the one that our log has.
	headerOwnRequestID = "X-Aiproxy-Request-Id"
	headerNode         = "X-Aiproxy-Node"
	// headerAnthropicID is where clients of Anthropic's look for the id.
	headerAnthropicID = "Request-Id"
)

// maxClientRequestID is the longest request id of a client that is logged, in bytes.
const maxClientRequestID = 128

const requestIDPrefix = "req_"

// newRequestID returns an id that no other request of any node has. It is an identifier and no secret, so the
// runtime's own generator does, which is seeded by the system and takes no lock.
func newRequestID() string {
	var raw [16]byte
	var text [len(requestIDPrefix) + 2*len(raw)]byte
	for i, word := 0, uint64(0); i < len(raw); i++ {
		if i%8 == 0 {
			word = rand.Uint64()
		}
		raw[i] = byte(word >> (i % 8 * 8))
	}
	copy(text[:], requestIDPrefix)
	hex.Encode(text[len(requestIDPrefix):], raw[:])
	return string(text[:])
}

// clientRequestID returns the id that the client gave its request, or "" when there is none of a sane form. It is
// logged beside ours to tie the two sides' logs together, and never used as ours: a client could give two requests
// the same.
func clientRequestID(r *http.Request) string {
	id := r.Header.Get(headerRequestID)
	if len(id) > maxClientRequestID {
		return ""
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return ""
		}
	}
	return id
}
