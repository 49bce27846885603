package dialect

import "bytes"

// responsesStreamed is an item while it streams.
type responsesStreamed struct {
	place int64
	id    string
	kind  string
	// open tells of a block, block what it is and content the index of its part within the item.
	open    bool
	block   PartKind
	content int64
	// told tells that something of the item has been told, cited that its citations have.
	told, cited bool
	done        bool
	// held is what waits for the items before this one.
	held []Event
}

// begin notes an item, and opens the block of a call.
func (d *responsesDecoder) begin(e *responsesEvent) {
	if d.find(e) != nil {
		return
	}
	kind := e.item.get("type").text()
	s := d.add(e, kind)
	if s == nil {
		return
	}
	s.id = e.item.get("id").text()
	if name := e.item.get("name").text(); name != "" && (kind == "function_call" || kind == "custom_tool_call") {
		call := &ToolCall{ID: e.item.get("call_id").text(), Name: name, Custom: kind == "custom_tool_call"}
		s.openBlock(d, &Part{Kind: PartToolCall, Call: call})
	}
}

func (s *responsesStreamed) openBlock(d *responsesDecoder, p *Part) {
	s.closeBlock(d)
	s.open, s.block = true, p.Kind
	d.calls = d.calls || p.Kind == PartToolCall
	d.tell(s, &Event{Kind: EventBlock, Part: p})
}

func (s *responsesStreamed) closeBlock(d *responsesDecoder) {
	if s.open {
		s.open = false
		d.tell(s, &Event{Kind: EventBlockEnd})
	}
}

// finish notes that the item is as whole as it will be.
func (s *responsesStreamed) finish(d *responsesDecoder) {
	s.closeBlock(d)
	s.done = true
}

// fragment goes on with a text, a refusal or a thought.
func (d *responsesDecoder) fragment(e *responsesEvent, kind PartKind) {
	if !e.delta.isString() || len(e.delta) == 2 {
		return
	}
	s := d.find(e)
	if s == nil {
		name := "message"
		if kind == PartThinking {
			name = "reasoning"
		}
		if s = d.add(e, name); s == nil {
			return
		}
	}
	switch {
	case !s.open || s.block != kind, kind != PartThinking && s.content != e.content:
		s.openBlock(d, &Part{Kind: kind, ID: thoughtID(kind, s.id)})
	case s.content != e.content:
		d.tell(s, &Event{Kind: EventDelta, Text: []byte(thoughtBreak)})
	}
	s.content, s.told = e.content, true
	var probs []LogProb
	if len(e.logprobs) > 2 {
		probs = chatLogProbs(e.logprobs)
	}
	d.tell(s, &Event{Kind: EventDelta, Text: d.unquote(e.delta), LogProbs: probs})
}

// thoughtID is the id of a part: only thoughts have one.
func thoughtID(kind PartKind, id string) string {
	if kind == PartThinking {
		return id
	}
	return ""
}

// unquote returns a string's content in the buffer that is used again.
func (d *responsesDecoder) unquote(v value) []byte {
	begin := len(d.text)
	d.text = v.appendText(d.text)
	return d.text[begin:]
}

// argument goes on with a call.
func (d *responsesDecoder) argument(e *responsesEvent) {
	s := d.find(e)
	if s == nil || !s.open || s.block != PartToolCall || !e.delta.isString() || len(e.delta) == 2 {
		return
	}
	s.told = true
	d.tell(s, &Event{Kind: EventDelta, Text: d.unquote(e.delta)})
}

// cite tells a citation within the open text.
func (d *responsesDecoder) cite(e *responsesEvent) {
	s := d.find(e)
	if s == nil || !s.open || s.block != PartText || !e.annotation.isObject() {
		return
	}
	s.cited = true
	c := responsesCitation(e.annotation)
	d.tell(s, &Event{Kind: EventCitation, Citation: &c})
}

// whole takes the end of an item, which repeats all of it: what was not told before is told now.
func (d *responsesDecoder) whole(e *responsesEvent) {
	if !e.item.isObject() {
		return
	}
	kind := e.item.get("type").text()
	if e.output < 0 && e.itemID == nil {
		e.itemID = e.item.get("id")
	}
	s := d.find(e)
	if s == nil {
		if s = d.add(e, kind); s == nil {
			return
		}
	}
	item := e.item
	if s != d.items[0] {
		item = bytes.Clone(item) // What is read of it must last longer than the event.
	}
	switch {
	case s.told:
		s.complete(d, kind, item)
	case s.open: // a call, of which nothing but the name has come
		name := "arguments"
		if kind == "custom_tool_call" {
			name = "input"
		}
		if text := item.get(name); text.isString() && len(text) > 2 {
			d.tell(s, &Event{Kind: EventDelta, Text: d.unquote(text)})
		}
	default:
		d.replay(s, kind, item)
	}
	s.finish(d)
	d.advance()
}

// complete tells what only the end of an item has: the signature of a thought, and citations.
func (s *responsesStreamed) complete(d *responsesDecoder, kind string, item value) {
	switch {
	case !s.open:
	case kind == "reasoning":
		p := d.reader.thought(item)
		if p.ID == "" {
			p.ID = s.id
		}
		if !p.Signature.Empty() {
			d.tell(s, &Event{Kind: EventSignature, Signature: p.Signature})
		}
	case s.block == PartText && !s.cited:
		_ = item.get("content").elements(func(i int, part value) error {
			if int64(i) == s.content {
				for _, c := range responsesCitations(part.get("annotations")) {
					d.tell(s, &Event{Kind: EventCitation, Citation: &c})
				}
			}
			return nil
		})
	}
}

// replay tells an item as a whole.
func (d *responsesDecoder) replay(s *responsesStreamed, kind string, item value) {
	parts, _, err := d.reader.outputItem("output", kind, item)
	if err != nil {
		return // a call without a name
	}
	probs := responsesProbs(item)
	for i := range parts {
		d.calls = d.calls || parts[i].Kind == PartToolCall
		replayPart(&parts[i], 0, 0, probs, func(e *Event) { d.tell(s, e) })
		if parts[i].Kind == PartText {
			probs = nil
		}
	}
}
