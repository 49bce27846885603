package dialect

// anthropicDecoder reads the events of a streamed message.
type anthropicDecoder struct {
	c      anthropic
	reader anthropicReader
	usage  Usage
	// text is used again for each fragment.
	text []byte

	started, finished, ended bool
	// blocks counts those that were told; open tells that the last of them still goes on.
	blocks int
	open   bool
	// fresh tells that the open block has had no fragment yet, whole is what its call began with.
	fresh bool
	whole []byte
	// held is the use of a server tool whose input is still coming, in input; skip is a block that nobody knows.
	held  *ServerCall
	input []byte
	skip  bool
}

// NewDecoder returns a decoder for a streamed message.
func (anthropic) NewDecoder(x *Exchange) Decoder {
	return &anthropicDecoder{reader: anthropicReader{vendor: x.Target.Vendor}}
}

// Decode reads one event. Its name is told twice; servers that leave out the first are read by the second.
func (d *anthropicDecoder) Decode(events []Event, f Frame) ([]Event, error) {
	if d.ended {
		return events, nil
	}
	v, err := openValue(f.Data)
	if err != nil {
		return events, err
	}
	name := string(f.Name)
	if name == "" {
		name = v.get("type").text()
	}
	switch name {
	case "message_start":
		return d.start(events, v.get("message")), nil
	case "content_block_start":
		return d.block(events, v.get("content_block"))
	case "content_block_delta":
		return d.delta(events, v.get("delta")), nil
	case "content_block_stop":
		return d.stop(events), nil
	case "message_delta":
		return d.finish(events, v), nil
	case "message_stop":
		return d.end(events), nil
	case "ping":
		return append(events, Event{Kind: EventPing}), nil
	case "error":
		d.ended = true
		fault := &Error{}
		d.c.readError(fault, v.get("error"))
		if fault.Status == 0 {
			fault.Kind, fault.Status = KindServer, anthropicFaults.of(KindServer).status
		}
		return append(events, Event{Kind: EventError, Err: fault}), nil
	default:
		return events, nil
	}
}

func (d *anthropicDecoder) start(events []Event, message value) []Event {
	if d.started {
		return events
	}
	d.started = true
	e := Event{Kind: EventStart, ID: message.get("id").text(), Model: message.get("model").text()}
	usage := message.get("usage")
	d.usage, e.Counted = d.c.usage(usage, d.usage)
	e.Usage, e.ServiceTier = d.usage, usage.get("service_tier").text()
	return append(events, e)
}

// block opens a block, or holds it back as long as it can't be told.
func (d *anthropicDecoder) block(events []Event, v value) ([]Event, error) {
	events = d.stop(d.begin(events))
	kind := v.get("type").text()
	if kind == "server_tool_use" {
		d.held = anthropicServerCall(v.get("id").text(), v.get("name").text(), nil)
		d.input = append(d.input[:0], v.get("input")...)
		d.fresh = true
		return events, nil
	}
	p, err := d.reader.block(v, "content_block")
	if err != nil {
		d.skip = true
		return events, nil //nolint:nilerr // A block that is not known tells nothing.
	}
	d.open, d.fresh, d.whole = true, true, nil
	began := p.Text
	p.Text = ""
	citations := p.Citations
	p.Citations = nil
	signature := p.Signature
	if p.Kind == PartThinking && !p.Encrypted {
		p.Signature = Signature{}
	}
	if p.Call != nil {
		if len(p.Call.Args) > 2 { // All of it, from servers that do not stream arguments.
			d.whole = append([]byte(nil), p.Call.Args...)
		}
		p.Call.Args = nil
	}
	events = append(events, Event{Kind: EventBlock, Block: d.blocks, Part: &p})
	d.blocks++
	if began != "" {
		events = d.fragment(events, append(d.text[:0], began...))
	}
	for i := range citations {
		events = append(events, Event{Kind: EventCitation, Block: d.blocks - 1, Citation: &citations[i]})
	}
	if p.Kind == PartThinking && !p.Encrypted && !signature.Empty() {
		events = append(events, Event{Kind: EventSignature, Block: d.blocks - 1, Signature: signature})
	}
	return events, nil
}

