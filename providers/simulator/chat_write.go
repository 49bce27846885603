package simulator

import "strconv"

// chatWriter writes one answer as Chat Completions does, whole or as a stream. It belongs to the handler's goroutine.
type chatWriter struct {
	x      *exchange
	req    *chatRequest
	sc     *script
	answer *answer
	// qwen writes as Qwen does: no citations, and empty ids after the first fragment of a call.
	qwen bool

	w *wire
	// head begins every chunk.
	head []byte
	// sent counts the pieces and calls the tool calls that have been sent.
	sent, calls int
}

// whole returns the answer as one body.
func (c *chatWriter) whole() []byte {
	body := c.x.appendHead(c.x.out[:0], c.req, "chat.completion")
	message := c.message()
	for i := range c.req.choices {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"index":`...)
		body = strconv.AppendInt(body, int64(i), 10)
		body = append(body, `,"message":`...)
		body = append(body, message...)
		body = append(body, `,"logprobs":null,"finish_reason":"`...)
		body = append(body, c.finishReason()...)
		body = append(body, `"}`...)
	}
	all, thoughts := c.answer.tokens()
	body = append(body, `],"usage":`...)
	body = append(c.appendUsage(body, all, thoughts), '}')
	c.x.out = body
	return body
}

// message is the assistant's whole message.
func (c *chatWriter) message() raw {
	message := object("role", "assistant")
	var content, declined, thoughts string
	var calls, notes []raw
	for i := range c.answer.blocks {
		b := &c.answer.blocks[i]
		switch b.kind {
		case text:
			content += b.whole()
			notes = append(notes, c.annotations(b)...)
		case refusal:
			declined += b.whole()
		case thought:
			thoughts += b.whole()
		case call:
			calls = append(calls, object("id", c.callID(len(calls)), "type", "function",
				"function", object("name", b.name, "arguments", orEmptyObject(b.whole()))))
		}
	}
	if thoughts != "" {
		message = with(message, "reasoning_content", thoughts)
	}
	message = with(message, "content", orNull(content), "refusal", orNull(declined), "annotations", orNone(notes))
	if len(calls) > 0 {
		message = with(message, "tool_calls", calls)
	}
	return message
}

// orNone is the list, an empty one in place of none.
func orNone(list []raw) []raw {
	if list == nil {
		return []raw{}
	}
	return list
}

// orEmptyObject is the arguments of a call, which are never nothing in a whole one.
func orEmptyObject(arguments string) string {
	if arguments == "" {
		return "{}"
	}
	return arguments
}

func (c *chatWriter) annotations(b *block) []raw {
	var notes []raw
	if c.qwen {
		return nil
	}
	for _, at := range b.citations {
		notes = append(notes, object("type", "url_citation", "url_citation",
			object("start_index", at.start, "end_index", at.end, "url", at.url, "title", at.title)))
	}
	return notes
}

func (c *chatWriter) callID(n int) string { return c.x.id("call_") + "-" + strconv.Itoa(n) }

func (c *chatWriter) finishReason() string {
	switch c.answer.stop {
	case calledTools, malformedCall:
		return "tool_calls"
	case reachedLimit:
		return "length"
	case blockedPrompt:
		return "content_filter"
	default:
		return "stop"
	}
}
