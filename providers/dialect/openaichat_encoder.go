package dialect

// chatEncoder writes the chunks of OpenAI Chat. The parts that all chunks have in common are written once.
type chatEncoder struct {
	x       *Exchange
	codec   openAIChat
	head    []byte // up to the index of the choice
	tail    []byte // after the choice
	choices []chatWritten
}

// chatWritten is one choice of a stream.
type chatWritten struct {
	begun  bool
	kind   PartKind
	custom bool
	calls  int
	// bare tells that the open call has had no arguments yet.
	bare    bool
	carried chatCarried
}

// NewEncoder implements Codec.
func (c openAIChat) NewEncoder(x *Exchange) Encoder { return &chatEncoder{x: x, codec: c} }

// ContentType implements Encoder.
func (*chatEncoder) ContentType() string { return "text/event-stream" }

// KeepAlive implements Encoder.
func (*chatEncoder) KeepAlive(dst []byte) []byte { return append(dst, ": keep-alive\n\n"...) }

// Encode implements Encoder.
func (e *chatEncoder) Encode(dst []byte, ev *Event) []byte {
	switch ev.Kind {
	case EventStart:
		e.begin(ev)
		return e.role(dst, 0)
	case EventBlock:
		return e.block(dst, ev)
	case EventDelta:
		return e.delta(dst, ev)
	case EventSignature:
		if c := e.choice(ev.Choice); c.kind == PartThinking {
			c.carried = chatCarried{signature: ev.Signature}
		}
		return dst
	case EventCitation:
		w := e.open(dst, ev.Choice)
		w.openArray("annotations")
		chatWriteCitation(&w, ev.Citation)
		w.close(']')
		return e.close(&w, nil)
	case EventFinish:
		w := e.open(e.role(dst, ev.Choice), ev.Choice)
		c := e.choice(ev.Choice)
		w.buf = append(w.buf, `},"finish_reason":"`...)
		w.buf = append(w.buf, chatFinish(ev.Stop.Reason, c.calls > 0)...)
		w.buf = append(w.buf, '"')
		w.buf = append(w.buf, e.tail...)
		return w.buf
	case EventBlockEnd:
		return e.blockEnd(dst, ev)
	case EventEnd:
		return e.end(dst, ev)
	case EventError:
		return append(dst, e.codec.encodeStreamError(ev.Err)...)
	default: // usage and pings are not told
		return dst
	}
}

// begin writes what all chunks have in common.
func (e *chatEncoder) begin(ev *Event) {
	w := writer{append(make([]byte, 0, 192), "data: "...)}
	w.open('{')
	w.str("id", chatAnswerID(ev.ID, e.x))
	w.str("object", "chat.completion.chunk")
	w.int("created", chatCreated(ev.Created, e.x))
	w.str("model", chatModel(ev.Model, e.x))
	w.optStr("service_tier", chatTier(ev.ServiceTier))
	w.optStr("system_fingerprint", ev.Fingerprint)
	w.openArray("choices")
	e.head = w.buf
	e.tail = append(e.tail, "}]"...)
	if e.x.Request.IncludeUsage {
		e.tail = append(e.tail, `,"usage":null`...)
	}
	e.tail = append(e.tail, "}\n\n"...)
}

func (e *chatEncoder) choice(index int) *chatWritten {
	for len(e.choices) <= index {
		e.choices = append(e.choices, chatWritten{})
	}
	return &e.choices[index]
}

// open begins a chunk, up to the beginning of its delta.
func (e *chatEncoder) open(dst []byte, choice int) writer {
	w := writer{append(dst, e.head...)}
	w.buf = append(w.buf, '{')
	w.int("index", int64(choice))
	w.buf = append(w.buf, `,"delta":{`...)
	return w
}

// close ends a chunk after its delta.
func (e *chatEncoder) close(w *writer, probs []LogProb) []byte {
	w.close('}')
	if len(probs) > 0 {
		chatWriteLogProbs(w, probs)
	}
	w.buf = append(w.buf, `,"finish_reason":null`...)
	return append(w.buf, e.tail...)
}

// role writes the first chunk of a choice.
func (e *chatEncoder) role(dst []byte, index int) []byte {
	c := e.choice(index)
	if c.begun {
		return dst
	}
	c.begun = true
	w := e.open(dst, index)
	w.buf = append(w.buf, `"role":"assistant","content":""`...)
	return e.close(&w, nil)
}

// block notes what the deltas to come are, and opens a call.
func (e *chatEncoder) block(dst []byte, ev *Event) []byte {
	dst = e.role(dst, ev.Choice)
	c := e.choice(ev.Choice)
	c.kind = ev.Part.Kind
	c.carried.see(ev.Part)
	if c.kind != PartToolCall {
		return dst
	}
	call := ev.Part.Call
	c.custom, c.bare = call.Custom, !call.Custom
	w := e.open(dst, ev.Choice)
	w.openArray("tool_calls")
	w.open('{')
	w.int("index", int64(c.calls))
	w.str("id", c.carried.id(ev.Part))
	chatWriteCall(&w, call, false)
	w.buf = append(w.buf, "}]"...)
	c.calls++
	return e.close(&w, nil)
}

// blockEnd gives a call that had no arguments an empty object: clients parse what they have gathered, and nothing at
// all is no JSON.
func (e *chatEncoder) blockEnd(dst []byte, ev *Event) []byte {
	if c := e.choice(ev.Choice); c.kind != PartToolCall || !c.bare {
		return dst
	}
	return e.delta(dst, &Event{Choice: ev.Choice, Text: []byte("{}")})
}

func (e *chatEncoder) delta(dst []byte, ev *Event) []byte {
	c := e.choice(ev.Choice)
	w := e.open(dst, ev.Choice)
	switch c.kind {
	case PartText:
		w.bytes("content", ev.Text)
	case PartThinking:
		w.bytes("reasoning_content", ev.Text)
	case PartRefusal:
		w.bytes("refusal", ev.Text)
	case PartToolCall:
		c.bare = false
		w.openArray("tool_calls")
		w.open('{')
		w.int("index", int64(c.calls-1))
		if c.custom {
			w.openObject("custom")
			w.bytes("input", ev.Text)
		} else {
			w.openObject("function")
			w.bytes("arguments", ev.Text)
		}
		w.buf = append(w.buf, "}}]"...)
	default:
		return dst
	}
	return e.close(&w, ev.LogProbs)
}

// end writes the usage, for clients that have asked for it, and the end mark.
func (e *chatEncoder) end(dst []byte, ev *Event) []byte {
	if e.x.Request.IncludeUsage && ev.Counted {
		w := writer{append(dst, e.head...)}
		w.close(']')
		chatWriteUsage(&w, &ev.Usage)
		w.buf = append(w.buf, "}\n\n"...)
		dst = w.buf
	}
	return append(dst, "data: [DONE]\n\n"...)
}
