package dialect

// tools writes the definitions and which of them must be called.
func (e *responsesEncoding) tools() {
	if len(e.req.Tools) == 0 {
		return
	}
	before := len(e.buf)
	e.openArray("tools")
	begin := len(e.buf)
	for i := range e.req.Tools {
		if t := &e.req.Tools[i]; t.Kind == ToolServer {
			e.serverTool(t)
		} else {
			e.tool(t)
		}
	}
	if len(e.buf) == begin {
		e.buf = e.buf[:before]
		return
	}
	e.close(']')
	e.toolChoice(&e.req.ToolChoice)
}

// tool writes a function or a custom tool. OpenAI takes a function that does not say whether it is strict for one
// that is, which few schemas are fit for.
func (e *responsesEncoding) tool(t *Tool) {
	if t.Cache != nil {
		e.report.Drop(FieldCache)
	}
	if t.Vendor != "" && t.Vendor != e.x.Target.Vendor {
		e.report.Refuse(FieldTools, "holds a tool that only upstreams of "+string(t.Vendor)+" have")
		return
	}
	name := e.x.Wire(t.Ref(), NameRule{})
	e.open('{')
	switch {
	case t.Kind == ToolCustom && e.x.Target.CustomTools:
		e.str("type", "custom")
		e.str("name", name)
		e.optStr("description", t.Description)
		e.optRaw("format", t.Grammar)
		e.close('}')
		return
	case t.Kind == ToolCustom:
		e.str("type", "function")
		e.str("name", name)
		e.optStr("description", customDescription(t))
		e.raw("parameters", []byte(CustomSchema))
	default:
		schema := t.Schema
		if len(schema) == 0 {
			schema = []byte(`{"type":"object","properties":{}}`)
		}
		e.str("type", "function")
		e.str("name", name)
		e.optStr("description", t.Description)
		e.raw("parameters", schema)
	}
	e.bool("strict", t.Strict != nil && *t.Strict)
	e.close('}')
}

// serverTool writes a tool that the upstream runs.
func (e *responsesEncoding) serverTool(t *Tool) {
	switch {
	case len(t.Raw) > 0 && t.Vendor == VendorOpenAI && e.own():
		e.comma()
		e.buf = append(e.buf, t.Raw...)
		return
	case len(t.Raw) > 0, !e.x.Target.Runs(t.Server):
		e.report.Refuse(FieldTools, "asks for "+clipWord(t.Name)+", a tool that this upstream does not run")
		return
	}
	switch t.Server {
	case ServerWebSearch:
		e.webSearch(&t.Options)
	case ServerCodeInterpreter:
		e.open('{')
		e.str("type", "code_interpreter")
		container := t.Options.Container
		if len(container) == 0 && e.own() {
			container = []byte(`{"type":"auto"}`)
		}
		e.optRaw("container", container)
		e.close('}')
	case ServerURLContext:
		if e.own() { // Its search opens pages as well.
			e.webSearch(&t.Options)
			return
		}
		e.open('{')
		e.str("type", "web_extractor")
		e.close('}')
	default:
		e.report.Refuse(FieldTools, "asks for "+clipWord(t.Name)+", which this upstream does not offer")
	}
}

func (e *responsesEncoding) webSearch(o *ServerOptions) {
	e.open('{')
	e.str("type", "web_search")
	if len(o.AllowedDomains) > 0 {
		e.openObject("filters")
		e.strs("allowed_domains", o.AllowedDomains)
		e.close('}')
	}
	e.optRaw("user_location", o.Location)
	e.optStr("search_context_size", o.ContextSize)
	e.close('}')
	if len(o.BlockedDomains) > 0 {
		e.report.Refuse(FieldTools, "blocks domains, which this upstream's search cannot")
	}
	if o.MaxUses != nil {
		e.report.DropName("max_uses")
	}
}

func (e *responsesEncoding) toolChoice(c *ToolChoice) {
	if len(c.Names) > 0 && c.Mode != ChoiceTool && c.Mode != ChoiceNone {
		e.openObject("tool_choice")
		e.str("type", "allowed_tools")
		e.str("mode", responsesMode(c.Mode))
		e.openArray("tools")
		for _, ref := range c.Names {
			e.comma()
			e.ref(ref)
		}
		e.buf = append(e.buf, "]}"...)
		return
	}
	switch {
	case c.Mode == ChoiceUnset:
	case c.Mode != ChoiceTool:
		e.str("tool_choice", responsesMode(c.Mode))
	case len(c.Names) > 0:
		e.key("tool_choice")
		e.ref(c.Names[0])
	case c.Server != "":
		e.openObject("tool_choice")
		e.str("type", string(c.Server))
		e.close('}')
	}
}

func (e *responsesEncoding) ref(ref ToolRef) {
	e.buf = append(e.buf, '{')
	if ref.Custom && e.x.Target.CustomTools {
		e.str("type", "custom")
	} else {
		e.str("type", "function")
	}
	e.str("name", e.x.Wire(ref, NameRule{}))
	e.close('}')
}

func responsesMode(m ChoiceMode) string {
	switch m {
	case ChoiceNone:
		return "none"
	case ChoiceRequired:
		return "required"
	default:
		return "auto"
	}
}
