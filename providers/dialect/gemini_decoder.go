package dialect

// geminiDecoder reads the chunks of a streamed answer. There is no end mark, and calls may come after the chunk that
// says STOP: the answer is finished when the stream ends.
type geminiDecoder struct {
	c       gemini
	vendor  Vendor
	events  []Event
	text    []byte
	choices []geminiStreamed
	usage   Usage
	counted bool

	started, done bool
}

// geminiStreamed is a candidate while it streams.
type geminiStreamed struct {
	// blocks counts those told. open tells that the last of them still goes on, kind what it is.
	blocks int
	open   bool
	kind   PartKind
	// signature is told when the open block ends.
	signature Signature
	stop      Stop
	finished  bool
	search    []Part
}

// NewDecoder returns a decoder for a streamed answer.
func (gemini) NewDecoder(x *Exchange) Decoder { return &geminiDecoder{vendor: x.Target.Vendor} }

// Decode reads one chunk.
func (d *geminiDecoder) Decode(events []Event, f Frame) ([]Event, error) {
	if d.done {
		return events, nil
	}
	d.events, d.text = events, d.text[:0]
	v, err := openValue(f.Data)
	if err != nil {
		return events, err
	}
	chunk, err := readGeminiChunk(v)
	if err != nil {
		return events, err
	}
	if chunk.fault.isObject() {
		fault := &Error{}
		d.c.readError(fault, chunk.fault)
		d.fail(fault)
		return d.events, nil
	}
	d.chunk(&chunk)
	return d.events, nil
}

// geminiChunk is a chunk whose members have been read in one pass: it is most of what decoding costs.
type geminiChunk struct {
	fault, usage, candidates, feedback, id, model value
}

func readGeminiChunk(v value) (geminiChunk, error) {
	var c geminiChunk
	err := v.members(func(name []byte, v value) error {
		switch string(name) {
		case "error":
			c.fault = v
		case "usageMetadata":
			c.usage = v
		case "candidates":
			c.candidates = v
		case "promptFeedback":
			c.feedback = v
		case "responseId":
			c.id = v
		case "modelVersion":
			c.model = v
		}
		return nil
	})
	return c, err
}

func (d *geminiDecoder) emit(e Event) { d.events = append(d.events, e) }

func (d *geminiDecoder) fail(fault *Error) {
	if fault.Status < 400 {
		fault.Status = geminiFaults.of(KindServer).status
	}
	d.done = true
	d.emit(Event{Kind: EventError, Err: fault})
}

func (d *geminiDecoder) chunk(c *geminiChunk) {
	if u, ok := d.c.usage(c.usage); ok {
		d.usage, d.counted = u, true
	}
	candidates := raws(c.candidates)
	blocked := c.feedback.get("blockReason").text()
	if !d.started && (len(candidates) > 0 || blocked != "") {
		d.started = true
		d.emit(Event{
			Kind: EventStart, ID: c.id.text(), Model: c.model.text(), Usage: d.usage, Counted: d.counted,
		})
	}
	if blocked != "" {
		d.choice(0).stop = Stop{Reason: StopFilter, Detail: geminiBlocked(blocked)}
		d.choice(0).finished = true
	}
	for i, candidate := range candidates {
		if n, ok := candidate.get("index").integer(); ok && n >= 0 && n < 128 {
			i = int(n)
		}
		d.candidate(i, candidate)
		if d.done {
			return
		}
	}
}

func (d *geminiDecoder) choice(i int) *geminiStreamed {
	for len(d.choices) <= i {
		d.choices = append(d.choices, geminiStreamed{})
	}
	return &d.choices[i]
}

func (d *geminiDecoder) candidate(i int, v value) {
	choice := d.choice(i)
	_ = v.get("content").get("parts").elements(func(_ int, part value) error {
		d.part(i, choice, part)
		return nil
	})
	if grounding := v.get("groundingMetadata"); grounding.isObject() {
		citations, search := geminiGrounding(grounding)
		choice.search = search
		for j := range citations {
			if choice.open && choice.kind == PartText {
				d.emit(Event{Kind: EventCitation, Choice: i, Block: choice.blocks - 1, Citation: &citations[j]})
			}
		}
	}
	if v.get("finishReason").isNull() {
		return
	}
	stop, fault := geminiStop(v)
	choice.stop, choice.finished = stop, true
	if fault != nil {
		d.fail(fault)
	}
}

// part reads a part: a fragment of a text or a thought, or anything else as a whole.
func (d *geminiDecoder) part(i int, choice *geminiStreamed, v value) {
	if text := v.get("text"); text.isString() {
		d.fragment(i, choice, v, text)
		return
	}
	p, ok := geminiAnswerPart(v, d.vendor)
	if !ok {
		return
	}
	d.whole(i, choice, p)
}

func (d *geminiDecoder) fragment(i int, choice *geminiStreamed, v, text value) {
	kind := PartText
	if v.get("thought").isTrue() {
		kind = PartThinking
	}
	begin := len(d.text) // The fragments of one chunk share the buffer.
	d.text = text.appendText(d.text)
	fragment := d.text[begin:]
	signature := v.get("thoughtSignature").text()
	if len(fragment) > 0 && (!choice.open || choice.kind != kind) {
		d.closeBlock(i, choice)
		choice.open, choice.kind = true, kind
		d.emit(Event{Kind: EventBlock, Choice: i, Block: choice.blocks, Part: &Part{Kind: kind}})
		choice.blocks++
	}
	if len(fragment) > 0 {
		d.emit(Event{Kind: EventDelta, Choice: i, Block: choice.blocks - 1, Text: fragment})
	}
	if signature != "" && choice.open {
		choice.signature = Signature{Origin: d.vendor, Value: signature}
	}
}

// whole tells a part that comes in one piece.
func (d *geminiDecoder) whole(i int, choice *geminiStreamed, p Part) {
	d.closeBlock(i, choice)
	block := choice.blocks
	choice.blocks++
	var args []byte
	if p.Call != nil {
		args, p.Call.Args = p.Call.Args, nil
	}
	d.emit(Event{Kind: EventBlock, Choice: i, Block: block, Part: &p})
	if len(args) > 0 {
		d.emit(Event{Kind: EventDelta, Choice: i, Block: block, Text: args})
	}
	d.emit(Event{Kind: EventBlockEnd, Choice: i, Block: block})
}

func (d *geminiDecoder) closeBlock(i int, choice *geminiStreamed) {
	if !choice.open {
		return
	}
	if !choice.signature.Empty() {
		d.emit(Event{Kind: EventSignature, Choice: i, Block: choice.blocks - 1, Signature: choice.signature})
		choice.signature = Signature{}
	}
	choice.open = false
	d.emit(Event{Kind: EventBlockEnd, Choice: i, Block: choice.blocks - 1})
}

// Close finishes the answer: all candidates must have said why they ended.
func (d *geminiDecoder) Close(events []Event) ([]Event, error) {
	if d.done {
		return events, nil
	}
	d.events = events
	if len(d.choices) == 0 {
		return events, ErrTruncated
	}
	for i := range d.choices {
		if !d.choices[i].finished {
			return events, ErrTruncated
		}
	}
	for i := range d.choices {
		choice := &d.choices[i]
		d.closeBlock(i, choice)
		for j := range choice.search {
			d.whole(i, choice, choice.search[j])
		}
		d.emit(Event{Kind: EventFinish, Choice: i, Stop: choice.stop})
	}
	d.done = true
	d.emit(Event{Kind: EventEnd, Usage: d.usage, Counted: d.counted})
	return d.events, nil
}
