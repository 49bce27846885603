package dialect

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// writePart appends a part of a turn that began with the client's message at.
func (e *anthropicEncoding) writePart(p *Part, at int) {
	switch p.Kind {
	case PartText, PartRefusal:
		e.writeText(p, p.Text)
	case PartThinking:
		e.writeThought(p)
	case PartImage, PartFile, PartAudio:
		e.writeMedia(p, at)
	case PartToolCall:
		e.writeCall(p)
	case PartToolResult:
		e.writeResult(p, at)
	case PartServerCall:
		e.writeServerCall(p)
	case PartServerResult:
		e.writeServerResult(p)
	}
}

// writeText leaves out what is empty or white space only, which Anthropic refuses.
func (e *anthropicEncoding) writeText(p *Part, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	e.w.open('{')
	e.w.str("type", "text")
	e.w.str("text", text)
	e.writeCache(p.Cache)
	e.w.close('}')
}

// writeThought leaves out thoughts without a signature of the upstream's vendor: they would be refused.
func (e *anthropicEncoding) writeThought(p *Part) {
	signature := p.Signature.For(e.x.Target.Vendor)
	if signature == "" {
		return
	}
	e.w.open('{')
	if p.Encrypted {
		e.w.str("type", "redacted_thinking")
		e.w.str("data", signature)
	} else {
		e.w.str("type", "thinking")
		e.w.str("thinking", p.Text)
		e.w.str("signature", signature)
	}
	e.w.close('}')
}

func (e *anthropicEncoding) writeCall(p *Part) {
	args := p.Call.Args
	if p.Call.Custom {
		args = CustomArgs(p.Call.Input)
	}
	if len(args) == 0 {
		args = []byte("{}")
	}
	e.w.open('{')
	e.w.str("type", "tool_use")
	e.w.str("id", LegalID(p.Call.ID, 0))
	e.w.str("name", e.x.Wire(p.Call.Ref(), NameRule{}))
	e.w.raw("input", args)
	e.writeCache(p.Cache)
	e.w.close('}')
}

func (e *anthropicEncoding) writeResult(p *Part, at int) {
	e.w.open('{')
	e.w.str("type", "tool_result")
	e.w.str("tool_use_id", LegalID(p.Result.CallID, 0))
	if len(p.Result.Data) > 0 {
		e.w.str("content", string(p.Result.Data))
	} else if len(p.Result.Parts) > 0 {
		e.w.openArray("content")
		for i := range p.Result.Parts {
			e.writePart(&p.Result.Parts[i], at)
		}
		e.w.close(']')
	}
	if p.Result.Failed {
		e.w.bool("is_error", true)
	}
	e.writeCache(p.Cache)
	e.w.close('}')
}

func (e *anthropicEncoding) writeCache(mark *CacheMark) {
	if mark == nil {
		return
	}
	e.w.openObject("cache_control")
	e.w.str("type", "ephemeral")
	e.w.optStr("ttl", mark.TTL)
	e.w.close('}')
}

// writeMedia appends an image or a document, and refuses what is neither.
func (e *anthropicEncoding) writeMedia(p *Part, at int) {
	m := p.Media
	kind, reason := anthropicMedia(p, e.x.Target.Vendor)
	if reason != "" {
		e.report.RefuseAt(at, reason)
		return
	}
	e.report.dropDetail(m)
	e.w.open('{')
	e.w.str("type", kind)
	e.w.openObject("source")
	switch {
	case m.Text != "":
		e.w.str("type", "text")
		e.w.str("media_type", "text/plain")
		e.w.str("data", m.Text)
	case m.FileID != "":
		e.w.str("type", "file")
		e.w.str("file_id", m.FileID)
	case m.URL != "":
		e.w.str("type", "url")
		e.w.str("url", m.URL)
	case strings.HasPrefix(m.Type, "text/"):
		text, err := base64.StdEncoding.DecodeString(m.Data)
		if err != nil {
			e.report.RefuseAt(at, "holds a file whose data is no base64")
		}
		e.w.str("type", "text")
		e.w.str("media_type", "text/plain")
		e.w.bytes("data", text)
	default:
		e.w.str("type", "base64")
		e.w.str("media_type", mediaType(m))
		e.w.str("data", m.Data)
	}
	e.w.close('}')
	if kind == "document" {
		e.w.optStr("title", m.Name)
		e.w.optStr("context", m.Context)
		if m.Cite {
			e.w.openObject("citations")
			e.w.bool("enabled", true)
			e.w.close('}')
		}
	}
	e.writeCache(p.Cache)
	e.w.close('}')
}

// anthropicMedia tells the type of block that holds a part, or why there is none.
func anthropicMedia(p *Part, vendor Vendor) (kind, reason string) {
	m := p.Media
	if m.FileID != "" && m.Vendor != vendor {
		return "", "names a file that was given to another provider; send its content instead"
	}
	if p.Kind == PartAudio {
		return "", "holds audio, which this upstream does not take"
	}
	if m.Text != "" {
		return "document", ""
	}
	if p.Kind == PartImage {
		if m.Data == "" {
			return "image", ""
		}
		switch t := mediaType(m); t {
		case "image/png", "image/jpeg", "image/gif", "image/webp":
			return "image", ""
		default:
			return "", "holds an image of type " + t + ": this upstream takes png, jpeg, gif and webp"
		}
	}
	if m.Data == "" || strings.HasPrefix(m.Type, "text/") || mediaType(m) == "application/pdf" {
		return "document", ""
	}
	if strings.HasPrefix(mediaType(m), "image/") {
		return anthropicMedia(&Part{Kind: PartImage, Media: m}, vendor)
	}
	return "", "holds a file of type " + mediaType(m) + ": this upstream takes PDF and text"
}

// mediaType is the type that the data of an image or a PDF has by its first bytes, because upstreams compare them, or
// else the one that was said: what else first bytes tell is vaguer, or another word for the same type.
func mediaType(m *Media) string {
	head := m.Data[:min(len(m.Data), 1024)]
	raw, err := base64.StdEncoding.DecodeString(head[:len(head)/4*4])
	if err == nil && len(raw) > 0 {
		if sniffed, _, _ := strings.Cut(http.DetectContentType(raw), ";"); strings.HasPrefix(sniffed, "image/") || sniffed == "application/pdf" {
			return sniffed
		}
	}
	return m.Type
}

// writeServerCall appends the use of a server tool if its result can follow, which proves itself to Anthropic only.
func (e *anthropicEncoding) writeServerCall(p *Part) {
	call := p.ServerCall
	if e.x.Target.Vendor != VendorAnthropic || !strings.HasPrefix(call.ID, anthropicServerPrefix) {
		return
	}
	anthropicWriteServerCall(&e.w, call, call.Input)
}

// writeServerResult appends what a server tool has yielded: to the vendor that ran it as its own block, to others as
// text, because the model must still know what it has read.
func (e *anthropicEncoding) writeServerResult(p *Part) {
	r := p.ServerResult
	own := e.x.Target.Vendor == VendorAnthropic && strings.HasPrefix(r.CallID, anthropicServerPrefix)
	for i := range r.Sources {
		own = own && r.Sources[i].Encrypted.For(VendorAnthropic) != ""
	}
	if own {
		anthropicWriteServerResult(&e.w, r)
		return
	}
	e.writeText(&Part{}, ServerText(p))
}
