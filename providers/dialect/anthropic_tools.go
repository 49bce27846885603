package dialect

import (
	"strings"
)

// tools reads the definitions of tools.
func (d *anthropicRequest) tools(v value) error {
	if !v.isArray() {
		return &FieldError{Field: "tools", Reason: "must be an array"}
	}
	return v.elements(func(i int, v value) error {
		tool := Tool{
			Name: v.get("name").text(), Description: v.get("description").text(),
			Cache: d.reader.cacheMark(v.get("cache_control")),
		}
		if kind := v.get("type").text(); kind != "" && kind != "custom" {
			d.typedTool(&tool, kind, v)
			d.request.Tools = append(d.request.Tools, tool)
			return nil
		}
		if tool.Name == "" {
			return &FieldError{Field: indexed("tools", i) + ".name", Reason: "is missing"}
		}
		tool.Schema = v.get("input_schema").raw()
		if strict := v.get("strict"); !strict.isNull() {
			tool.Strict = new(strict.isTrue())
		}
		d.request.Tools = append(d.request.Tools, tool)
		return nil
	})
}

// typedTool reads a tool that Anthropic defines, by its versioned type: those that have a meaning for other vendors
// too, and the rest, which only Anthropic's models have learnt to use.
func (d *anthropicRequest) typedTool(tool *Tool, kind string, v value) {
	tool.Kind = ToolServer
	tool.Server = anthropicServerTool(kind)
	if tool.Server == "" {
		tool.Server, tool.Vendor, tool.Raw = ServerTool(kind), VendorAnthropic, v.raw()
		return
	}
	o := &tool.Options
	if uses, ok := v.get("max_uses").integer(); ok {
		o.MaxUses = &uses
	}
	o.AllowedDomains, o.BlockedDomains = anthropicDomains(v.get("allowed_domains")), anthropicDomains(v.get("blocked_domains"))
	o.Location = v.get("user_location").raw()
}

// anthropicDomains reads names of hosts.
func anthropicDomains(v value) []string {
	var names []string
	// The request has been read as a whole by now, so the array is well-formed.
	_ = v.elements(func(_ int, name value) error {
		names = append(names, name.text())
		return nil
	})
	return names
}

// anthropicServerTool is what a versioned type, or the name in a block of content, means, empty for tools that other
// vendors do not have.
func anthropicServerTool(kind string) ServerTool {
	switch {
	case strings.HasPrefix(kind, "web_search"):
		return ServerWebSearch
	case strings.HasPrefix(kind, "code_execution"), kind == "bash_code_execution":
		return ServerCodeInterpreter
	case strings.HasPrefix(kind, "web_fetch"):
		return ServerURLContext
	default:
		return ""
	}
}

// choice reads tool_choice.
func (d *anthropicRequest) choice(v value) error {
	c := &d.request.ToolChoice
	switch v.get("type").text() {
	case "auto":
		c.Mode = ChoiceAuto
	case "any":
		c.Mode = ChoiceRequired
	case "none":
		c.Mode = ChoiceNone
	case "tool":
		c.Mode = ChoiceTool
		name := v.get("name").text()
		if name == "" {
			return &FieldError{Field: "tool_choice.name", Reason: "is missing: the choice of type tool needs it"}
		}
		c.Names = []ToolRef{{Name: name}}
	default:
		return &FieldError{Field: "tool_choice.type", Reason: "must be auto, any, tool or none"}
	}
	if alone := v.get("disable_parallel_tool_use"); !alone.isNull() {
		d.alone = new(alone.isTrue())
	}
	return nil
}

// writeTools appends the definitions and the choice of tools.
func (e *anthropicEncoding) writeTools() {
	r := e.x.Request
	offered := r.Tools
	if len(r.ToolChoice.Names) > 0 && r.ToolChoice.Mode != ChoiceTool {
		offered = chosenTools(r.Tools, r.ToolChoice.Names)
	}
	if len(offered) == 0 {
		return
	}
	e.w.openArray("tools")
	for i := range offered {
		e.writeTool(&offered[i])
	}
	e.w.close(']')
	e.writeChoice()
}

// chosenTools returns the tools that may be called.
func chosenTools(tools []Tool, names []ToolRef) []Tool {
	var chosen []Tool
	for i := range tools {
		for _, name := range names {
			if tools[i].Ref() == name {
				chosen = append(chosen, tools[i])
				break
			}
		}
	}
	return chosen
}