// begin tells of the answer's start where the upstream has left it out.
func (d *anthropicDecoder) begin(events []Event) []Event {
	if d.started {
		return events
	}
	d.started = true
	return append(events, Event{Kind: EventStart})
}

func (d *anthropicDecoder) delta(events []Event, v value) []Event {
	if d.skip {
		return events
	}
	if d.held != nil {
		if part := v.get("partial_json"); part.isString() {
			if d.fresh {
				d.input, d.fresh = d.input[:0], false
			}
			d.input = part.appendText(d.input)
		}
		return events
	}
	if !d.open {
		return events
	}
	switch v.get("type").text() {
	case "text_delta":
		return d.fragment(events, v.get("text").appendText(d.text[:0]))
	case "thinking_delta":
		return d.fragment(events, v.get("thinking").appendText(d.text[:0]))
	case "input_json_delta":
		return d.fragment(events, v.get("partial_json").appendText(d.text[:0]))
	case "signature_delta":
		s := d.reader.sign(v.get("signature").text())
		if !s.Empty() {
			events = append(events, Event{Kind: EventSignature, Block: d.blocks - 1, Signature: s})
		}
	case "citations_delta":
		c := anthropicCitation(v.get("citation"))
		c.Raw = append([]byte(nil), c.Raw...)
		events = append(events, Event{Kind: EventCitation, Block: d.blocks - 1, Citation: &c})
	}
	return events
}

// fragment tells text of the open block unless there is none.
func (d *anthropicDecoder) fragment(events []Event, text []byte) []Event {
	d.text = text
	if len(text) == 0 {
		return events
	}
	d.fresh = false
	return append(events, Event{Kind: EventDelta, Block: d.blocks - 1, Text: text})
}

// stop closes the open block, and tells the one that was held back.
func (d *anthropicDecoder) stop(events []Event) []Event {
	d.skip = false
	if d.held != nil {
		call := anthropicServerCall(d.held.ID, string(d.held.Tool), append(value(nil), d.input...))
		call.Tool, d.held = d.held.Tool, nil
		p := &Part{Kind: PartServerCall, ServerCall: call}
		events = append(events, Event{Kind: EventBlock, Block: d.blocks, Part: p}, Event{Kind: EventBlockEnd, Block: d.blocks})
		d.blocks++
		return events
	}
	if !d.open {
		return events
	}
	if d.fresh && d.whole != nil {
		events = d.fragment(events, append(d.text[:0], d.whole...))
	}
	d.open = false
	return append(events, Event{Kind: EventBlockEnd, Block: d.blocks - 1})
}

// finish reads message_delta: why the answer ended, and its usage.
func (d *anthropicDecoder) finish(events []Event, v value) []Event {
	events = d.begin(events)
	var counted bool
	d.usage, counted = d.c.usage(v.get("usage"), d.usage)
	told := v.get("delta")
	if told.get("stop_reason").isNull() || d.finished {
		if counted {
			events = append(events, Event{Kind: EventUsage, Usage: d.usage, Counted: true})
		}
		return events
	}
	d.finished = true
	events = d.stop(events)
	return append(events, Event{Kind: EventFinish, Stop: anthropicStop(told), Usage: d.usage, Counted: counted})
}

func (d *anthropicDecoder) end(events []Event) []Event {
	events = d.stop(d.begin(events))
	if !d.finished {
		d.finished = true
		events = append(events, Event{Kind: EventFinish})
	}
	d.ended = true
	return append(events, Event{Kind: EventEnd, Usage: d.usage, Counted: d.usage != Usage{}})
}

// Close makes do with an answer whose message_stop is missing.
func (d *anthropicDecoder) Close(events []Event) ([]Event, error) {
	switch {
	case d.ended:
		return events, nil
	case d.finished:
		return d.end(events), nil
	default:
		return events, ErrTruncated
	}
}
