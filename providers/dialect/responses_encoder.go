package dialect

import "strconv"

// responsesEncoder writes the events of a streamed answer, or with quiet the items of a whole one. It keeps the
// answer: the end of each text, of each item and of the stream repeat it.
type responsesEncoder struct {
	x *Exchange
	// quiet writes no events.
	quiet bool
	// sequence is the number of the next event.
	sequence int64

	id, model, tier string
	created         int64
	echo            []byte
	begun           bool
	// output holds the items that are whole, with commas between them; items counts them.
	output []byte
	items  int
	item   responsesOpen

	stop    Stop
	usage   Usage
	counted bool
}

// NewEncoder implements Codec.
func (openAIResponses) NewEncoder(x *Exchange) Encoder { return &responsesEncoder{x: x} }

// ContentType implements Encoder.
func (*responsesEncoder) ContentType() string { return "text/event-stream" }

// KeepAlive implements Encoder. Some clients do not take a comment for a sign of life, so that once the answer has
// begun it is an event.
func (e *responsesEncoder) KeepAlive(dst []byte) []byte {
	if !e.begun {
		return append(dst, ": keep-alive\n\n"...)
	}
	return e.tell(dst, "response.in_progress", responsesOutcome{status: "in_progress"})
}

// Encode implements Encoder. Responses are one answer: others are not told.
func (e *responsesEncoder) Encode(dst []byte, ev *Event) []byte {
	if ev.Counted {
		e.usage, e.counted = ev.Usage, true
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
		return e.delta(dst, ev)
	case EventSignature:
		if e.item.block == PartThinking {
			e.item.part.Signature = ev.Signature
		}
	case EventCitation:
		return e.citation(dst, ev.Citation)
	case EventBlockEnd:
		return e.blockEnd(dst)
	case EventFinish:
		e.stop = ev.Stop
		return e.closeItem(dst)
	case EventPing:
		return e.KeepAlive(dst)
	case EventError:
		return e.fail(dst, ev.Err)
	case EventEnd:
		outcome := e.outcome()
		return e.tell(dst, "response."+outcome.status, outcome)
	case EventUsage:
	}
	return dst
}

// frame appends an event of that type, whose other members write appends.
func (e *responsesEncoder) frame(dst []byte, name string, write func(*writer)) []byte {
	if e.quiet {
		return dst
	}
	w := writer{append(append(append(dst, "event: "...), name...), "\ndata: "...)}
	w.open('{')
	w.str("type", name)
	w.int("sequence_number", e.sequence)
	e.sequence++
	write(&w)
	w.close('}')
	return append(w.buf, "\n\n"...)
}

// tell appends an event that holds the answer.
func (e *responsesEncoder) tell(dst []byte, name string, o responsesOutcome) []byte {
	return e.frame(dst, name, func(w *writer) {
		w.key("response")
		e.response(w, o)
	})
}

func (e *responsesEncoder) start(dst []byte, ev *Event) []byte {
	e.begin(ev)
	o := responsesOutcome{status: "in_progress"}
	return e.tell(e.tell(dst, "response.created", o), "response.in_progress", o)
}

// begin notes what all events that hold the answer have in common.
func (e *responsesEncoder) begin(ev *Event) {
	const prefix = "resp_"
	e.begun = true
	e.id, e.created, e.model = ev.ID, chatCreated(ev.Created, e.x), chatModel(ev.Model, e.x)
	if len(e.id) <= len(prefix) || e.id[:len(prefix)] != prefix {
		e.id = e.x.MintID("resp", 0) // Clients tell the kind of an id by its beginning.
	}
	e.tier = chatTier(ev.ServiceTier)
	e.echo = responsesEcho(e.x)
}

// fail appends the end of an answer that has failed. It holds the items that were whole by then.
func (e *responsesEncoder) fail(dst []byte, fault *Error) []byte {
	if !e.begun {
		e.begin(&Event{})
	}
	return e.tell(dst, "response.failed", responsesOutcome{status: "failed", fault: fault, output: e.output})
}

// responsesOutcome is how far an answer is.
type responsesOutcome struct {
	status string
	// reason is that of an incomplete one.
	reason string
	fault  *Error
	output []byte
	usage  *Usage
}

// outcome is that of an answer which has come to its end.
func (e *responsesEncoder) outcome() responsesOutcome {
	o := responsesOutcome{status: "completed", output: e.output}
	if e.counted {
		o.usage = &e.usage
	}
	switch e.stop.Reason {
	case StopMaxTokens, StopContext:
		o.status, o.reason = "incomplete", "max_output_tokens"
	case StopFilter, StopRefusal:
		o.status, o.reason = "incomplete", "content_filter"
	case StopMalformed:
		o.status = "failed"
		o.fault = &Error{Kind: KindServer, Message: "the model could not write a call of a tool properly"}
	}
	return o
}

// response appends the answer as far as it is.
func (e *responsesEncoder) response(w *writer, o responsesOutcome) {
	w.open('{')
	w.str("id", e.id)
	w.str("object", "response")
	w.int("created_at", e.created)
	w.str("status", o.status)
	if o.fault != nil {
		w.openObject("error")
		w.str("code", responsesCode(o.fault))
		w.str("message", responsesMessage(o.fault))
		w.close('}')
	} else {
		w.null("error")
	}
	if o.reason != "" {
		w.openObject("incomplete_details")
		w.str("reason", o.reason)
		w.close('}')
	} else {
		w.null("incomplete_details")
	}
	w.str("model", e.model)
	w.openArray("output")
	w.buf = append(w.buf, o.output...)
	w.close(']')
	w.comma()
	w.buf = append(w.buf, e.echo...)
	w.optStr("service_tier", e.tier)
	if o.usage != nil {
		responsesWriteUsage(w, o.usage)
	} else {
		w.null("usage")
	}
	w.close('}')
}

// delta appends a fragment in one pass: it is most of what a stream is.
func (e *responsesEncoder) delta(dst []byte, ev *Event) []byte {
	i := &e.item
	i.text = append(i.text, ev.Text...)
	if len(ev.LogProbs) > 0 {
		w := writer{i.probs}
		if len(w.buf) > 0 {
			w.buf = append(w.buf, ',')
		}
		chatWriteProbs(&w, ev.LogProbs, true)
		i.probs = w.buf
	}
	if i.block == PartThinking && !i.summed {
		dst = e.beginSummary(dst)
	}
	if e.quiet || len(i.head) == 0 {
		return dst
	}
	dst = append(dst, i.head...)
	dst = strconv.AppendInt(dst, e.sequence, 10)
	e.sequence++
	dst = append(dst, i.tail...)
	dst = appendQuoted(dst, ev.Text)
	if i.block == PartText {
		w := writer{dst}
		w.openArray("logprobs")
		chatWriteProbs(&w, ev.LogProbs, true)
		w.close(']')
		dst = w.buf
	}
	return append(dst, "}\n\n"...)
}