func (e *anthropicEncoding) writeTool(t *Tool) {
	switch {
	case t.Kind == ToolServer:
		e.writeServerTool(t)
		return
	case t.Vendor != "" && t.Vendor != VendorAnthropic:
		e.report.RefuseName(string(FieldTools), "holds a tool that only upstreams of "+string(t.Vendor)+" have")
		return
	}
	schema, description := t.Schema, t.Description
	if t.Kind == ToolCustom {
		schema, description = []byte(CustomSchema), customDescription(t)
	}
	e.w.open('{')
	e.w.str("name", e.x.Wire(t.Ref(), NameRule{}))
	e.w.optStr("description", description)
	e.w.raw("input_schema", anthropicSchema(schema))
	if t.Strict != nil && *t.Strict && t.Kind == ToolFunction {
		e.w.bool("strict", true)
	}
	e.writeCache(t.Cache)
	e.w.close('}')
}

// writeServerTool appends a tool that Anthropic runs, in the version that all models which have it accept.
func (e *anthropicEncoding) writeServerTool(t *Tool) {
	if len(t.Raw) > 0 {
		if t.Vendor == VendorAnthropic && e.x.Target.Vendor == VendorAnthropic {
			e.w.comma()
			e.w.buf = append(e.w.buf, t.Raw...)
			return
		}
		e.report.Refuse(FieldTools, "holds "+string(t.Server)+", which this upstream does not have")
		return
	}
	kind, name := "", ""
	switch t.Server {
	case ServerWebSearch:
		kind, name = "web_search_20250305", "web_search"
	case ServerCodeInterpreter:
		kind, name = "code_execution_20250825", "code_execution"
	case ServerURLContext:
		kind, name = "web_fetch_20250910", "web_fetch"
	}
	if kind == "" || !e.x.Target.Runs(t.Server) {
		e.report.Refuse(FieldTools, "holds "+string(t.Server)+", which this upstream does not run")
		return
	}
	e.w.open('{')
	e.w.str("type", kind)
	e.w.str("name", name)
	e.w.optInt("max_uses", t.Options.MaxUses)
	if len(t.Options.AllowedDomains) > 0 {
		e.w.strs("allowed_domains", t.Options.AllowedDomains)
	}
	if len(t.Options.BlockedDomains) > 0 {
		e.w.strs("blocked_domains", t.Options.BlockedDomains)
	}
	e.w.optRaw("user_location", t.Options.Location)
	e.writeCache(t.Cache)
	e.w.close('}')
}

// writeChoice appends tool_choice, also where only parallel calls are ruled out.
func (e *anthropicEncoding) writeChoice() {
	choice := &e.x.Request.ToolChoice
	alone := e.x.Request.ParallelTools != nil && !*e.x.Request.ParallelTools
	kind := ""
	switch choice.Mode {
	case ChoiceUnset:
		if !alone {
			return
		}
		kind = "auto"
	case ChoiceAuto:
		kind = "auto"
	case ChoiceNone:
		kind = "none"
	case ChoiceRequired:
		kind = "any"
	case ChoiceTool:
		kind = "tool"
	}
	e.w.openObject("tool_choice")
	e.w.str("type", kind)
	if choice.Mode == ChoiceTool {
		switch {
		case choice.Server == ServerCodeInterpreter:
			e.w.str("name", "code_execution")
		case choice.Server == ServerURLContext:
			e.w.str("name", "web_fetch")
		case choice.Server != "":
			e.w.str("name", string(choice.Server))
		case len(choice.Names) > 0:
			e.w.str("name", e.x.Wire(choice.Names[0], NameRule{}))
		}
	}
	if alone && choice.Mode != ChoiceNone {
		e.w.bool("disable_parallel_tool_use", true)
	}
	e.w.close('}')
}

// anthropicSchema returns a schema as Anthropic demands it of tools: of type object, and no choice between schemas at
// its top. The members of the schemas to choose from are rarely told apart by more than their fields, which the
// description has; the tool gets them as it would without a schema.
func anthropicSchema(schema []byte) []byte {
	v := value(schema)
	if !v.isObject() {
		return []byte(`{"type":"object","properties":{}}`)
	}
	if v.get("type").text() == "object" && v.get("anyOf").isNull() && v.get("oneOf").isNull() && v.get("allOf").isNull() {
		return schema
	}
	w := writer{buf: make([]byte, 0, len(schema)+32)}
	w.open('{')
	w.str("type", "object")
	properties := false
	err := v.members(func(name []byte, member value) error {
		switch string(name) {
		case "type", "anyOf", "oneOf", "allOf":
			return nil
		case "properties":
			properties = true
		}
		w.comma()
		w.buf = append(appendQuoted(w.buf, name), ':')
		w.buf = append(w.buf, member...)
		return nil
	})
	if err != nil {
		return []byte(`{"type":"object","properties":{}}`)
	}
	if !properties {
		w.raw("properties", []byte("{}"))
	}
	w.close('}')
	return w.buf
}
