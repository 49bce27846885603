package simulator

// stream sends the answer event by event.
func (c *claudeWriter) stream() {
	c.w = c.x.openWire(c.sc, "\n")
	c.w.play(c.answer, c)
}

// send sends an event whose data begin with its type.
func (c *claudeWriter) send(kind string, members ...any) {
	c.w.event(kind, with(object("type", kind), members...))
}

func (c *claudeWriter) start() {
	c.send("message_start", "message", object("id", c.x.id("msg_"), "type", "message", "role", "assistant",
		"model", c.req.Model, "content", []raw{}, "stop_reason", nil, "stop_sequence", nil, "usage", c.usage(1, 0)))
	c.send("ping")
}

func (c *claudeWriter) open(_ int, b *block) {
	switch b.kind {
	case thought:
		c.begin(object("type", "thinking", "thinking", "", "signature", ""))
	case call:
		c.calls++
		c.begin(object("type", "tool_use", "id", c.callID(), "name", b.name, "input", object()))
		c.delta("input_json_delta", "partial_json", "")
	case redactedThought:
		c.begin(c.blocks(b)[0])
	case search, execution:
		c.serverBlocks(b)
	default:
		o := object("type", "text", "text", "")
		if len(b.citations) > 0 {
			o = with(o, "citations", []raw{})
		}
		c.begin(o)
	}
}

// serverBlocks sends the use of a tool of the vendor's own, whose input comes in pieces, and its result.
func (c *claudeWriter) serverBlocks(b *block) {
	id := c.x.id("srvtoolu_")
	name, input := "web_search", object("query", b.name)
	if b.kind == execution {
		name, input = "code_execution", object("code", executed)
	}
	c.begin(object("type", "server_tool_use", "id", id, "name", name, "input", object()))
	for _, piece := range split(string(input)) {
		c.delta("input_json_delta", "partial_json", piece)
	}
	c.end()
	c.begin(c.server(b)[1])
}

// begin opens a content block.
func (c *claudeWriter) begin(o raw) {
	c.send("content_block_start", "index", c.index, "content_block", o)
}

// delta sends a piece of the open content block.
func (c *claudeWriter) delta(kind, name string, value any) {
	c.send("content_block_delta", "index", c.index, "delta", object("type", kind, name, value))
}

// end closes the open content block.
func (c *claudeWriter) end() {
	c.send("content_block_stop", "index", c.index)
	c.index++
}

func (c *claudeWriter) piece(_ int, b *block, piece string) {
	switch b.kind {
	case thought:
		if c.shown(b) != "" {
			c.delta("thinking_delta", "thinking", piece)
		}
	case call:
		c.delta("input_json_delta", "partial_json", piece)
	case text, refusal:
		c.delta("text_delta", "text", piece)
	}
}

func (c *claudeWriter) shut(_ int, b *block) {
	if b.kind == thought {
		c.delta("signature_delta", "signature", sign(claudeSigner, b.whole()))
	}
	for _, note := range claudeCitations(b) {
		c.delta("citations_delta", "citation", note)
	}
	c.end()
}

func (c *claudeWriter) finish() {
	reason, sequence := c.stopReason()
	delta := object("stop_reason", reason, "stop_sequence", sequence)
	if c.answer.stop == refused {
		delta = with(delta, "stop_details", refusalDetails)
	}
	all, thoughts := c.answer.tokens()
	c.send("message_delta", "delta", delta, "usage", c.usage(all, thoughts))
	if !c.sc.noDone {
		c.send("message_stop")
	}
}

func (c *claudeWriter) fail() {
	c.w.event("error", object("type", "error", "error", object("type", "overloaded_error", "message", "Overloaded"),
		"request_id", c.x.id("req_")))
}
