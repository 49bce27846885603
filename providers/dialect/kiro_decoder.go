package dialect

import "net/http"

// kiroDecoder reads the events of an answer. There is no stop reason and no end mark: the answer is finished when the
// stream ends between two calls.
type kiroDecoder struct {
	x      *Exchange
	events []Event
	// text holds the fragments that one frame tells.
	text     []byte
	thoughts kiroThoughts
	usage    kiroUsage

	started, done bool
	// blocks counts those told. open tells that the last of them still goes on, kind what it is.
	blocks int
	open   bool
	kind   PartKind
	// signature is told when the open block ends.
	signature Signature
	// call is the one whose block is open, late what has come before it was whole, and calls the ids of those that
	// were told whole.
	call  *kiroCall
	late  []kiroLate
	calls map[string]bool
}

// kiroCall is a call while its fragments come.
type kiroCall struct {
	id, name string
	// args are those that have not been told.
	args    []byte
	scan    jsonScan
	stopped bool
}

// kiroLate is what has to wait for the open call to be whole: another call, or a text.
type kiroLate struct {
	call *kiroCall
	text []byte
}

// NewDecoder returns a decoder for a streamed answer.
func (kiro) NewDecoder(x *Exchange) Decoder {
	d := &kiroDecoder{x: x, calls: make(map[string]bool)}
	if kiroThinking(x) != "" {
		d.thoughts.state = kiroBefore
	}
	return d
}

// Decode reads one event, or an exception: see KiroException.
func (d *kiroDecoder) Decode(events []Event, f Frame) ([]Event, error) {
	if d.done {
		return events, nil
	}
	d.events, d.text = events, d.text[:0]
	v, err := openValue(f.Data)
	if err != nil {
		return events, err
	}
	if word, ok := cutPrefix(f.Name, KiroException); ok {
		d.exception(word, v)
		return d.events, nil
	}
	switch string(f.Name) {
	case "assistantResponseEvent", "codeEvent":
		d.words(v)
	case "reasoningContentEvent":
		d.reasoning(v)
	case "toolUseEvent":
		d.toolUse(v)
	case "contextUsageEvent":
		d.usage.context(v)
	case "metadataEvent", "messageMetadataEvent":
		d.usage.metadata(v)
	case "invalidStateEvent":
		d.fail(kiroFault(0, "", v))
	}
	return d.events, nil
}

func cutPrefix(name []byte, prefix string) (rest string, ok bool) {
	if len(name) < len(prefix) || string(name[:len(prefix)]) != prefix {
		return "", false
	}
	return string(name[len(prefix):]), true
}

func (d *kiroDecoder) emit(e Event) { d.events = append(d.events, e) }

// begin tells of the answer's start.
func (d *kiroDecoder) begin(model string) {
	if !d.started {
		d.started = true
		d.emit(Event{Kind: EventStart, Model: model})
	}
}

// words goes on with the text, which may hold thoughts.
func (d *kiroDecoder) words(v value) {
	d.begin(v.get("modelId").text())
	from := len(d.text)
	d.text = v.get("content").appendText(d.text)
	fragment := d.text[from:]
	switch {
	case len(fragment) == 0:
	case d.call != nil:
		d.late = append(d.late, kiroLate{text: append([]byte(nil), fragment...)})
	default:
		d.thoughts.feed(fragment, d.said)
	}
}

// fragment tells text of that kind, in the open block or a new one.
func (d *kiroDecoder) fragment(kind PartKind, text []byte) {
	if len(text) == 0 {
		return
	}
	if !d.open || d.kind != kind {
		d.openBlock(&Part{Kind: kind})
	}
	d.usage.wrote(text)
	d.emit(Event{Kind: EventDelta, Block: d.blocks - 1, Text: text})
}

// said tells a piece of the text that belongs to somebody else.
func (d *kiroDecoder) said(kind PartKind, text []byte) {
	from := len(d.text)
	d.text = append(d.text, text...)
	d.fragment(kind, d.text[from:])
}

// reasoning goes on with a thought that is told apart from the text.
func (d *kiroDecoder) reasoning(v value) {
	d.begin("")
	if d.call != nil {
		return // Thoughts come before calls; one within a call has no place.
	}
	if redacted := v.get("redactedContent").text(); redacted != "" {
		d.endText()
		d.openBlock(&Part{Kind: PartThinking, Encrypted: true, Signature: d.sign(redacted)})
		d.closeBlock()
		return
	}
	from := len(d.text)
	d.text = v.get("text").appendText(d.text)
	d.fragment(PartThinking, d.text[from:])
	if signature := v.get("signature").text(); signature != "" && d.open && d.kind == PartThinking {
		d.signature = d.sign(signature)
	}
}

func (d *kiroDecoder) sign(text string) Signature {
	return Signature{Origin: d.x.Target.Vendor, Value: text}
}

func (d *kiroDecoder) openBlock(p *Part) {
	d.closeBlock()
	d.open, d.kind = true, p.Kind
	d.emit(Event{Kind: EventBlock, Block: d.blocks, Part: p})
	d.blocks++
}

func (d *kiroDecoder) closeBlock() {
	if !d.open {
		return
	}
	if !d.signature.Empty() {
		d.emit(Event{Kind: EventSignature, Block: d.blocks - 1, Signature: d.signature})
		d.signature = Signature{}
	}
	d.open = false
	d.emit(Event{Kind: EventBlockEnd, Block: d.blocks - 1})
}

// endText closes the text, of which something may still be held.
func (d *kiroDecoder) endText() {
	d.thoughts.end(d.said)
	d.closeBlock()
}

// exception ends the answer. An answer that has become too long is cut off, not failed.
func (d *kiroDecoder) exception(word string, v value) {
	fault := kiroFault(0, word, v)
	if fault.Kind == KindContextLength && d.started {
		d.finish(Stop{Reason: StopMaxTokens, Detail: fault.Message})
		return
	}
	d.fail(fault)
}

func (d *kiroDecoder) fail(fault *Error) {
	d.done = true
	d.emit(Event{Kind: EventError, Err: fault})
}

// finish tells the end of the answer and all that was held of it.
func (d *kiroDecoder) finish(stop Stop) {
	for d.call != nil {
		d.endCall()
	}
	d.endText()
	d.emit(Event{Kind: EventFinish, Stop: stop})
	d.done = true
	u, counted := d.usage.total(d.x)
	d.emit(Event{Kind: EventEnd, Usage: u, Counted: counted})
}

// Close finishes the answer. A call whose arguments are not whole has lost its end. An answer without a word is what
// Kiro makes of some requests that are too long.
func (d *kiroDecoder) Close(events []Event) ([]Event, error) {
	if d.done {
		return events, nil
	}
	d.events, d.text = events, d.text[:0]
	if d.broken() {
		return events, ErrTruncated
	}
	if d.blocks == 0 && len(d.thoughts.held) == 0 {
		if !d.usage.told {
			return events, ErrTruncated
		}
		d.fail(&Error{
			Status: http.StatusBadGateway, Kind: KindServer,
			Message: "the upstream ended its answer without a word, as it does when a request is too long for it",
		})
		return d.events, nil
	}
	stop := Stop{Reason: StopEnd}
	switch {
	case d.call != nil || len(d.calls) > 0:
		stop.Reason = StopToolUse
	case d.usage.full():
		stop.Reason = StopContext
	}
	d.finish(stop)
	return d.events, nil
}
