package dialect

// input writes the conversation as items: the system's first text as instructions, if it is nothing but text.
func (e *responsesEncoding) input() {
	messages := SettleCalls(MergeTurns(e.req.Messages))
	e.custom = NameResults(messages)
	if len(messages) > 0 && messages[0].Role == RoleSystem && onlyText(messages[0].Parts) {
		for i := range messages[0].Parts {
			e.cache(&messages[0].Parts[i])
		}
		e.str("instructions", JoinText(messages[0].Parts, "\n\n"))
		messages = messages[1:]
	}
	e.openArray("input")
	for i := range messages {
		switch m := &messages[i]; m.Role {
		case RoleSystem:
			e.said("system", m, m.Parts)
		case RoleDeveloper:
			e.said("developer", m, m.Parts)
		case RoleUser:
			e.userTurn(m)
		case RoleAssistant:
			e.assistantTurn(m)
		}
	}
	e.close(']')
}

func onlyText(parts []Part) bool {
	for i := range parts {
		if parts[i].Kind != PartText {
			return false
		}
	}
	return len(parts) > 0
}

// cache reports a mark that is left out: OpenAI caches by itself.
func (e *responsesEncoding) cache(p *Part) {
	if p.Cache != nil {
		e.report.Drop(FieldCache)
	}
}

// userTurn writes the results of tools as items of their own and the rest as one message, after them.
func (e *responsesEncoding) userTurn(m *Message) {
	var rest []Part
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Kind == PartToolResult {
			e.cache(p)
			e.result(m, p.Result)
		} else {
			rest = append(rest, *p)
		}
	}
	if len(rest) > 0 {
		e.said("user", m, rest)
	}
}

// responsesCallID makes the id of a call fit: OpenAI takes 64 bytes at most.
func responsesCallID(id string) string { return LegalID(id, 64) }

func (e *responsesEncoding) result(m *Message, r *ToolResult) {
	kind := "function_call_output"
	if e.isCustom(r) {
		kind = "custom_tool_call_output"
	}
	e.open('{')
	e.str("type", kind)
	e.str("call_id", responsesCallID(r.CallID))
	text := r.Text()
	if r.Failed {
		text = "Error: " + text
	}
	if len(r.Data) > 0 || len(r.Parts) == 0 || onlyText(r.Parts) {
		e.str("output", text)
	} else {
		e.openArray("output")
		if r.Failed {
			e.textPart("input_text", "Error:")
		}
		for i := range r.Parts {
			e.part(m, &r.Parts[i])
		}
		e.close(']')
	}
	e.close('}')
}

// isCustom tells whether a result answers a call that went as one of a custom tool.
func (e *responsesEncoding) isCustom(r *ToolResult) bool {
	return e.x.Target.CustomTools && e.custom[r.CallID].Custom
}

// said writes a message of parts: as a string if it is one text.
func (e *responsesEncoding) said(role string, m *Message, parts []Part) {
	e.open('{')
	e.str("type", "message")
	e.str("role", role)
	if len(parts) == 1 && parts[0].Kind == PartText {
		e.cache(&parts[0])
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

func (e *responsesEncoding) textPart(kind, text string) {
	if text == "" {
		return
	}
	e.open('{')
	e.str("type", kind)
	e.str("text", text)
	e.close('}')
}

func (e *responsesEncoding) part(m *Message, p *Part) {
	e.cache(p)
	switch p.Kind {
	case PartText, PartRefusal:
		e.textPart("input_text", p.Text)
	case PartImage:
		e.image(m, p.Media)
	case PartFile:
		e.file(m, p.Media)
	case PartAudio:
		e.report.RefuseAt(m.At, "has audio, which this upstream cannot take")
	case PartServerCall, PartServerResult:
		e.textPart("input_text", ServerText(p))
	case PartThinking, PartToolCall, PartToolResult: // not a user's, or written by the turn
	}
}

func (e *responsesEncoding) image(m *Message, media *Media) {
	if media.FileID != "" && media.Vendor != e.x.Target.Vendor {
		e.report.RefuseAt(m.At, "has an image by the id of a file that belongs to another vendor")
		return
	}
	e.open('{')
	e.str("type", "input_image")
	if media.FileID != "" {
		e.str("file_id", media.FileID)
	} else {
		e.str("image_url", media.Address())
	}
	e.optStr("detail", media.Detail)
	e.close('}')
}

func (e *responsesEncoding) file(m *Message, media *Media) {
	media = media.Plain()
	switch {
	case media.Text != "":
		e.textPart("input_text", media.Document())
		return
	case media.FileID != "" && media.Vendor != e.x.Target.Vendor:
		e.report.RefuseAt(m.At, "has a file by an id that belongs to another vendor")
		return
	}
	e.open('{')
	e.str("type", "input_file")
	switch {
	case media.FileID != "":
		e.str("file_id", media.FileID)
	case media.URL != "":
		e.str("file_url", media.URL)
	default:
		e.str("filename", media.FileName())
		e.str("file_data", (&Media{Type: mediaType(media), Data: media.Data}).DataURL())
	}
	e.close('}')
}
