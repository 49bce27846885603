package dialect

func (e *chatEncoding) messages() {
	messages := e.req.Messages
	if e.qwen() {
		messages = oneSystem(messages)
	}
	messages = SettleCalls(MergeTurns(messages))
	e.openArray("messages")
	for i := range messages {
		m := &messages[i]
		switch m.Role {
		case RoleSystem:
			e.said("system", m, m.Parts)
		case RoleDeveloper:
			role := "developer"
			if e.x.Target.Vendor != VendorOpenAI || e.x.Target.OldMaxTokens {
				role = "system" // The newer word is OpenAI's own.
			}
			e.said(role, m, m.Parts)
		case RoleUser:
			e.userTurn(m)
		case RoleAssistant:
			e.assistantTurn(m)
		}
	}
	e.close(']')
}

// oneSystem returns the messages with one of the system, at the beginning, which is all that Qwen's servers take.
func oneSystem(messages []Message) []Message {
	system, turns := SplitSystem(messages)
	turns = FoldSystem(turns)
	if len(system) == 0 {
		return turns
	}
	return append([]Message{{Role: RoleSystem, Parts: system}}, turns...)
}

// userTurn writes the results of tools as messages of their own and the rest as one, after them. A message of the role
// tool has text only, so that images of a result go into the message after it.
func (e *chatEncoding) userTurn(m *Message) {
	var rest, shown []Part
	for i := range m.Parts {
		p := &m.Parts[i]
		if p.Kind != PartToolResult {
			rest = append(rest, *p)
			continue
		}
		text := p.Result.Text()
		for _, inner := range p.Result.Parts {
			if inner.Kind == PartText {
				continue
			}
			if len(shown) == 0 {
				text = joinLines(text, "The images and files of this result are in the message after it.")
			}
			shown = append(shown, inner)
		}
		if p.Result.Failed {
			text = "Error: " + text
		}
		e.open('{')
		e.str("role", "tool")
		e.str("tool_call_id", chatID(p.Result.CallID))
		e.str("content", text)
		e.close('}')
	}
	if rest = append(shown, rest...); len(rest) > 0 {
		e.said("user", m, rest)
	}
}

func joinLines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

// chatID makes the id of a call fit: OpenAI takes 40 bytes at most.
func chatID(id string) string { return LegalID(id, 40) }

// said writes a message of parts: as a string if it is one text.
func (e *chatEncoding) said(role string, m *Message, parts []Part) {
	e.open('{')
	e.str("role", role)
	e.optStr("name", m.Name)
	if len(parts) == 1 && parts[0].Kind == PartText && parts[0].Cache == nil {
		e.str("content", parts[0].Text)
	} else {
		e.openArray("content")
		for i := range parts {
			e.part(m, &parts[i])
		}
		e.close(']')
	}
	e.close('}')
}

func (e *chatEncoding) part(m *Message, p *Part) {
	switch p.Kind {
	case PartText, PartRefusal:
		e.textPart(p.Text, p.Cache)
	case PartImage:
		if p.Media.FileID != "" {
			e.report.RefuseAt(m.At, "has an image by the id of a file, which this upstream cannot take")
			return
		}
		e.open('{')
		e.str("type", "image_url")
		e.openObject("image_url")
		e.str("url", p.Media.Address())
		e.optStr("detail", p.Media.Detail)
		e.close('}')
		e.cache(p.Cache)
		e.close('}')
	case PartAudio:
		e.audio(m, p)
	case PartFile:
		e.file(m, p)
	case PartThinking:
	case PartServerCall, PartServerResult:
		e.textPart(ServerText(p), nil)
	case PartToolCall, PartToolResult: // written by the turn
	}
}

func (e *chatEncoding) textPart(text string, cache *CacheMark) {
	if text == "" {
		return
	}
	e.open('{')
	e.str("type", "text")
	e.str("text", text)
	e.cache(cache)
	e.close('}')
}

