package dialect

import "strings"

// kiroLongestDescription is how many bytes the description of a tool may have.
const kiroLongestDescription = 10_000

// kiroTool is a tool as it is offered.
type kiroTool struct {
	name, description string
	schema            value
	// manual is a description that is too long for its place, and goes with the system's text.
	manual string
}

// kiroManual is the title of a description that is told with the system's text.
func kiroManual(name string) string { return "# Tool: " + name }

// offer returns the tools that the model may call, and notes them in e. A choice that Kiro can't be made to follow is
// refused.
func (e *kiroEncoding) offer() []kiroTool {
	r := e.x.Request
	e.offered = make(map[ToolRef]bool, len(r.Tools))
	switch r.ToolChoice.Mode {
	case ChoiceNone:
		return nil
	case ChoiceRequired, ChoiceTool:
		e.report.Refuse(FieldToolChoice, "can't be enforced by this upstream: it calls tools as it sees fit")
	}
	tools := make([]kiroTool, 0, len(r.Tools))
	for i := range r.Tools {
		t := &r.Tools[i]
		if t.Kind == ToolServer {
			e.report.Refuse(FieldTools, "asks for "+clipWord(t.Name)+", a tool that this upstream does not run")
			continue
		}
		if !allowed(&r.ToolChoice, t) {
			continue
		}
		e.dropSet(t.Cache != nil, FieldCache)
		e.dropSet(t.Strict != nil && *t.Strict, FieldTools+".strict")
		e.offered[t.Ref()] = true
		tools = append(tools, e.describe(t))
	}
	return tools
}

func (e *kiroEncoding) describe(t *Tool) kiroTool {
	k := kiroTool{name: e.x.Wire(t.Ref(), kiroNames()), description: t.Description, schema: value(t.Schema)}
	if t.Kind == ToolCustom {
		k.description, k.schema = customDescription(t), value(CustomSchema)
	}
	switch {
	case strings.TrimSpace(k.description) == "":
		k.description = "The tool " + k.name + "."
	case len(k.description) > kiroLongestDescription:
		k.manual = k.description
		k.description = "See \"" + kiroManual(k.name) + "\" at the beginning of the conversation."
	}
	return k
}

func (e *kiroEncoding) tools(tools []kiroTool) {
	if len(tools) == 0 {
		return
	}
	e.w.openArray("tools")
	for i := range tools {
		t := &tools[i]
		e.w.open('{')
		e.w.openObject("toolSpecification")
		e.w.str("name", t.name)
		e.w.str("description", t.description)
		e.w.openObject("inputSchema")
		e.w.key("json")
		kiroRootSchema(&e.w, t.schema)
		e.w.close('}')
		e.w.close('}')
		e.w.close('}')
	}
	e.w.close(']')
}

// kiroRootSchema appends the schema of a tool's input, which must be an object with fields, even without any.
func kiroRootSchema(w *writer, v value) {
	w.open('{')
	w.str("type", "object")
	if !v.get("properties").isObject() {
		w.openObject("properties")
		w.close('}')
	}
	kiroSchemaMembers(w, v, 0, true)
	w.close('}')
}

// kiroSchema appends a schema without what some of Kiro's models refuse.
func kiroSchema(w *writer, v value, depth int) {
	if !v.isObject() || depth >= schemaDepth {
		w.comma()
		w.buf = append(w.buf, v...)
		return
	}
	w.open('{')
	kiroSchemaMembers(w, v, depth, false)
	w.close('}')
}

// kiroSchemaMembers appends the members of a schema: no $schema, no additionalProperties, nothing null, no list of
// required fields that is empty. The type of the root is written already.
func kiroSchemaMembers(w *writer, v value, depth int, root bool) {
	// The schema has been read as a part of the request: it is well-formed.
	_ = v.members(func(name []byte, member value) error {
		switch word := string(name); {
		case word == "$schema", word == "additionalProperties", word != "default" && member.isNull(), root && word == "type":
		case word == "required" && len(raws(member)) == 0:
		case word == "properties", word == "$defs", word == "definitions", word == "patternProperties":
			w.quotedKey(name)
			kiroSchemaFields(w, member, depth)
		case word == "items", word == "not", word == "contains":
			w.quotedKey(name)
			kiroSchema(w, member, depth+1)
		case word == "anyOf", word == "oneOf", word == "allOf", word == "prefixItems":
			w.quotedKey(name)
			w.open('[')
			for _, choice := range raws(member) {
				kiroSchema(w, choice, depth+1)
			}
			w.close(']')
		default:
			w.quotedKey(name)
			w.buf = append(w.buf, member...)
		}
		return nil
	})
}

// kiroSchemaFields appends an object of schemas by names that are the client's: any name may be among them.
func kiroSchemaFields(w *writer, v value, depth int) {
	w.open('{')
	_ = v.members(func(name []byte, member value) error {
		w.quotedKey(name)
		kiroSchema(w, member, depth+1)
		return nil
	})
	w.close('}')
}
