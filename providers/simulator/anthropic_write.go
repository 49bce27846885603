package simulator

import "strconv"

// claudeWriter writes one answer as Messages does, whole or as a stream. It belongs to the handler's goroutine.
type claudeWriter struct {
	x      *exchange
	req    *messagesRequest
	sc     *script
	answer *answer

	w *wire
	// index is the next content block's, calls the number of calls opened.
	index, calls int
}

// whole returns the answer as one body.
func (c *claudeWriter) whole() []byte {
	content := []raw{}
	for i := range c.answer.blocks {
		content = append(content, c.blocks(&c.answer.blocks[i])...)
	}
	reason, sequence := c.stopReason()
	m := object("id", c.x.id("msg_"), "type", "message", "role", "assistant", "model", c.req.Model, "content", content,
		"stop_reason", reason, "stop_sequence", sequence)
	if c.answer.stop == refused {
		m = with(m, "stop_details", refusalDetails)
	}
	all, thoughts := c.answer.tokens()
	return with(m, "usage", c.usage(all, thoughts))
}

// refusalDetails are told with the stop reason "refusal".
var refusalDetails = object("type", "refusal", "category", nil, "explanation", "The simulated upstream declines.")

// blocks are the whole content blocks of one block of the answer.
func (c *claudeWriter) blocks(b *block) []raw {
	switch b.kind {
	case thought:
		return []raw{object("type", "thinking", "thinking", c.shown(b), "signature", sign(claudeSigner, b.whole()))}
	case redactedThought:
		return []raw{object("type", "redacted_thinking", "data", sign(claudeSigner, b.whole()))}
	case call:
		c.calls++
		return []raw{object("type", "tool_use", "id", c.callID(), "name", b.name, "input", wholeInput(b))}
	case search, execution:
		return c.server(b)
	default:
		o := object("type", "text", "text", b.whole())
		if notes := claudeCitations(b); notes != nil {
			o = with(o, "citations", notes)
		}
		return []raw{o}
	}
}

// shown is a thought as the client asked to see it.
func (c *claudeWriter) shown(b *block) string {
	if c.req.Thinking != nil && c.req.Thinking.Display == "omitted" {
		return ""
	}
	return b.whole()
}

// wholeInput is a call's input; arguments that broke off are left away, as the API does.
func wholeInput(b *block) raw {
	if s := raw(b.whole()); validObject(s) {
		return s
	}
	return raw("{}")
}

func (c *claudeWriter) callID() string { return c.x.id("toolu_") + "-" + strconv.Itoa(c.calls-1) }

// server is what a tool of the vendor's own leaves in the content: its use and its result.
func (c *claudeWriter) server(b *block) []raw {
	id := c.x.id("srvtoolu_")
	use := func(name string, input raw) raw {
		return object("type", "server_tool_use", "id", id, "name", name, "input", input)
	}
	if b.kind == search {
		hit := object("type", "web_search_result", "url", source.url, "title", source.title,
			"encrypted_content", sign(claudeSigner, source.quote), "page_age", nil)
		return []raw{
			use("web_search", object("query", b.name)),
			object("type", "web_search_tool_result", "tool_use_id", id, "content", []raw{hit}),
		}
	}
	return []raw{
		use("code_execution", object("code", executed)),
		object("type", "code_execution_tool_result", "tool_use_id", id, "content", object("type", "code_execution_result",
			"stdout", printed, "stderr", "", "return_code", 0, "content", []raw{})),
	}
}

func claudeCitations(b *block) []raw {
	var notes []raw
	for _, at := range b.citations {
		notes = append(notes, object("type", "web_search_result_location", "url", at.url, "title", at.title,
			"encrypted_index", sign(claudeSigner, at.url), "cited_text", at.quote))
	}
	return notes
}

// stopReason also returns the sequence that stopped the answer.
func (c *claudeWriter) stopReason() (reason string, sequence any) {
	switch c.answer.stop {
	case calledTools, malformedCall:
		return "tool_use", nil
	case reachedLimit:
		return "max_tokens", nil
	case stopSequence:
		return "stop_sequence", c.answer.stopText
	case refused, blockedPrompt:
		return "refusal", nil
	case paused:
		return "pause_turn", nil
	default:
		return "end_turn", nil
	}
}

// usage counts what was read from a cache apart from the other input.
func (c *claudeWriter) usage(output, thoughts int) raw {
	prompt, cached := (len(c.x.body)+3)/4, 0
	if c.sc.cached {
		cached = prompt / 2
	}
	searches := 0
	for i := range c.answer.blocks {
		if c.answer.blocks[i].kind == search {
			searches++
		}
	}
	return object("input_tokens", prompt-cached, "cache_creation_input_tokens", 0, "cache_read_input_tokens", cached,
		"cache_creation", object("ephemeral_5m_input_tokens", 0, "ephemeral_1h_input_tokens", 0),
		"output_tokens", output, "output_tokens_details", object("thinking_tokens", thoughts),
		"server_tool_use", object("web_search_requests", searches, "web_fetch_requests", 0), "service_tier", "standard")
}
