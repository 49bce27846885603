package dialect

// anthropicEncoder writes a streamed message. Stop reason and usage are told in one event, so it holds the reason back
// until the stream's end.
type anthropicEncoder struct {
	c anthropic
	x *Exchange
	// data is the event being written, used again for each.
	data []byte

	// index is that of the open block, -1 before the first, and kind its kind.
	index  int
	kind   PartKind
	signed bool
	calls  bool
	stop   Stop
	usage  Usage
	tier   string
}

// NewEncoder returns an encoder for a streamed message.
func (anthropic) NewEncoder(x *Exchange) Encoder {
	return &anthropicEncoder{x: x, index: -1}
}

// ContentType is that of server-sent events.
func (e *anthropicEncoder) ContentType() string { return "text/event-stream" }

// KeepAlive appends a ping.
func (e *anthropicEncoder) KeepAlive(dst []byte) []byte {
	return append(dst, "event: ping\ndata: {\"type\":\"ping\"}\n\n"...)
}

// Encode appends what tells the event. Messages are one answer: others are not told.
func (e *anthropicEncoder) Encode(dst []byte, ev *Event) []byte {
	if ev.Counted {
		e.usage = ev.Usage
	}
	if ev.Choice > 0 {
		return dst
	}
	switch ev.Kind {
	case EventStart:
		return e.start(dst, ev)
	case EventBlock:
		return e.block(dst, ev.Part)
	case EventDelta:
		return e.delta(dst, ev.Text)
	case EventSignature:
		return e.signature(dst, ev.Signature)
	case EventCitation:
		return e.citation(dst, ev.Citation)
	case EventBlockEnd:
		if v := e.x.Target.Vendor; e.kind == PartThinking && !e.signed && v != VendorAnthropic {
			dst = e.fragment(dst, "signature_delta", "signature", []byte(Unsigned(v)))
		}
		return e.frame(dst, "content_block_stop", func(w *writer) { w.int("index", int64(e.index)) })
	case EventFinish:
		e.stop = ev.Stop
	case EventPing:
		return e.KeepAlive(dst)
	case EventError:
		return append(dst, e.c.encodeStreamError(ev.Err)...)
	case EventEnd:
		return e.end(dst)
	case EventUsage:
	}
	return dst
}

// frame appends an event of that type, whose other members write appends.
func (e *anthropicEncoder) frame(dst []byte, name string, write func(*writer)) []byte {
	w := writer{buf: e.data[:0]}
	w.open('{')
	w.str("type", name)
	write(&w)
	w.close('}')
	e.data = w.buf
	return appendFrame(dst, name, w.buf)
}

// start appends message_start. Clients show its input tokens at once, so where the upstream tells them later it has an
// estimate; the true number follows in message_delta.
func (e *anthropicEncoder) start(dst []byte, ev *Event) []byte {
	usage := ev.Usage
	if usage.Input == 0 {
		usage.Input = EstimateTokens(e.x.Request)
	}
	e.tier = anthropicTier(ev.ServiceTier)
	return e.frame(dst, "message_start", func(w *writer) {
		w.openObject("message")
		anthropicWriteHead(w, ev.ID, e.x)
		w.openArray("content")
		w.close(']')
		w.null("stop_reason")
		w.null("stop_sequence")
		e.c.writeUsage(w, &usage, e.tier)
		w.close('}')
	})
}

func (e *anthropicEncoder) block(dst []byte, p *Part) []byte {
	e.index++
	e.kind, e.signed = p.Kind, p.Encrypted || !p.Signature.Empty()
	e.calls = e.calls || p.Kind == PartToolCall
	dst = e.frame(dst, "content_block_start", func(w *writer) {
		w.int("index", int64(e.index))
		w.key("content_block")
		if p.Kind == PartServerCall {
			anthropicWriteServerCall(w, p.ServerCall, nil)
			return
		}
		opened := *p
		opened.Media = nil                               // Its link is long, and a delta by right.
		anthropicWriteBlock(w, &opened, VendorAnthropic) // A signature comes at the end.
	})
	switch {
	case p.Kind == PartServerCall:
		return e.fragment(dst, "input_json_delta", "partial_json", anthropicInput(p.ServerCall))
	case p.Media != nil:
		return e.fragment(dst, "text_delta", "text", []byte(anthropicLink(p.Media)))
	default:
		return dst
	}
}

func (e *anthropicEncoder) delta(dst, text []byte) []byte {
	switch e.kind {
	case PartThinking:
		return e.fragment(dst, "thinking_delta", "thinking", text)
	case PartToolCall:
		return e.fragment(dst, "input_json_delta", "partial_json", text)
	default:
		return e.fragment(dst, "text_delta", "text", text)
	}
}

// fragment appends a delta in one pass: it is most of what a stream is.
func (e *anthropicEncoder) fragment(dst []byte, kind, member string, text []byte) []byte {
	w := writer{buf: append(dst, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\""...)}
	w.int("index", int64(e.index))
	w.openObject("delta")
	w.str("type", kind)
	w.bytes(member, text)
	w.close('}')
	w.close('}')
	return append(w.buf, "\n\n"...)
}

func (e *anthropicEncoder) signature(dst []byte, s Signature) []byte {
	if e.kind != PartThinking {
		return dst
	}
	e.signed = true
	return e.fragment(dst, "signature_delta", "signature", []byte(s.Seal(VendorAnthropic)))
}

func (e *anthropicEncoder) citation(dst []byte, c *Citation) []byte {
	if e.kind != PartText {
		return dst
	}
	return e.frame(dst, "content_block_delta", func(w *writer) {
		w.int("index", int64(e.index))
		w.openObject("delta")
		w.str("type", "citations_delta")
		w.key("citation")
		anthropicWriteCitation(w, c)
		w.close('}')
	})
}

func (e *anthropicEncoder) end(dst []byte) []byte {
	dst = e.frame(dst, "message_delta", func(w *writer) {
		w.openObject("delta")
		anthropicWriteStop(w, e.stop, e.calls)
		w.close('}')
		e.c.writeUsage(w, &e.usage, "")
	})
	return e.frame(dst, "message_stop", func(*writer) {})
}
