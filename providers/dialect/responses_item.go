package dialect

import "strings"

// outputItem reads an item of an answer, in a history or in the answer itself, and tells whether it is one of those
// that the gateway knows.
func (r *responsesReader) outputItem(at, kind string, v value) (parts []Part, known bool, err error) {
	switch kind {
	case "message":
		parts, err = r.content(at+".content", v.get("content"))
		return parts, true, err
	case "reasoning":
		p := r.thought(v)
		if p.Text == "" && p.Signature.Empty() {
			return nil, true, nil
		}
		return []Part{p}, true, nil
	case "function_call", "custom_tool_call":
		p, err := r.call(at, v, kind == "custom_tool_call")
		return []Part{p}, true, err
	case "web_search_call":
		return responsesSearch(v), true, nil
	case "code_interpreter_call":
		return responsesRun(v), true, nil
	case "image_generation_call":
		data := v.get("result").text()
		if data == "" {
			return nil, true, nil
		}
		m := &Media{Data: data}
		m.Type = mediaType(m)
		return []Part{{Kind: PartImage, Media: m}}, true, nil
	default:
		return nil, false, nil
	}
}

// call reads a call. Its signature, as Gemini has them, is in the id that a client returns.
func (r *responsesReader) call(at string, v value, custom bool) (Part, error) {
	c := &ToolCall{ID: v.get("call_id").text(), Name: v.get("name").text(), Namespace: v.get("namespace").text(), Custom: custom}
	p := Part{Kind: PartToolCall, Call: c}
	if r.report != nil {
		c.ID, p.Signature, _ = OpenID(c.ID)
	}
	if custom {
		c.Input = v.get("input").text()
	} else {
		c.Args = Arguments(v.get("arguments").text())
	}
	switch {
	case c.Name == "":
		return p, &FieldError{Field: at + ".name", Reason: "must be a string that is not empty"}
	case c.ID == "" && r.report != nil:
		return p, &FieldError{Field: at + ".call_id", Reason: "must be a string that is not empty"}
	}
	return p, nil
}

// responsesSearch reads the use of web search: what was looked for or opened, and what was found.
func responsesSearch(v value) []Part {
	action := v.get("action")
	call := &ServerCall{
		ID: v.get("id").text(), Tool: ServerWebSearch, Query: action.get("query").text(), URL: action.get("url").text(),
	}
	if action.get("type").text() == "find_in_page" {
		call.Input = action.raw()
	}
	if call.Query == "" {
		_ = action.get("queries").elements(func(_ int, q value) error {
			call.Query = joinLines(call.Query, q.text())
			return nil
		})
	}
	result := &ServerResult{CallID: call.ID, Tool: ServerWebSearch}
	_ = action.get("sources").elements(func(_ int, s value) error {
		result.Sources = append(result.Sources, Source{URL: s.get("url").text(), Title: s.get("title").text()})
		return nil
	})
	if v.get("status").text() == "failed" {
		result.Failure = "unavailable"
	}
	return []Part{{Kind: PartServerCall, ServerCall: call}, {Kind: PartServerResult, ServerResult: result}}
}

// responsesRun reads the run of code, and what it has written.
func responsesRun(v value) []Part {
	call := &ServerCall{
		ID: v.get("id").text(), Tool: ServerCodeInterpreter, Code: v.get("code").text(), Language: "python",
		Container: v.get("container_id").text(),
	}
	result := &ServerResult{CallID: call.ID, Tool: ServerCodeInterpreter}
	_ = v.get("outputs").elements(func(_ int, o value) error {
		switch o.get("type").text() {
		case "logs":
			result.Outputs = append(result.Outputs, CodeOutput{Logs: o.get("logs").text()})
		case "image":
			result.Outputs = append(result.Outputs, CodeOutput{Image: mediaOf(o.get("url").text())})
		}
		return nil
	})
	if v.get("status").text() == "failed" {
		result.Failure = "execution_failed"
	}
	return []Part{{Kind: PartServerCall, ServerCall: call}, {Kind: PartServerResult, ServerResult: result}}
}

// responsesOwnID is the id of a use of a server tool as OpenAI gave it, empty for those that other vendors have run.
func responsesOwnID(id string) string {
	id = strings.TrimPrefix(id, anthropicServerPrefix)
	if strings.HasPrefix(id, "ws_") || strings.HasPrefix(id, "ci_") {
		return id
	}
	return ""
}
