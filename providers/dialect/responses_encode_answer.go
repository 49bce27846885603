package dialect

// responsesAnswer is a turn of the assistant while it is written as items.
type responsesAnswer struct {
	e *responsesEncoding
	m *Message
	// open tells that a message is open.
	open bool
	// thoughts wait for the item that they led to: OpenAI refuses one that nothing follows.
	thoughts []*Part
}

// assistantTurn writes texts, thoughts and calls in their order.
func (e *responsesEncoding) assistantTurn(m *Message) {
	a := responsesAnswer{e: e, m: m}
	for i := range m.Parts {
		a.part(&m.Parts[i], m.Parts[i+1:])
	}
	a.closeMessage()
}

func (a *responsesAnswer) part(p *Part, rest []Part) {
	a.e.cache(p)
	switch p.Kind {
	case PartText:
		a.say("output_text", "text", p.Text)
	case PartRefusal:
		a.say("refusal", "refusal", p.Text)
	case PartThinking:
		if p.Signature.For(a.e.x.Target.Vendor) != "" {
			a.closeMessage()
			a.thoughts = append(a.thoughts, p)
		}
	case PartToolCall:
		a.begin()
		a.call(p.Call)
	case PartServerCall:
		a.serverCall(p, rest)
	case PartServerResult:
		if !a.ownResult(p) {
			a.say("output_text", "text", ServerText(p))
		}
	case PartImage, PartAudio, PartFile:
		a.e.report.RefuseAt(a.m.At, "has an image, a sound or a file of the assistant's, which this upstream cannot take")
	case PartToolResult: // never the assistant's
	}
}

// say writes a part of a message and, where none is open, its beginning.
func (a *responsesAnswer) say(kind, member, text string) {
	if text == "" {
		return
	}
	e := a.e
	if !a.open {
		a.begin()
		a.open = true
		e.open('{')
		e.str("type", "message")
		e.str("role", "assistant")
		e.openArray("content")
	}
	e.open('{')
	e.str("type", kind)
	e.str(member, text)
	if kind == "output_text" {
		e.raw("annotations", []byte("[]"))
	}
	e.close('}')
}

func (a *responsesAnswer) closeMessage() {
	if a.open {
		a.open = false
		a.e.close(']')
		a.e.close('}')
	}
}

// begin closes the open message and writes the thoughts that have led to the item that follows.
func (a *responsesAnswer) begin() {
	a.closeMessage()
	e := a.e
	for _, p := range a.thoughts {
		id, encrypted := responsesUnpack(p.Signature.For(e.x.Target.Vendor))
		e.open('{')
		e.str("type", "reasoning")
		e.optStr("id", id)
		e.openArray("summary")
		if p.Text != "" {
			e.textPart("summary_text", p.Text)
		}
		e.close(']')
		e.str("encrypted_content", encrypted)
		e.close('}')
	}
	a.thoughts = a.thoughts[:0]
}

func (a *responsesAnswer) call(c *ToolCall) {
	e := a.e
	e.open('{')
	if c.Custom && e.x.Target.CustomTools {
		e.str("type", "custom_tool_call")
		e.str("call_id", responsesCallID(c.ID))
		e.str("name", e.x.Wire(c.Ref(), NameRule{}))
		e.str("input", c.Input)
		e.close('}')
		return
	}
	args := c.Args
	switch {
	case c.Custom:
		args = CustomArgs(c.Input)
	case len(args) == 0:
		args = []byte("{}")
	}
	e.str("type", "function_call")
	e.str("call_id", responsesCallID(c.ID))
	e.str("name", e.x.Wire(c.Ref(), NameRule{}))
	e.bytes("arguments", args)
	e.close('}')
}

// serverCall writes the use of a tool that OpenAI has run as its own item, with what it has yielded. Of what others
// have run, the model must still know what it has read: that is a text.
func (a *responsesAnswer) serverCall(p *Part, rest []Part) {
	e, c := a.e, p.ServerCall
	if !a.own(c.ID) || c.Tool == ServerCodeInterpreter && c.Container == "" {
		a.say("output_text", "text", ServerText(p))
		return
	}
	a.begin()
	var result *ServerResult
	if len(rest) > 0 && rest[0].ServerResult != nil {
		result = rest[0].ServerResult
	}
	call := *c
	call.ID = responsesOwnID(c.ID)
	e.comma()
	responsesWriteServer(&e.writer, &call, result, responsesStatus(result))
}

// own tells whether a tool was run by the upstream's vendor.
func (a *responsesAnswer) own(id string) bool { return a.e.own() && responsesOwnID(id) != "" }

// ownResult tells whether a result is in the item of its call.
func (a *responsesAnswer) ownResult(p *Part) bool {
	r := p.ServerResult
	if !a.own(r.CallID) {
		return false
	}
	for i := range a.m.Parts {
		if c := a.m.Parts[i].ServerCall; c != nil && c.ID == r.CallID {
			return c.Tool != ServerCodeInterpreter || c.Container != ""
		}
	}
	return false
}
