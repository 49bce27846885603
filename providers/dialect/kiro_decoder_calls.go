package dialect

// toolUse goes on with a call. Calls come one after the other; should they not, the later ones wait.
func (d *kiroDecoder) toolUse(v value) {
	d.begin("")
	id := v.get("toolUseId").text()
	if id == "" && d.call != nil {
		id = d.call.id
	}
	if id != "" && d.calls[id] {
		return // It was whole.
	}
	c := d.find(id)
	if c == nil {
		c = &kiroCall{id: id}
		if d.call != nil {
			d.late = append(d.late, kiroLate{call: c})
		}
	}
	if c.name == "" {
		c.name = v.get("name").text()
	}
	c.add(v.get("input"))
	c.stopped = c.stopped || v.get("stop").isTrue()
	switch d.call {
	case nil:
		d.begins(c)
	case c:
		d.arguments()
	}
	for d.call != nil && d.call.stopped {
		d.endCall()
	}
}

// find returns the call of that id if it is still coming.
func (d *kiroDecoder) find(id string) *kiroCall {
	if d.call != nil && d.call.id == id {
		return d.call
	}
	for i := range d.late {
		if c := d.late[i].call; c != nil && c.id == id {
			return c
		}
	}
	return nil
}

// add takes a fragment of arguments: text, or an object that is all of them.
func (c *kiroCall) add(input value) {
	from := len(c.args)
	switch {
	case input.isString():
		c.args = input.appendText(c.args)
	case input.isObject() && string(input) != "{}":
		c.args = append(c.args, input...)
	}
	c.scan.feed(c.args[from:])
}

// broken tells whether a call has lost its end: nothing but the upstream's word says that no arguments are all of them.
func (d *kiroDecoder) broken() bool {
	if d.call != nil && !d.call.whole() {
		return true
	}
	for i := range d.late {
		if c := d.late[i].call; c != nil && !c.whole() {
			return true
		}
	}
	return false
}

func (c *kiroCall) whole() bool { return c.scan.complete() || c.stopped && !c.scan.began }

// begins opens the block of a call.
func (d *kiroDecoder) begins(c *kiroCall) {
	d.endText()
	d.call = c
	d.openBlock(&Part{Kind: PartToolCall, Call: &ToolCall{ID: c.id, Name: c.name}})
	d.arguments()
}

// arguments tells what has come of the open call's.
func (d *kiroDecoder) arguments() {
	if len(d.call.args) == 0 {
		return
	}
	from := len(d.text)
	d.text = append(d.text, d.call.args...)
	d.call.args = d.call.args[:0]
	d.usage.wrote(d.text[from:])
	d.emit(Event{Kind: EventDelta, Block: d.blocks - 1, Text: d.text[from:]})
}

// endCall closes the block of the open call, and goes on with what has come late, up to the next call.
func (d *kiroDecoder) endCall() {
	d.calls[d.call.id] = true
	d.call = nil
	d.closeBlock()
	for d.call == nil && len(d.late) > 0 {
		next := d.late[0]
		d.late = d.late[1:]
		if next.call != nil {
			d.begins(next.call)
		} else {
			d.thoughts.feed(next.text, d.said)
		}
	}
}
