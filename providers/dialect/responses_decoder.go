package dialect

import (
	"bytes"
	"slices"
)

// responsesDecoder reads the events of a streamed answer. Items may come mixed, keyed by their place in the answer;
// they leave one after the other: what comes of an item before those in front of it are whole is held back.
type responsesDecoder struct {
	c      openAIResponses
	reader responsesReader
	events []Event
	// text is used again for each event.
	text []byte
	// items are those that are not whole yet, in the order in which they began: the first one is told as it comes.
	items []*responsesStreamed
	// seen are the places of items that are whole.
	seen []int64
	// blocks counts those told.
	blocks int
	calls  bool

	started, ended bool
	usage          Usage
	counted        bool
}

// responsesEvent is an event as it was read.
type responsesEvent struct {
	kind, itemID, delta, item, response, annotation, logprobs, err value
	output, content                                                int64
}

// NewDecoder implements Codec.
func (openAIResponses) NewDecoder(x *Exchange) Decoder {
	return &responsesDecoder{reader: responsesReader{vendor: x.Target.Vendor}}
}

// Decode implements Decoder. An event's name is told twice; only that in the data counts, which all servers send.
func (d *responsesDecoder) Decode(events []Event, f Frame) ([]Event, error) {
	if d.ended || string(bytes.TrimSpace(f.Data)) == chatDone { // which some servers add
		return events, nil
	}
	root, err := openValue(f.Data)
	if err != nil {
		return events, err
	}
	d.events, d.text = events, d.text[:0]
	e := responsesEvent{output: -1}
	if err := e.read(root); err != nil {
		return events, err
	}
	if !e.kind.isString() {
		if e.err.isObject() { // as a fault before the stream, from servers that find it late
			d.fail(responsesFault(e.err))
		}
		return d.events, nil
	}
	d.event(&e, root)
	return d.events, nil
}

func (e *responsesEvent) read(root value) error {
	return root.members(func(name []byte, v value) error {
		switch string(name) {
		case "type":
			e.kind = v
		case "item_id":
			e.itemID = v
		case "delta", "text", "arguments", "input", "refusal":
			if string(name) == "delta" || e.delta == nil {
				e.delta = v
			}
		case "item":
			e.item = v
		case "response":
			e.response = v
		case "annotation":
			e.annotation = v
		case "logprobs":
			e.logprobs = v
		case "error":
			e.err = v
		case "output_index":
			e.output, _ = v.integer()
		case "content_index", "summary_index":
			e.content, _ = v.integer()
		}
		return nil
	})
}

func (d *responsesDecoder) event(e *responsesEvent, root value) {
	switch string(e.kind[1 : len(e.kind)-1]) {
	case "response.created", "response.in_progress", "response.queued":
		if d.started {
			d.events = append(d.events, Event{Kind: EventPing})
		}
		d.start(e.response)
	case "response.output_item.added":
		d.begin(e)
	case "response.output_text.delta":
		d.fragment(e, PartText)
	case "response.refusal.delta":
		d.fragment(e, PartRefusal)
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		d.fragment(e, PartThinking)
	case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
		d.argument(e)
	case "response.output_text.annotation.added":
		d.cite(e)
	case "response.output_item.done":
		d.whole(e)
	case "response.completed", "response.incomplete":
		d.end(e.response)
	case "response.failed", "response.cancelled":
		told := e.response.get("error")
		d.fail(responsesFault(told))
	case "error":
		if !e.err.isObject() {
			e.err = root
		}
		d.fail(responsesFault(e.err))
	}
}

// start tells the beginning, once.
func (d *responsesDecoder) start(response value) {
	if d.started {
		return
	}
	d.started = true
	e := Event{
		Kind: EventStart, ID: response.get("id").text(), Model: response.get("model").text(),
		ServiceTier: response.get("service_tier").text(),
	}
	e.Created, _ = response.get("created_at").integer()
	d.events = append(d.events, e)
}

func (d *responsesDecoder) fail(fault *Error) {
	d.start(nil)
	d.ended = true
	d.events = append(d.events, Event{Kind: EventError, Err: fault})
}

// end tells the rest of an answer, from the last event, which repeats all of it.
func (d *responsesDecoder) end(response value) {
	if fault := responsesFailed(response); fault != nil {
		d.fail(fault)
		return
	}
	d.start(response)
	for len(d.items) > 0 {
		d.items[0].finish(d)
		d.advance()
	}
	if d.blocks == 0 { // from servers that tell the items nowhere else
		_ = response.get("output").elements(func(i int, item value) error {
			e := responsesEvent{output: int64(i), item: item}
			d.whole(&e)
			return nil
		})
	}
	if u, ok := d.c.usage(response.get("usage")); ok {
		d.usage, d.counted = u, true
	}
	d.ended = true
	d.events = append(
		d.events, Event{Kind: EventFinish, Stop: responsesStop(response, d.calls)},
		Event{Kind: EventEnd, Usage: d.usage, Counted: d.counted},
	)
}

// Close implements Decoder: only the last event makes an answer complete.
func (d *responsesDecoder) Close(events []Event) ([]Event, error) {
	if d.ended {
		return events, nil
	}
	return events, ErrTruncated
}

// find returns the item that the event belongs to, nil for none.
func (d *responsesDecoder) find(e *responsesEvent) *responsesStreamed {
	for _, s := range slices.Backward(d.items) {
		if e.output >= 0 && s.place == e.output || e.output < 0 && s.id != "" && s.id == e.itemID.text() {
			return s
		}
	}
	return nil
}

// add makes an item, unless it has been whole already.
func (d *responsesDecoder) add(e *responsesEvent, kind string) *responsesStreamed {
	if e.output >= 0 && slices.Contains(d.seen, e.output) {
		return nil
	}
	d.start(nil)
	s := &responsesStreamed{place: e.output, kind: kind, id: e.itemID.text()}
	d.items = append(d.items, s)
	return s
}

// advance lets the items follow that the first one has held back.
func (d *responsesDecoder) advance() {
	for len(d.items) > 0 && d.items[0].done {
		if place := d.items[0].place; place >= 0 {
			d.seen = append(d.seen, place)
		}
		d.items = d.items[1:]
		if len(d.items) > 0 {
			held := d.items[0].held
			d.items[0].held = nil
			for i := range held {
				d.forward(&held[i])
			}
		}
	}
}

// tell tells an event of an item, or holds it back.
func (d *responsesDecoder) tell(s *responsesStreamed, e *Event) {
	if s == d.items[0] {
		d.forward(e)
		return
	}
	held := *e
	held.Text = bytes.Clone(e.Text)
	s.held = append(s.held, held)
}

func (d *responsesDecoder) forward(e *Event) {
	told := *e
	told.Block = d.blocks
	d.events = append(d.events, told)
	if e.Kind == EventBlockEnd {
		d.blocks++
	}
}
