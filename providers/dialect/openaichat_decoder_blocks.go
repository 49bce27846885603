package dialect

// chatStreamed is one choice of a stream: which block is open, and the calls.
type chatStreamed struct {
	blocks   int
	open     bool
	kind     PartKind
	calls    []chatCallState
	late     []byte // text that came before the open call was whole
	finished bool
}

// chatCallState is a call of a stream.
type chatCallState struct {
	index  int64
	id     string
	name   string
	custom bool
	// opened and closed tell of its block; held is what came before the block could be opened.
	opened, closed bool
	held           []byte
	scan           jsonScan
}

// whole tells whether the arguments are complete. Of free text nobody knows before the end.
func (c *chatCallState) whole() bool { return !c.custom && c.scan.complete() }

// openCall is the call whose block is open, nil for none.
func (s *chatStreamed) openCall() *chatCallState {
	for i := range s.calls {
		if c := &s.calls[i]; c.opened && !c.closed {
			return c
		}
	}
	return nil
}

// openBlock begins a block of the kind, and closes the one before it.
func (d *chatDecoder) openBlock(index int, p *Part) {
	d.closeBlock(index)
	s := &d.choices[index]
	s.open, s.kind = true, p.Kind
	d.emit(Event{Kind: EventBlock, Choice: index, Block: s.blocks, Part: p})
}

func (d *chatDecoder) closeBlock(index int) {
	s := &d.choices[index]
	if !s.open {
		return
	}
	if c := s.openCall(); c != nil {
		c.closed = true
	}
	d.emit(Event{Kind: EventBlockEnd, Choice: index, Block: s.blocks})
	s.open = false
	s.blocks++
}

// text goes on with a text, a thought or a refusal.
func (d *chatDecoder) text(index int, kind PartKind, v value, probs []LogProb) {
	if !v.isString() || len(v) == 2 {
		return
	}
	s := &d.choices[index]
	if c := s.openCall(); c != nil && !c.whole() {
		if kind == PartText {
			s.late = v.appendText(s.late)
		}
		return
	}
	if !s.open || s.kind != kind {
		d.openBlock(index, &Part{Kind: kind})
	}
	start := len(d.scratch)
	d.scratch = v.appendText(d.scratch)
	d.emit(Event{Kind: EventDelta, Choice: index, Block: s.blocks, Text: d.scratch[start:], LogProbs: probs})
}

// cite tells a citation within the open text.
func (d *chatDecoder) cite(index int, c Citation) {
	if s := &d.choices[index]; s.open && s.kind == PartText {
		d.emit(Event{Kind: EventCitation, Choice: index, Block: s.blocks, Citation: &c})
	}
}

// call goes on with a call, of which the element at that place of the list is a fragment.
func (d *chatDecoder) call(index, place int, v value) error {
	s := &d.choices[index]
	id := v.get("id").text()
	key, told := v.get("index").integer()
	if !told {
		key = int64(place)
		if id == "" && len(s.calls) > 0 {
			key = s.calls[len(s.calls)-1].index
		}
	}
	c := s.find(key, id)
	function, input := v.get("function"), "arguments"
	if custom := v.get("custom"); custom.isObject() {
		function, input, c.custom = custom, "input", true
	}
	if c.id == "" {
		c.id = id
	}
	if name := function.get("name"); c.name == "" {
		c.name = name.text()
	}
	if c.closed {
		return nil // after whole arguments, white space at most
	}
	args := function.get(input)
	if args.isObject() { // some servers forget to quote them
		c.take(d, index, args)
	} else {
		start := len(d.scratch)
		d.scratch = args.appendText(d.scratch)
		c.take(d, index, d.scratch[start:])
	}
	d.advance(index)
	return nil
}

// find returns the call of that index, or a new one: also for an id that is not the call's.
func (s *chatStreamed) find(key int64, id string) *chatCallState {
	for i := len(s.calls) - 1; i >= 0; i-- {
		c := &s.calls[i]
		if id != "" && c.id == id {
			return c
		}
		if c.index == key && (id == "" || c.id == "") {
			return c
		}
	}
	s.calls = append(s.calls, chatCallState{index: key})
	return &s.calls[len(s.calls)-1]
}

// take takes a fragment of the arguments: on to the client if the call's block is open.
func (c *chatCallState) take(d *chatDecoder, index int, text []byte) {
	if len(text) == 0 {
		return
	}
	c.scan.feed(text)
	if !c.opened {
		c.held = append(c.held, text...)
		return
	}
	d.emit(Event{Kind: EventDelta, Choice: index, Block: d.choices[index].blocks, Text: text})
}

// advance opens the next call that is due, as long as none is in the way.
func (d *chatDecoder) advance(index int) {
	s := &d.choices[index]
	for i := range s.calls {
		c := &s.calls[i]
		if c.opened || c.name == "" {
			continue
		}
		if open := s.openCall(); open != nil && !open.whole() {
			return
		}
		d.openCall(index, c)
	}
}

func (d *chatDecoder) openCall(index int, c *chatCallState) {
	d.openBlock(index, &Part{Kind: PartToolCall, Call: &ToolCall{ID: c.id, Name: c.name, Custom: c.custom}})
	c.opened = true
	if len(c.held) > 0 {
		d.emit(Event{Kind: EventDelta, Choice: index, Block: d.choices[index].blocks, Text: c.held})
		c.held = nil
	}
}

// finish ends a choice. Calls that have been held back come now, but for those that the end has cut off.
func (d *chatDecoder) finish(index int, reason StopReason) {
	s := &d.choices[index]
	for i := range s.calls {
		c := &s.calls[i]
		if c.opened || c.name == "" || reason == StopMaxTokens && !c.whole() {
			continue
		}
		d.openCall(index, c)
	}
	if len(s.late) > 0 {
		d.openBlock(index, &Part{Kind: PartText})
		d.emit(Event{Kind: EventDelta, Choice: index, Block: s.blocks, Text: s.late})
	}
	d.closeBlock(index)
	if len(s.calls) > 0 && reason == StopEnd {
		reason = StopToolUse
	}
	s.finished = true
	d.emit(Event{Kind: EventFinish, Choice: index, Stop: Stop{Reason: reason}})
}
