package simulator

import "strconv"

// stream sends the answer piece by piece.
func (c *chatWriter) stream() {
	c.w = c.x.openWire(c.sc, "\n")
	c.head = c.x.appendHead(nil, c.req, "chat.completion.chunk")
	c.w.play(c.answer, c)
}

// start sends the chunk that gives the role, in the form that the first kind of content has.
func (c *chatWriter) start() {
	delta := `{"role":"assistant","content":""}`
	if len(c.answer.blocks) > 0 {
		switch c.answer.blocks[0].kind {
		case thought:
			delta = `{"role":"assistant","content":null,"reasoning_content":""}`
		case call:
			delta = `{"role":"assistant","content":null}`
		case refusal:
			delta = `{"role":"assistant","content":null,"refusal":""}`
		}
	}
	c.all(delta, "")
}

func (c *chatWriter) open(_ int, b *block) {
	if b.kind == call {
		c.all(c.callDelta(c.callID(c.calls), `"name":`+quote(b.name)+`,"arguments":""`), "")
	}
}

// callDelta is one fragment of a call; the id is left out if it is empty.
func (c *chatWriter) callDelta(id, function string) string {
	delta := `{"tool_calls":[{"index":` + strconv.Itoa(c.calls)
	if id != "" {
		delta += `,"id":` + quote(id) + `,"type":"function"`
	}
	return delta + `,"function":{` + function + `}}]}`
}

func (c *chatWriter) piece(_ int, b *block, piece string) {
	switch b.kind {
	case text:
		c.all(`{"content":`+quote(piece)+`}`, "")
	case thought:
		c.all(`{"content":null,"reasoning_content":`+quote(piece)+`}`, "")
	case refusal:
		c.all(`{"refusal":`+quote(piece)+`}`, "")
	case call:
		c.fragment(piece)
	}
	c.sent++
}

// fragment sends a piece of a call's arguments.
func (c *chatWriter) fragment(piece string) {
	switch {
	case c.sc.repeatToolIDs:
		c.all(c.callDelta(c.callID(c.calls), `"arguments":`+quote(piece)), "")
	case c.qwen:
		c.all(`{"tool_calls":[{"index":`+strconv.Itoa(c.calls)+`,"id":"","type":"function","function":{"name":null,"arguments":`+
			quote(piece)+`}}]}`, "")
	default:
		c.all(c.callDelta("", `"arguments":`+quote(piece)), "")
	}
}

func (c *chatWriter) shut(_ int, b *block) {
	if b.kind == call {
		if len(b.pieces) == 0 {
			c.fragment("{}")
		}
		c.calls++
	}
	if notes := c.annotations(b); len(notes) > 0 {
		c.all(string(object("annotations", notes)), "")
	}
}

func (c *chatWriter) finish() {
	c.all("{}", c.finishReason())
	if c.req.includeUsage {
		all, thoughts := c.answer.tokens()
		event := append(append(c.w.begin(""), c.head...), `],"usage":`...)
		c.w.send(append(c.appendUsage(event, all, thoughts), '}'))
	}
	if !c.sc.noDone {
		c.w.event("", []byte("[DONE]"))
	}
}

func (c *chatWriter) fail() {
	if c.qwen {
		c.w.event("", []byte(`{"error":{"message":"Output data may contain inappropriate content.",`+
			`"type":"data_inspection_failed","param":null,"code":"data_inspection_failed"}}`))
		return
	}
	c.w.event("", []byte(`{"error":{"message":"The server had an error while processing your request.",`+
		`"type":"server_error","param":null,"code":null}}`))
}

// all sends a piece of every choice; finish is empty in all but the last.
func (c *chatWriter) all(delta, finish string) {
	for choice := range c.req.choices {
		c.chunk(choice, delta, finish)
	}
}

// chunk sends one piece of one choice.
func (c *chatWriter) chunk(choice int, delta, finish string) {
	event := append(c.w.begin(""), c.head...)
	event = append(event, `{"index":`...)
	event = strconv.AppendInt(event, int64(choice), 10)
	event = append(event, `,"delta":`...)
	event = append(event, delta...)
	event = append(event, `,"logprobs":null,"finish_reason":`...)
	if finish == "" {
		event = append(event, `null}]`...)
	} else {
		event = append(event, '"')
		event = append(event, finish...)
		event = append(event, `"}]`...)
	}
	switch {
	case c.sc.usageAlways:
		event = c.appendUsage(append(event, `,"usage":`...), c.sent, 0)
	case c.req.includeUsage:
		event = append(event, `,"usage":null`...)
	}
	c.w.send(append(event, '}'))
}
