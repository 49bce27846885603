package dialect

// DecodeResponse reads a whole message.
func (c anthropic) DecodeResponse(body []byte, x *Exchange) (*Response, error) {
	v, err := openValue(body)
	if err != nil {
		return nil, err
	}
	if v.get("type").text() != "message" {
		return nil, &FieldError{Field: "type", Reason: "is not message"}
	}
	reader := anthropicReader{vendor: x.Target.Vendor}
	parts, err := reader.content(v.get("content"), "content")
	if err != nil {
		return nil, err
	}
	r := &Response{ID: v.get("id").text(), Model: v.get("model").text()}
	r.Choices = []Choice{{Parts: parts, Stop: anthropicStop(v)}}
	usage := v.get("usage")
	r.Usage, r.Counted = c.usage(usage, Usage{})
	r.ServiceTier = usage.get("service_tier").text()
	return r, nil
}

// anthropicStop reads stop_reason and what stands beside it.
func anthropicStop(v value) Stop {
	s := Stop{Sequence: v.get("stop_sequence").text(), Detail: v.get("stop_details").get("explanation").text()}
	switch v.get("stop_reason").text() {
	case "end_turn":
		s.Reason = StopEnd
	case "max_tokens":
		s.Reason = StopMaxTokens
	case "stop_sequence":
		s.Reason = StopSequence
	case "tool_use":
		s.Reason = StopToolUse
	case "pause_turn":
		s.Reason = StopPause
	case "refusal":
		s.Reason = StopRefusal
	case "model_context_window_exceeded":
		s.Reason = StopContext
	}
	return s
}

// anthropicReason is the word for a stop. Calls tells that the answer has some.
func anthropicReason(s Stop, calls bool) string {
	switch s.Reason {
	case StopMaxTokens:
		return "max_tokens"
	case StopContext:
		return "model_context_window_exceeded"
	case StopFilter, StopRefusal:
		return "refusal"
	case StopPause:
		return "pause_turn"
	}
	switch {
	case calls || s.Reason == StopToolUse:
		return "tool_use"
	case s.Reason == StopSequence && s.Sequence != "":
		return "stop_sequence"
	default:
		return "end_turn"
	}
}

// anthropicWriteStop appends the members that tell why an answer ended.
func anthropicWriteStop(w *writer, s Stop, calls bool) {
	reason := anthropicReason(s, calls)
	w.str("stop_reason", reason)
	if reason == "stop_sequence" {
		w.str("stop_sequence", s.Sequence)
	} else {
		w.null("stop_sequence")
	}
	if reason == "refusal" && s.Detail != "" {
		w.openObject("stop_details")
		w.str("type", "refusal")
		w.null("category")
		w.str("explanation", s.Detail)
		w.close('}')
	}
}

// EncodeResponse appends a whole message. Of several answers it is the first: requests of this dialect ask for one.
func (c anthropic) EncodeResponse(dst []byte, r *Response, x *Exchange) []byte {
	w := writer{buf: dst}
	var choice Choice
	if len(r.Choices) > 0 {
		choice = r.Choices[0]
	}
	w.open('{')
	anthropicWriteHead(&w, r.ID, x)
	w.openArray("content")
	calls := false
	for i := range choice.Parts {
		calls = calls || choice.Parts[i].Kind == PartToolCall
		anthropicWriteBlock(&w, &choice.Parts[i], x.Target.Vendor)
	}
	w.close(']')
	anthropicWriteStop(&w, choice.Stop, calls)
	c.writeUsage(&w, &r.Usage, anthropicTier(r.ServiceTier))
	w.close('}')
	return w.buf
}

// anthropicWriteHead appends what a message begins with. The model is the one that the client has asked for, which is
// what it compares with.
func anthropicWriteHead(w *writer, id string, x *Exchange) {
	if id == "" {
		id = x.MintID("msg", 0)
	}
	w.str("id", id)
	w.str("type", "message")
	w.str("role", "assistant")
	w.str("model", x.Request.Model)
}

// anthropicTier is a service tier that clients of the dialect know, empty for those of others.
func anthropicTier(tier string) string {
	switch tier {
	case "standard", "priority", "batch":
		return tier
	default:
		return ""
	}
}

// anthropicWriteBlock appends a part of an answer of the vendor's.
func anthropicWriteBlock(w *writer, p *Part, v Vendor) {
	switch p.Kind {
	case PartServerCall:
		anthropicWriteServerCall(w, p.ServerCall, anthropicInput(p.ServerCall))
		return
	case PartServerResult:
		anthropicWriteServerResult(w, p.ServerResult)
		return
	case PartToolResult:
		return // Never part of an answer.
	}
	w.open('{')
	switch p.Kind {
	case PartThinking:
		if p.Encrypted {
			w.str("type", "redacted_thinking")
			w.str("data", p.Signature.Seal(VendorAnthropic))
		} else {
			w.str("type", "thinking")
			w.str("thinking", p.Text)
			w.str("signature", anthropicSignature(p.Signature, v))
		}
	case PartToolCall:
		anthropicWriteCall(w, p, p.Call.Args)
	default:
		w.str("type", "text")
		w.str("text", anthropicText(p))
		if len(p.Citations) > 0 {
			w.openArray("citations")
			for i := range p.Citations {
				anthropicWriteCitation(w, &p.Citations[i])
			}
			w.close(']')
		}
	}
	w.close('}')
}

// anthropicSignature is what stands for the signature of a vendor's thought.
func anthropicSignature(s Signature, v Vendor) string {
	if s.Empty() && v != VendorAnthropic {
		return Unsigned(v)
	}
	return s.Seal(VendorAnthropic)
}

// anthropicText is a part of an answer as text: messages have no other place for images and sounds.
func anthropicText(p *Part) string {
	if p.Media != nil {
		return anthropicLink(p.Media)
	}
	return p.Text
}

// anthropicWriteCall appends the members of a call. A signature on the call itself, as Gemini has them, travels in its
// id, which is the only thing that clients surely return.
func anthropicWriteCall(w *writer, p *Part, args []byte) {
	if len(args) == 0 {
		args = []byte("{}")
	}
	w.str("type", "tool_use")
	w.str("id", CarryID(LegalID(p.Call.ID, 0), p.Signature, false))
	w.str("name", p.Call.Name)
	w.raw("input", args)
}

// anthropicWriteCitation appends a citation: Anthropic's own as it came, others as places in the web.
func anthropicWriteCitation(w *writer, c *Citation) {
	if c.Vendor == VendorAnthropic && len(c.Raw) > 0 {
		w.comma()
		w.buf = append(w.buf, c.Raw...)
		return
	}
	w.open('{')
	w.str("type", "web_search_result_location")
	w.str("url", c.URL)
	w.str("title", c.Title)
	w.str("encrypted_index", "")
	w.str("cited_text", c.Quoted)
	w.close('}')
}
