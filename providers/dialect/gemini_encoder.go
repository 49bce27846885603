package dialect

import "encoding/json"

// geminiEncoder writes a streamed answer: server-sent events without names, or the elements of a JSON array. Calls are
// whole in this dialect, so their arguments are collected; the reason of the end waits for the usage.
type geminiEncoder struct {
	c       gemini
	x       *Exchange
	id      string
	choices []geminiWritten
	usage   Usage
	counted bool
	// data is the chunk being written, used again for each.
	data []byte
	// chunks counts those written, for the array's commas.
	chunks int
}

// geminiWritten is a candidate while it is written.
type geminiWritten struct {
	kind PartKind
	// call is the one that is open, or was closed with arguments that are no JSON: broken.
	call   *Part
	args   []byte
	broken bool
	stop   Stop
	found  geminiFound
}

// NewEncoder returns an encoder for a streamed answer.
func (gemini) NewEncoder(x *Exchange) Encoder { return &geminiEncoder{x: x} }

// ContentType is that of the form which the client has asked for.
func (e *geminiEncoder) ContentType() string {
	if e.x.JSONArray {
		return "application/json"
	}
	return "text/event-stream"
}

// KeepAlive appends an empty event, or white space between two elements. Google's Go client breaks off at a comment,
// legal as it is.
func (e *geminiEncoder) KeepAlive(dst []byte) []byte {
	if e.x.JSONArray {
		return append(dst, '\n')
	}
	return append(dst, "\n\n"...)
}

// Encode appends what tells the event.
func (e *geminiEncoder) Encode(dst []byte, ev *Event) []byte {
	if ev.Counted {
		e.usage, e.counted = ev.Usage, true
	}
	for len(e.choices) <= ev.Choice {
		e.choices = append(e.choices, geminiWritten{})
	}
	choice := &e.choices[ev.Choice]
	switch ev.Kind {
	case EventStart:
		e.id = ev.ID
	case EventBlock:
		return e.block(dst, ev, choice)
	case EventDelta:
		if choice.call != nil {
			choice.args = append(choice.args, ev.Text...)
			return dst
		}
		return e.text(dst, ev.Choice, choice.kind, ev.Text)
	case EventSignature:
		signed := Part{Kind: choice.kind, Signature: ev.Signature}
		return e.part(dst, ev.Choice, &signed)
	case EventCitation:
		choice.found.cite(ev.Citation, "")
	case EventBlockEnd:
		if choice.broken = choice.call != nil && len(choice.args) > 0 && !json.Valid(choice.args); !choice.broken {
			return e.called(dst, ev.Choice, choice)
		}
	case EventFinish:
		choice.stop = ev.Stop
		return e.unfinished(dst, ev, choice)
	case EventPing:
		return e.KeepAlive(dst)
	case EventError:
		dst = e.chunk(dst, e.c.encodeError(ev.Err))
		return e.finish(dst)
	case EventEnd:
		return e.end(dst)
	case EventUsage:
	}
	return dst
}

func (e *geminiEncoder) block(dst []byte, ev *Event, choice *geminiWritten) []byte {
	dst = e.unfinished(dst, ev, choice)
	p := ev.Part
	choice.kind = p.Kind
	choice.found.add(p)
	switch {
	case p.Kind == PartToolCall:
		held, call := *p, *p.Call
		held.Call = &call
		choice.call, choice.args = &held, choice.args[:0]
		return dst
	case p.Kind == PartText, p.Kind == PartRefusal, p.Kind == PartThinking && !p.Encrypted:
		return dst
	default:
		return e.part(dst, ev.Choice, p)
	}
}

// called appends the call that has ended.
func (e *geminiEncoder) called(dst []byte, index int, choice *geminiWritten) []byte {
	p := choice.call
	if p == nil {
		return dst
	}
	p.Call.Args = Arguments(string(choice.args))
	choice.call, choice.broken = nil, false
	return e.part(dst, index, p)
}

// unfinished appends a call whose arguments are no JSON, unless the bound of the answer has cut them: then there was
// no call yet, and a client must not run what is left of it.
func (e *geminiEncoder) unfinished(dst []byte, ev *Event, choice *geminiWritten) []byte {
	if !choice.broken {
		return dst
	}
	if ev.Kind == EventFinish && ev.Stop.Reason == StopMaxTokens {
		choice.call, choice.broken = nil, false
		return dst
	}
	return e.called(dst, ev.Choice, choice)
}

// text appends a chunk with a fragment of a text or a thought.
func (e *geminiEncoder) text(dst []byte, index int, kind PartKind, text []byte) []byte {
	w := e.open()
	w.open('{')
	w.bytes("text", text)
	if kind == PartThinking {
		w.bool("thought", true)
	}
	w.close('}')
	return e.close(dst, w, index)
}

// part appends a chunk with a whole part.
func (e *geminiEncoder) part(dst []byte, index int, p *Part) []byte {
	w := e.open()
	before := len(w.buf)
	geminiWritePart(w, p)
	if len(w.buf) == before {
		return dst // It stands beside the content, at the end.
	}
	return e.close(dst, w, index)
}

// open begins a chunk of a candidate, close ends it.
func (e *geminiEncoder) open() *writer {
	w := &writer{buf: e.data[:0]}
	w.open('{')
	w.openArray("candidates")
	w.open('{')
	w.openObject("content")
	w.openArray("parts")
	return w
}

func (e *geminiEncoder) close(dst []byte, w *writer, index int) []byte {
	w.close(']')
	w.str("role", "model")
	w.close('}')
	w.int("index", int64(index))
	w.close('}')
	w.close(']')
	e.c.writeTail(w, e.id, nil, e.x)
	w.close('}')
	e.data = w.buf
	return e.chunk(dst, w.buf)
}

// end appends, for each candidate, why it ended, with the usage in the last of these chunks.
func (e *geminiEncoder) end(dst []byte) []byte {
	for i := range e.choices {
		w := &writer{buf: e.data[:0]}
		w.open('{')
		w.openArray("candidates")
		w.open('{')
		w.openObject("content")
		w.openArray("parts")
		w.open('{')
		w.str("text", "")
		w.close('}')
		w.close(']')
		w.str("role", "model")
		w.close('}')
		geminiWriteStop(w, e.choices[i].stop)
		w.int("index", int64(i))
		e.choices[i].found.write(w)
		w.close('}')
		w.close(']')
		var usage *Usage
		if i == len(e.choices)-1 && e.counted {
			usage = &e.usage
		}
		e.c.writeTail(w, e.id, usage, e.x)
		w.close('}')
		e.data = w.buf
		dst = e.chunk(dst, w.buf)
	}
	return e.finish(dst)
}

// chunk appends one event or one element.
func (e *geminiEncoder) chunk(dst, data []byte) []byte {
	e.chunks++
	if !e.x.JSONArray {
		return appendFrame(dst, "", data)
	}
	if e.chunks == 1 {
		dst = append(dst, '[')
	} else {
		dst = append(dst, ",\n"...)
	}
	return append(dst, data...)
}

// finish closes the array.
func (e *geminiEncoder) finish(dst []byte) []byte {
	if e.x.JSONArray {
		dst = append(dst, "]\n"...)
	}
	return dst
}
