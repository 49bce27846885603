package dialect

import "strings"

// responsesPack is the signature of a thought. OpenAI's encrypted_content is bound to the id of its item and refused
// under any other, so the id is part of the signature: clients of other dialects have no place for it of its own.
func responsesPack(origin Vendor, id, encrypted string) Signature {
	if encrypted == "" {
		return Signature{}
	}
	if strings.Contains(id, ":") {
		id = ""
	}
	return Signature{Origin: origin, Value: id + ":" + encrypted}
}

// responsesUnpack reads what responsesPack has written. A thought whose client has not kept the id has none: without
// an id the content is accepted.
func responsesUnpack(signature string) (id, encrypted string) {
	id, encrypted, ok := strings.Cut(signature, ":")
	if !ok {
		return "", signature
	}
	return id, encrypted
}

// responsesEncrypted stands before the origin of a thought of another vendor's that has no text and never had one.
const responsesEncrypted = "*"

// responsesSeal is a thought's signature as it stands in an item for a client, and the id that the item must have,
// empty for any.
func responsesSeal(p *Part) (id, encrypted string) {
	s := p.Signature
	if s.Origin == VendorOpenAI {
		return responsesUnpack(s.Value)
	}
	if p.Encrypted {
		s.Origin = responsesEncrypted + s.Origin
	}
	return "", s.Seal(VendorOpenAI)
}

// thought reads an item of reasoning. Its summary is several texts; models whose thoughts are open tell them as
// content in its place.
func (r *responsesReader) thought(v value) Part {
	p := Part{Kind: PartThinking, ID: v.get("id").text()}
	for _, name := range []string{"summary", "content"} {
		// The body has been read as a whole, so the array is well-formed.
		_ = v.get(name).elements(func(_ int, part value) error {
			if text := part.get("text").text(); text != "" {
				p.Text = joinThoughts(p.Text, text)
			}
			return nil
		})
		if p.Text != "" {
			break
		}
	}
	r.signThought(&p, v.get("encrypted_content").text())
	return p
}

// joinThoughts puts a paragraph between the texts of a summary.
func joinThoughts(a, b string) string {
	if a == "" {
		return b
	}
	return a + thoughtBreak + b
}

const thoughtBreak = "\n\n"

// signThought reads encrypted_content, in which a client may give back a signature of another vendor's.
func (r *responsesReader) signThought(p *Part, content string) {
	if r.report == nil {
		p.Signature = responsesPack(r.vendor, p.ID, content)
		p.Encrypted = p.Text == ""
		return
	}
	p.Signature = OpenSignature(content, VendorOpenAI)
	if p.Signature.Origin == VendorOpenAI {
		p.Signature = responsesPack(VendorOpenAI, p.ID, content)
		p.Encrypted = p.Text == ""
		return
	}
	if origin, ok := strings.CutPrefix(string(p.Signature.Origin), responsesEncrypted); ok {
		p.Signature.Origin, p.Encrypted = Vendor(origin), true
	}
}
