package dialect

import (
	"encoding/base64"
	"strings"
)

// geminiSealMark is what sealMark begins with, in base64: a signature is bytes to Gemini's clients, and some refuse
// one that is not base64.
const geminiSealMark = "YWlwcm94eS4x"

// geminiEncrypted stands before the origin of a thought that has no text.
const geminiEncrypted = "*"

// geminiSeal is the signature as it stands in thoughtSignature: Google's own as it is, others' marked and in base64.
func geminiSeal(p *Part) string {
	s := p.Signature
	if s.Empty() || s.Origin == VendorGoogle {
		return s.Value
	}
	if p.Encrypted {
		s.Origin = geminiEncrypted + s.Origin
	}
	return base64.StdEncoding.EncodeToString([]byte(s.Seal(VendorGoogle)))
}

// geminiOpen reads what geminiSeal has written into the part.
func geminiOpen(p *Part, text string) {
	p.Signature = Signature{Origin: VendorGoogle, Value: text}
	if text == "" {
		p.Signature = Signature{}
	}
	if !strings.HasPrefix(text, geminiSealMark) {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return
	}
	p.Signature = OpenSignature(string(raw), VendorGoogle)
	if origin, ok := strings.CutPrefix(string(p.Signature.Origin), geminiEncrypted); ok {
		p.Signature.Origin, p.Encrypted = Vendor(origin), true
	}
}
