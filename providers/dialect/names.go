package dialect

import (
	"crypto/sha256"
	"encoding/hex"
)

// NameRule says which names of tools a dialect accepts.
type NameRule struct {
	// Longest is in bytes. 0 stands for 64.
	Longest int
	// Dots tells that '.' and ':' may be within a name, Letter that it must begin with a letter or '_'.
	Dots, Letter bool
	// Reserved names are refused by the upstream.
	Reserved []string
}

// hashLength is the number of hexadecimal digits that keep shortened names apart.
const hashLength = 10

// apply makes a name legal: a legal one stays as it is, any other one gets a hash of the original at its end, so that
// the same name always becomes the same and different ones stay different.
func (r NameRule) apply(name string) string {
	longest := r.Longest
	if longest == 0 {
		longest = 64
	}
	legal := len(name) <= longest && name != ""
	out := make([]byte, 0, len(name)+hashLength+2)
	for i := range len(name) {
		c := name[i]
		switch {
		case isWord(c), c == '-', r.Dots && (c == '.' || c == ':'):
		default:
			c, legal = '_', false
		}
		if i == 0 && r.Letter && (c >= '0' && c <= '9' || c == '-' || c == '.' || c == ':') {
			out, legal = append(out, '_'), false
		}
		out = append(out, c)
	}
	for _, reserved := range r.Reserved {
		legal = legal && name != reserved
	}
	if legal {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	out = out[:min(len(out), longest-hashLength-1)]
	return string(out) + "_" + hex.EncodeToString(sum[:])[:hashLength]
}

// LegalID makes the id of a call fit for dialects that allow letters, digits, '_' and '-' only, up to longest bytes
// (0 for any length). It depends on nothing but the id, so that a call and its result stay together.
func LegalID(id string, longest int) string {
	if longest == 0 {
		longest = len(id)
	}
	legal := id != "" && len(id) <= longest
	for i := 0; i < len(id) && legal; i++ {
		legal = isWord(id[i]) || id[i] == '-'
	}
	if legal {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "call_" + hex.EncodeToString(sum[:12])
}

// plainID leaves of an id what is legal everywhere.
func plainID(id string) string {
	out := make([]byte, 0, len(id))
	for i := range len(id) {
		if isWord(id[i]) {
			out = append(out, id[i])
		}
	}
	return string(out)
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
