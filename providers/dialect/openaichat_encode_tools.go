package dialect

import "slices"

// tools writes the definitions and what goes with them: neither choice nor parallel calls may be told without any.
func (e *chatEncoding) tools() {
	choice := &e.req.ToolChoice
	functions := 0
	for i := range e.req.Tools {
		if t := &e.req.Tools[i]; t.Kind == ToolServer {
			e.serverTool(t)
		}
	}
	for i := range e.req.Tools {
		if t := &e.req.Tools[i]; t.Kind != ToolServer && allowed(choice, t) {
			if functions == 0 {
				e.openArray("tools")
			}
			functions++
			e.tool(t)
		}
	}
	if functions == 0 {
		return
	}
	e.close(']')
	e.toolChoice(choice)
	e.optBool("parallel_tool_calls", e.req.ParallelTools)
	if e.qwen() && slices.ContainsFunc(e.req.Tools, func(t Tool) bool { return t.Kind == ToolServer }) {
		e.report.Refuse(FieldTools, "has a tool of the upstream's beside functions, which this upstream does not take together")
	}
}

// allowed tells whether the tool is in the subset that may be called. The choice of one tool keeps all of them.
func allowed(c *ToolChoice, t *Tool) bool {
	return c.Mode == ChoiceTool || len(c.Names) == 0 || slices.Contains(c.Names, t.Ref())
}

func (e *chatEncoding) tool(t *Tool) {
	name := e.x.Wire(t.Ref(), e.names)
	e.open('{')
	if t.Kind == ToolCustom && e.x.Target.CustomTools {
		e.str("type", "custom")
		e.openObject("custom")
		e.str("name", name)
		e.optStr("description", t.Description)
		e.grammar(t)
		e.close('}')
		e.cache(t.Cache)
		e.close('}')
		return
	}
	e.str("type", "function")
	e.openObject("function")
	e.str("name", name)
	if t.Kind == ToolCustom {
		e.optStr("description", customDescription(t))
		e.raw("parameters", []byte(CustomSchema))
	} else {
		e.optStr("description", t.Description)
		e.optRaw("parameters", t.Schema)
		e.optBool("strict", t.Strict)
	}
	e.close('}')
	e.cache(t.Cache)
	e.close('}')
}

// grammar writes the format of a custom tool, which OpenAI Chat nests deeper than Responses.
func (e *chatEncoding) grammar(t *Tool) {
	if len(t.Grammar) == 0 {
		return
	}
	e.openObject("format")
	e.str("type", "grammar")
	e.openObject("grammar")
	e.raw("syntax", value(t.Grammar).get("syntax"))
	e.raw("definition", value(t.Grammar).get("definition"))
	e.buf = append(e.buf, "}}"...)
}

// customDescription is the description of a function that stands for a custom tool: it says in words what the grammar
// would enforce.
func customDescription(t *Tool) string {
	text := t.Description
	if g := value(t.Grammar); g.isObject() {
		if text != "" {
			text += "\n\n"
		}
		text += "The input is text of this grammar (" + g.get("syntax").text() + "):\n" + g.get("definition").text()
	}
	return text
}

// serverTool writes the switch for a tool of the upstream's.
func (e *chatEncoding) serverTool(t *Tool) {
	if !e.x.Target.Runs(t.Server) {
		e.report.Refuse(FieldTools, "asks for "+clipWord(t.Name)+", a tool that this upstream does not run")
		return
	}
	switch {
	case t.Server == ServerWebSearch && e.qwen():
		e.qwenSearch(t)
	case t.Server == ServerCodeInterpreter && e.qwen():
		e.bool("enable_code_interpreter", true)
	case t.Server == ServerWebSearch:
		e.webSearch(t)
	default:
		e.report.Refuse(FieldTools, "asks for "+clipWord(t.Name)+", which this upstream does not offer in OpenAI Chat")
	}
}

func (e *chatEncoding) qwenSearch(t *Tool) {
	e.bool("enable_search", true)
	forced := e.req.ToolChoice.Server == ServerWebSearch
	if forced || len(t.Options.AllowedDomains) > 0 {
		e.openObject("search_options")
		if forced {
			e.bool("forced_search", true)
		}
		if len(t.Options.AllowedDomains) > 0 {
			e.strs("assigned_site_list", t.Options.AllowedDomains)
		}
		e.close('}')
	}
	if len(t.Options.BlockedDomains) > 0 {
		e.report.Refuse(FieldTools, "blocks domains, which this upstream's search cannot")
	}
	if t.Options.MaxUses != nil {
		e.report.DropName("max_uses")
	}
}

func (e *chatEncoding) webSearch(t *Tool) {
	e.openObject("web_search_options")
	e.optStr("search_context_size", t.Options.ContextSize)
	if where := value(t.Options.Location); where.isObject() {
		e.openObject("user_location")
		e.str("type", "approximate")
		e.openObject("approximate")
		for _, name := range []string{"city", "country", "region", "timezone"} {
			e.optRaw(name, where.get(name).raw())
		}
		e.buf = append(e.buf, "}}"...)
	}
	e.close('}')
	if len(t.Options.AllowedDomains)+len(t.Options.BlockedDomains) > 0 {
		e.report.Refuse(FieldTools, "binds the search to domains, which this upstream's search cannot")
	}
	if t.Options.MaxUses != nil {
		e.report.DropName("max_uses")
	}
}

func (e *chatEncoding) toolChoice(c *ToolChoice) {
	switch c.Mode {
	case ChoiceUnset:
	case ChoiceAuto:
		e.str("tool_choice", "auto")
	case ChoiceNone:
		e.str("tool_choice", "none")
	case ChoiceRequired:
		e.str("tool_choice", "required")
	case ChoiceTool:
		if len(c.Names) == 0 {
			return // a server tool, which has its own switch
		}
		kind := "function"
		if c.Names[0].Custom && e.x.Target.CustomTools {
			kind = "custom"
		}
		e.openObject("tool_choice")
		e.str("type", kind)
		e.openObject(kind)
		e.str("name", e.x.Wire(c.Names[0], e.names))
		e.buf = append(e.buf, "}}"...)
	}
}
