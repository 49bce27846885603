package dialect

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// Signature is an opaque text by which a vendor recognizes what its model has thought: Anthropic's signature and
// redacted data, Gemini's thoughtSignature, OpenAI's encrypted_content. Only its Origin can read it, so an encoder
// sends it to no other vendor; and Value must come back byte for byte.
//
// A client keeps the signature for the gateway, so that the next turn can be served by any node. Where the client's
// dialect has a place for signatures of its own, Seal writes one of another vendor there; where it has none, CarryID
// hides it in the id of a call, which every client returns.
type Signature struct {
	Origin Vendor
	Value  string
}

// Empty tells whether there is no signature.
func (s Signature) Empty() bool { return s.Value == "" }

// For returns the signature's value for an upstream of the vendor, empty if it is not the vendor's.
func (s Signature) For(v Vendor) string {
	if s.Origin == v {
		return s.Value
	}
	return ""
}

// sealMark begins what Seal writes. It is no base64, so that no vendor's own signature can begin with it.
const sealMark = "aiproxy.1."

// Seal returns the signature as it stands in the place that the client's dialect has for those of the vendor own: as
// it is if it is own's, marked with its origin if it is another vendor's.
func (s Signature) Seal(own Vendor) string {
	if s.Empty() || s.Origin == own {
		return s.Value
	}
	return sealMark + string(s.Origin) + "." + s.Value
}

// Unsigned stands in the place for a signature of a thought that the vendor's model has not signed. The upstreams of
// the vendor whose place it is refuse a thought with an empty signature, and Carries finds this one.
func Unsigned(v Vendor) string { return sealMark + string(v) + "." }

// OpenSignature reads what Seal has written: own is the vendor of signatures without a mark.
func OpenSignature(text string, own Vendor) Signature {
	if text == "" {
		return Signature{}
	}
	if rest, ok := strings.CutPrefix(text, sealMark); ok {
		if origin, value, ok := strings.Cut(rest, "."); ok && value == "" {
			return Signature{}
		} else if ok {
			return Signature{Origin: Vendor(origin), Value: value}
		}
	}
	return Signature{Origin: own, Value: text}
}

// The marks within the id of a call: what follows is a vendor's letter and the signature. After idMarkText it is the
// text of the signature in URL-safe base64, after idMarkBytes the signature is itself base64 and only its alphabet has
// been changed.
const (
	idMarkText  = "_aiproxy1t"
	idMarkBytes = "_aiproxy1b"
)

// CarryID returns the id with the signature in it, of letters, digits, '_' and '-' only if the id is. Encrypted is
// that of the thought, see Part.
func CarryID(id string, s Signature, encrypted bool) string {
	letter := originLetter(s.Origin)
	if s.Empty() || letter == 0 {
		return id
	}
	if encrypted {
		letter -= 'a' - 'A'
	}
	if raw, err := base64.StdEncoding.Strict().DecodeString(s.Value); err == nil && base64.StdEncoding.EncodeToString(raw) == s.Value {
		return id + idMarkBytes + string(letter) + base64.RawURLEncoding.EncodeToString(raw)
	}
	return id + idMarkText + string(letter) + base64.RawURLEncoding.EncodeToString([]byte(s.Value))
}

// OpenID reads what CarryID has written: the id as the upstream gave it, and the signature, if one is in it.
func OpenID(carried string) (id string, s Signature, encrypted bool) {
	at, isBytes := strings.LastIndex(carried, idMarkText), false
	if b := strings.LastIndex(carried, idMarkBytes); b > at {
		at, isBytes = b, true
	}
	if at < 0 {
		return carried, Signature{}, false
	}
	rest := carried[at+len(idMarkText):]
	if rest == "" {
		return carried, Signature{}, false
	}
	letter := rest[0]
	if encrypted = letter < 'a'; encrypted {
		letter += 'a' - 'A'
	}
	origin := letterOrigin(letter)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(rest[1:])
	if err != nil || origin == "" || len(raw) == 0 {
		return carried, Signature{}, false
	}
	if isBytes {
		return carried[:at], Signature{Origin: origin, Value: base64.StdEncoding.EncodeToString(raw)}, encrypted
	}
	return carried[:at], Signature{Origin: origin, Value: string(raw)}, encrypted
}

func originLetter(v Vendor) byte {
	switch v {
	case VendorOpenAI:
		return 'o'
	case VendorAnthropic:
		return 'a'
	case VendorGoogle:
		return 'g'
	case VendorKiro:
		return 'k'
	case VendorQwen:
		return 'q'
	default:
		return 0
	}
}

func letterOrigin(letter byte) Vendor {
	for _, v := range []Vendor{VendorOpenAI, VendorAnthropic, VendorGoogle, VendorKiro, VendorQwen} {
		if originLetter(v) == letter {
			return v
		}
	}
	return ""
}

// Carries tells whether a request's body holds a signature that the gateway has hidden there for another vendor. Such
// a body must be decoded and encoded anew even for an upstream of its own dialect.
func Carries(body []byte) bool {
	if bytes.Contains(body, []byte(geminiSealMark)) {
		return true
	}
	for {
		i := bytes.Index(body, []byte(carriedWord))
		if i < 0 {
			return false
		}
		if rest := body[i+len(carriedWord):]; bytes.HasPrefix(rest, []byte(".1.")) || bytes.HasPrefix(rest, []byte("1t")) || bytes.HasPrefix(rest, []byte("1b")) {
			return true
		}
		body = body[i+len(carriedWord):]
	}
}

// carriedWord is in all marks.
const carriedWord = "aiproxy"