// cache writes a mark into the part or the tool that is open. Of the upstreams only Qwen's know them.
func (e *chatEncoding) cache(mark *CacheMark) {
	switch {
	case mark == nil:
	case e.qwen():
		e.raw("cache_control", []byte(`{"type":"ephemeral"}`))
	default:
		e.report.Drop(FieldCache)
	}
}

func (e *chatEncoding) audio(m *Message, p *Part) {
	format := ""
	switch p.Media.Type {
	case "audio/wav", "audio/x-wav", "audio/wave":
		format = "wav"
	case "audio/mp3", "audio/mpeg":
		format = "mp3"
	}
	if format == "" || p.Media.Data == "" {
		e.report.RefuseAt(m.At, "has audio that this upstream cannot take: it takes wav and mp3 in the request itself")
		return
	}
	e.open('{')
	e.str("type", "input_audio")
	e.openObject("input_audio")
	e.str("data", p.Media.Data)
	e.str("format", format)
	e.buf = append(e.buf, "}}"...)
}

func (e *chatEncoding) file(m *Message, p *Part) {
	media := p.Media.Plain()
	switch {
	case media.Text != "":
		e.textPart(media.Document(), p.Cache)
		return
	case media.FileID != "" && media.Vendor != e.x.Target.Vendor:
		e.report.RefuseAt(m.At, "has a file by an id that belongs to another vendor")
		return
	case media.URL != "":
		e.report.RefuseAt(m.At, "has a file by its address, which this upstream cannot fetch: send the file itself")
		return
	}
	e.open('{')
	e.str("type", "file")
	e.openObject("file")
	if media.FileID != "" {
		e.str("file_id", media.FileID)
	} else {
		e.str("filename", media.FileName())
		e.str("file_data", media.DataURL())
	}
	e.close('}')
	e.cache(p.Cache)
	e.close('}')
}

// assistantTurn writes texts and calls as one message.
func (e *chatEncoding) assistantTurn(m *Message) {
	var said []Part
	var thought, refusal string
	calls := 0
	for i := range m.Parts {
		switch p := &m.Parts[i]; p.Kind {
		case PartToolCall:
			calls++
		case PartThinking:
			thought = joinLines(thought, p.Text)
		case PartRefusal:
			refusal = joinLines(refusal, p.Text)
		case PartImage, PartAudio, PartFile:
			e.report.RefuseAt(m.At, "has an image, a sound or a file of the assistant's, which this upstream cannot take")
		default:
			said = append(said, *p)
		}
	}
	if len(said) == 0 && calls == 0 && refusal == "" {
		return
	}
	e.open('{')
	e.str("role", "assistant")
	e.optStr("name", m.Name)
	if e.x.Target.EchoReasoning {
		e.optStr("reasoning_content", thought)
	}
	switch {
	case len(said) == 0:
		e.null("content")
	case len(said) == 1 && said[0].Kind == PartText:
		e.str("content", said[0].Text)
	default:
		e.openArray("content")
		for i := range said {
			e.part(m, &said[i])
		}
		e.close(']')
	}
	e.optStr("refusal", refusal)
	e.toolCalls(m, calls)
	e.close('}')
}

func (e *chatEncoding) toolCalls(m *Message, calls int) {
	if calls == 0 {
		return
	}
	e.openArray("tool_calls")
	for i := range m.Parts {
		call := m.Parts[i].Call
		if call == nil {
			continue
		}
		e.open('{')
		e.str("id", chatID(call.ID))
		if call.Custom && e.x.Target.CustomTools {
			e.str("type", "custom")
			e.openObject("custom")
			e.str("name", e.x.Wire(call.Ref(), e.names))
			e.str("input", call.Input)
		} else {
			args := call.Args
			if call.Custom {
				args = CustomArgs(call.Input)
			}
			e.str("type", "function")
			e.openObject("function")
			e.str("name", e.x.Wire(call.Ref(), e.names))
			e.bytes("arguments", args)
		}
		e.buf = append(e.buf, "}}"...)
	}
	e.close(']')
}
