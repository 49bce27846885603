package dialect

import "strings"

// geminiSkip stands in for the signature of a call that another vendor's model has made, as Google documents it for
// histories that were moved.
const geminiSkip = "skip_thought_signature_validator"

// part appends a part of a turn that began with the client's message at. Needed tells that a call must be signed.
func (e *geminiEncoding) part(p *Part, at int, needed bool) {
	signature := p.Signature.For(VendorGoogle)
	switch p.Kind {
	case PartText, PartRefusal:
		if signature == "" {
			signature, e.signature = e.signature, ""
		}
		if p.Text != "" || signature != "" {
			e.text(p.Text, false, signature)
		}
	case PartThinking:
		if p.Text != "" && signature != "" {
			e.text(p.Text, true, signature)
		} else if signature != "" {
			e.signature = signature
		}
	case PartImage, PartAudio, PartFile:
		e.media(p.Media, at)
	case PartToolCall:
		e.call(p, signature, needed)
	case PartToolResult:
		e.result(p.Result, at)
	case PartServerCall, PartServerResult:
		e.text(ServerText(p), false, "")
	}
}

func (e *geminiEncoding) text(text string, thought bool, signature string) {
	e.w.open('{')
	e.w.str("text", text)
	if thought {
		e.w.bool("thought", true)
	}
	e.w.optStr("thoughtSignature", signature)
	e.w.close('}')
}

func (e *geminiEncoding) call(p *Part, signature string, needed bool) {
	c := p.Call
	args := c.Args
	if c.Custom {
		args = CustomArgs(c.Input)
	}
	if len(args) == 0 {
		args = []byte("{}")
	}
	if signature == "" {
		signature, e.signature = e.signature, ""
	}
	if signature == "" && needed {
		signature = geminiSkip
	}
	e.w.open('{')
	e.w.openObject("functionCall")
	e.w.optStr("id", c.ID)
	e.w.str("name", e.x.Wire(c.Ref(), geminiNames()))
	e.w.raw("args", args)
	e.w.close('}')
	e.w.optStr("thoughtSignature", signature)
	e.w.close('}')
}

func (e *geminiEncoding) result(r *ToolResult, at int) {
	ref, ok := e.names[r.CallID]
	if !ok {
		ref = ToolRef{Name: r.Name}
	}
	e.w.open('{')
	e.w.openObject("functionResponse")
	e.w.optStr("id", r.CallID)
	e.w.str("name", e.x.Wire(ref, geminiNames()))
	e.w.openObject("response")
	word := "output"
	if r.Failed {
		word = "error"
	}
	if len(r.Data) > 0 {
		e.w.raw(word, r.Data)
	} else {
		e.w.str(word, JoinText(r.Parts, "\n"))
	}
	e.w.close('}')
	if e.major >= 3 && hasMedia(r.Parts) {
		e.w.openArray("parts")
		for i := range r.Parts {
			if r.Parts[i].Media != nil {
				e.media(r.Parts[i].Media, at)
			}
		}
		e.w.close(']')
	}
	e.w.close('}')
	e.w.close('}')
}

// resultMedia appends the images and files of a turn's results after them, for models that take none within.
func (e *geminiEncoding) resultMedia(m *Message) {
	for i := range m.Parts {
		if r := m.Parts[i].Result; r != nil {
			for j := range r.Parts {
				if r.Parts[j].Media != nil {
					e.media(r.Parts[j].Media, m.At)
				}
			}
		}
	}
}

func hasMedia(parts []Part) bool {
	for i := range parts {
		if parts[i].Media != nil {
			return true
		}
	}
	return false
}

// media appends an image, a sound or a file. The gateway fetches none: who could name an address to it could make it
// read what is behind the firewall.
func (e *geminiEncoding) media(m *Media, at int) {
	switch {
	case m.Text != "":
		e.text(m.Document(), false, "")
	case m.FileID != "" && m.Vendor == VendorGoogle:
		e.fileData(m.Type, m.FileID)
	case m.FileID != "":
		e.report.RefuseAt(at, "names a file that was given to another provider; send its content instead")
	case m.Data != "" && strings.HasPrefix(m.Type, "text/"):
		plain := m.Plain()
		if plain.Text == "" && m.Data != "" {
			e.report.RefuseAt(at, "holds a file whose data is no base64")
		}
		e.text(plain.Document(), false, "")
	case m.Data != "":
		e.report.dropDetail(m)
		e.w.open('{')
		e.w.openObject("inlineData")
		e.w.str("mimeType", mediaType(m))
		e.w.str("data", m.Data)
		e.w.close('}')
		e.w.close('}')
	case strings.HasPrefix(m.URL, "https://www.youtube.com/"), strings.HasPrefix(m.URL, "https://youtu.be/"):
		e.fileData(m.Type, m.URL)
	default:
		e.report.RefuseAt(at, "holds an address, which this upstream does not fetch; send the data instead")
	}
}

func (e *geminiEncoding) fileData(kind, uri string) {
	e.w.open('{')
	e.w.openObject("fileData")
	e.w.optStr("mimeType", kind)
	e.w.str("fileUri", uri)
	e.w.close('}')
	e.w.close('}')
}
