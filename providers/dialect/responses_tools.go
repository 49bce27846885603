package dialect

import "strings"

// tools reads definitions, those of a namespace among them.
func (r *responsesRequest) tools(at, namespace string, v value) error {
	if !v.isArray() {
		return &FieldError{Field: at, Reason: "must be an array"}
	}
	return v.elements(func(i int, v value) error { return r.tool(indexed(at, i), namespace, v) })
}

func (r *responsesRequest) tool(at, namespace string, v value) error {
	kind := v.get("type").text()
	t := Tool{Name: v.get("name").text(), Namespace: namespace, Description: v.get("description").text()}
	switch {
	case kind == "function", kind == "":
		t.Schema = v.get("parameters").raw()
		if len(t.Schema) > 0 && !value(t.Schema).isObject() {
			return &FieldError{Field: at + ".parameters", Reason: "must be an object"}
		}
		if strict := v.get("strict"); !strict.isNull() {
			if err := readBool(at+".strict", strict, &t.Strict); err != nil {
				return err
			}
		}
	case kind == "custom":
		t.Kind = ToolCustom
		if format := v.get("format"); format.get("type").text() == "grammar" {
			t.Grammar = format.raw()
		}
	case kind == "namespace" && namespace == "":
		return r.namespace(at, &t, v.get("tools"))
	default:
		r.serverTool(at, kind, v)
		return nil
	}
	if t.Name == "" {
		return &FieldError{Field: at + ".name", Reason: "must be a string that is not empty"}
	}
	r.req.Tools = append(r.req.Tools, t)
	return nil
}

// namespace reads the tools of a namespace. They are told to upstreams one by one, under names that begin with the
// namespace's; what describes all of them together has no place there.
func (r *responsesRequest) namespace(at string, t *Tool, tools value) error {
	if t.Name == "" {
		return &FieldError{Field: at + ".name", Reason: "must be a string that is not empty"}
	}
	if t.Description != "" {
		r.report.DropName(at + ".description")
	}
	return r.tools(at+".tools", t.Name, tools)
}

// serverTool reads a tool that the upstream runs, or that only OpenAI's models have learnt to use.
func (r *responsesRequest) serverTool(at, kind string, v value) {
	t := Tool{Kind: ToolServer, Name: kind, Server: responsesServerTool(kind)}
	switch t.Server {
	case ServerWebSearch:
		filters := v.get("filters")
		t.Options = ServerOptions{
			AllowedDomains: responsesDomains(filters.get("allowed_domains")),
			BlockedDomains: responsesDomains(filters.get("blocked_domains")),
			ContextSize:    v.get("search_context_size").text(), Location: v.get("user_location").raw(),
		}
		if access := v.get("external_web_access"); !access.isNull() && !access.isTrue() {
			r.report.DropName(at + ".external_web_access")
		}
	case ServerCodeInterpreter:
		t.Options.Container = v.get("container").raw()
	default:
		t.Server, t.Vendor, t.Raw = ServerTool(kind), VendorOpenAI, v.raw()
	}
	r.req.Tools = append(r.req.Tools, t)
}

func responsesDomains(v value) []string {
	var names []string
	_ = v.elements(func(_ int, name value) error {
		names = append(names, name.text())
		return nil
	})
	return names
}

// responsesServerTool is what a type of tool means, empty for tools that other vendors do not have. Web search has
// dated types.
func responsesServerTool(kind string) ServerTool {
	switch {
	case strings.HasPrefix(kind, "web_search"):
		return ServerWebSearch
	case kind == "code_interpreter":
		return ServerCodeInterpreter
	default:
		return ""
	}
}

func (r *responsesRequest) toolChoice(v value) error {
	c := &r.req.ToolChoice
	if v.isString() {
		mode, ok := chatMode(v.text())
		if !ok {
			return &FieldError{Field: "tool_choice", Reason: "must be auto, none, required or an object"}
		}
		c.Mode = mode
		return nil
	}
	kind := v.get("type").text()
	if kind == "allowed_tools" {
		mode, ok := chatMode(v.get("mode").text())
		if !ok {
			return &FieldError{Field: "tool_choice.mode", Reason: "must be auto or required"}
		}
		c.Mode = mode
		err := v.get("tools").elements(func(i int, v value) error {
			return r.allowedTool(indexed("tool_choice.tools", i), v)
		})
		if err == nil && len(c.Names) == 0 {
			r.report.RefuseName("tool_choice.tools", "allows none of the client's own tools, which the gateway can't translate")
		}
		return err
	}
	*c = ToolChoice{Mode: ChoiceTool}
	switch kind {
	case "function", "custom":
		c.Names = []ToolRef{responsesRef(v)}
	case "":
		return &FieldError{Field: "tool_choice.type", Reason: "is missing"}
	default:
		if c.Server = responsesServerTool(kind); c.Server == "" {
			r.report.RefuseName("tool_choice", "wants a tool of type "+clipWord(kind)+", which the gateway can't translate")
		}
	}
	return nil
}

// allowedTool reads one tool of those that may be called. Tools that the upstream runs cannot be switched off by
// leaving them out; that they are listed says nothing new.
func (r *responsesRequest) allowedTool(at string, v value) error {
	switch kind := v.get("type").text(); kind {
	case "function", "custom":
		r.req.ToolChoice.Names = append(r.req.ToolChoice.Names, responsesRef(v))
	case "":
		return &FieldError{Field: at + ".type", Reason: "is missing"}
	default:
		if responsesServerTool(kind) == "" {
			r.report.RefuseName(at, "is of type "+clipWord(kind)+", which the gateway can't translate")
		}
	}
	return nil
}

func responsesRef(v value) ToolRef {
	return ToolRef{
		Namespace: v.get("namespace").text(), Name: v.get("name").text(), Custom: v.get("type").text() == "custom",
	}
}
