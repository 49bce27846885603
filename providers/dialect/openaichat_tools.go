package dialect

func (r *chatRequest) tools(v value) error {
	if !v.isArray() {
		return &FieldError{Field: "tools", Reason: "must be an array"}
	}
	return v.elements(func(i int, v value) error {
		at := indexed("tools", i)
		switch kind := v.get("type").text(); kind {
		case "function", "":
			tool, err := chatFunction(at+".function", v.get("function"))
			tool.Cache = chatCache(v)
			r.req.Tools = append(r.req.Tools, tool)
			return err
		case "custom":
			def := v.get("custom")
			tool := Tool{Kind: ToolCustom, Name: def.get("name").text(), Description: def.get("description").text()}
			if tool.Name == "" {
				return &FieldError{Field: at + ".custom.name", Reason: "must be a string that is not empty"}
			}
			if g := def.get("format").get("grammar"); g.isObject() {
				var w writer
				w.open('{')
				w.str("type", "grammar")
				w.raw("syntax", g.get("syntax"))
				w.raw("definition", g.get("definition"))
				w.close('}')
				tool.Grammar = w.buf
			}
			r.req.Tools = append(r.req.Tools, tool)
			return nil
		default:
			server, ok := chatServerTool(kind)
			if !ok {
				return &FieldError{Field: at + ".type", Reason: "is " + clipWord(kind) + ", which is not known"}
			}
			r.req.Tools = append(r.req.Tools, Tool{Kind: ToolServer, Name: kind, Server: server})
			return nil
		}
	})
}

// chatFunction reads a function's definition.
func chatFunction(at string, v value) (Tool, error) {
	tool := Tool{
		Name: v.get("name").text(), Description: v.get("description").text(), Schema: v.get("parameters").raw(),
	}
	if tool.Name == "" {
		return tool, &FieldError{Field: at + ".name", Reason: "must be a string that is not empty"}
	}
	if len(tool.Schema) > 0 && !value(tool.Schema).isObject() {
		return tool, &FieldError{Field: at + ".parameters", Reason: "must be an object"}
	}
	if strict := v.get("strict"); !strict.isNull() {
		return tool, readBool(at+".strict", strict, &tool.Strict)
	}
	return tool, nil
}

// functions reads the definitions of the time before tools.
func (r *chatRequest) functions(v value) error {
	return v.elements(func(i int, v value) error {
		tool, err := chatFunction(indexed("functions", i), v)
		r.req.Tools = append(r.req.Tools, tool)
		return err
	})
}

func (r *chatRequest) functionCall(v value) error {
	if v.isObject() {
		r.req.ToolChoice = ToolChoice{Mode: ChoiceTool, Names: []ToolRef{{Name: v.get("name").text()}}}
		return nil
	}
	return r.toolChoice(v)
}

func (r *chatRequest) toolChoice(v value) error {
	c := &r.req.ToolChoice
	if v.isString() {
		mode, ok := chatMode(v.text())
		if !ok {
			return &FieldError{Field: "tool_choice", Reason: "must be auto, none, required or an object"}
		}
		c.Mode = mode
		return nil
	}
	switch v.get("type").text() {
	case "function":
		*c = ToolChoice{Mode: ChoiceTool, Names: []ToolRef{{Name: v.get("function").get("name").text()}}}
	case "custom":
		*c = ToolChoice{Mode: ChoiceTool, Names: []ToolRef{{Name: v.get("custom").get("name").text(), Custom: true}}}
	case "allowed_tools":
		allowed := v.get("allowed_tools")
		mode, ok := chatMode(allowed.get("mode").text())
		if !ok {
			return &FieldError{Field: "tool_choice.allowed_tools.mode", Reason: "must be auto or required"}
		}
		c.Mode = mode
		return allowed.get("tools").elements(func(_ int, v value) error {
			ref := ToolRef{Name: v.get("function").get("name").text()}
			if custom := v.get("custom"); custom.isObject() {
				ref = ToolRef{Name: custom.get("name").text(), Custom: true}
			}
			c.Names = append(c.Names, ref)
			return nil
		})
	default:
		return &FieldError{Field: "tool_choice.type", Reason: "must be function, custom or allowed_tools"}
	}
	return nil
}

func chatMode(word string) (ChoiceMode, bool) {
	switch word {
	case "auto":
		return ChoiceAuto, true
	case "none":
		return ChoiceNone, true
	case "required":
		return ChoiceRequired, true
	default:
		return ChoiceUnset, false
	}
}

// chatCache reads Anthropic's mark, which clients of gateways put on OpenAI's parts and tools.
func chatCache(v value) *CacheMark {
	mark := v.get("cache_control")
	if !mark.isObject() {
		return nil
	}
	return &CacheMark{TTL: mark.get("ttl").text()}
}
