package dialect

import "strings"

// schemaDepth bounds how deep a schema is followed: references may go round.
const schemaDepth = 24

// geminiSchema writes JSON Schema in the subset that Gemini's Schema is. What the subset can say in other words is said
// so; the rest is left out, because a member that Gemini does not know is a fault.
type geminiSchema struct {
	w    *writer
	root value
}

// write appends the schema as a value.
func (s *geminiSchema) write(v value, depth int) {
	v = s.resolve(v)
	s.w.open('{')
	if v.isObject() && depth < schemaDepth {
		s.members(v, depth)
	}
	s.w.close('}')
}

// resolve follows a reference within the schema.
func (s *geminiSchema) resolve(v value) value {
	for range schemaDepth {
		path, ok := strings.CutPrefix(v.get("$ref").text(), "#")
		if !ok {
			return v
		}
		target := s.root
		for name := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
			if name != "" {
				target = target.get(strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
			}
		}
		v = target
	}
	return nil
}

// members appends the members of a schema that has any.
func (s *geminiSchema) members(v value, depth int) {
	kind, nullable := geminiType(v)
	if choices, null := s.choices(v, depth); len(choices) > 0 {
		nullable = nullable || null
		if len(choices) == 1 {
			s.members(s.resolve(choices[0]), depth+1)
		} else {
			s.w.openArray("anyOf")
			for _, choice := range choices {
				s.write(choice, depth+1)
			}
			s.w.close(']')
		}
		if nullable {
			s.w.bool("nullable", true)
		}
		s.texts(v)
		return
	}
	if kind != "" {
		s.w.str("type", kind)
	}
	if nullable {
		s.w.bool("nullable", true)
	}
	s.texts(v)
	s.enum(v, kind)
	s.bounds(v)
	if kind == "array" || v.get("items").isObject() {
		s.items(v.get("items"), depth)
	}
	s.properties(v, depth)
}

// geminiType is a schema's type, and whether null is one as well. A schema with fields is an object.
func geminiType(v value) (kind string, nullable bool) {
	t := v.get("type")
	nullable = v.get("nullable").isTrue()
	if t.isString() {
		kind = t.text()
	}
	// The schema is part of a request that has been read as a whole: its arrays are well-formed.
	_ = t.elements(func(_ int, e value) error {
		if name := e.text(); name == "null" {
			nullable = true
		} else if kind == "" {
			kind = name
		}
		return nil
	})
	switch {
	case kind != "":
	case v.get("properties").isObject():
		kind = "object"
	case v.get("items").isObject():
		kind = "array"
	case v.get("const").isString(), v.get("enum").isArray():
		kind = "string"
	}
	return strings.ToLower(kind), nullable
}

// choices are the schemas of anyOf or oneOf but for null, or of an allOf with one schema.
func (s *geminiSchema) choices(v value, depth int) (list []value, null bool) {
	if depth >= schemaDepth {
		return nil, false
	}
	for _, name := range []string{"anyOf", "oneOf", "allOf"} {
		all := raws(v.get(name))
		if name == "allOf" && len(all) > 1 {
			return []value{s.merge(all)}, null
		}
		for _, choice := range all {
			if choice.get("type").text() == "null" {
				null = true
			} else {
				list = append(list, choice)
			}
		}
		if len(list) > 0 {
			return list, null
		}
	}
	return nil, null
}

// merge joins schemas that all must hold: their fields and what is required of them.
func (s *geminiSchema) merge(all []value) value {
	var w writer
	w.open('{')
	w.str("type", "object")
	w.openObject("properties")
	for _, part := range all {
		s.copyMembers(&w, s.resolve(part).get("properties"))
	}
	w.close('}')
	w.openArray("required")
	for _, part := range all {
		for _, name := range raws(s.resolve(part).get("required")) {
			w.comma()
			w.buf = append(w.buf, name...)
		}
	}
	w.close(']')
	w.close('}')
	return w.buf
}

func (*geminiSchema) copyMembers(w *writer, v value) {
	_ = v.members(func(name []byte, member value) error {
		w.comma()
		w.buf = append(appendQuoted(w.buf, name), ':')
		w.buf = append(w.buf, member...)
		return nil
	})
}

func (s *geminiSchema) texts(v value) {
	s.w.optStr("title", v.get("title").text())
	s.w.optStr("description", v.get("description").text())
	switch format := v.get("format").text(); format {
	case "int32", "int64", "float", "double", "date-time", "enum":
		s.w.str("format", format)
	}
}

// enum appends the values to choose from, which must be strings.
func (s *geminiSchema) enum(v value, kind string) {
	values := raws(v.get("enum"))
	if constant := v.get("const"); constant.isString() {
		values = []value{constant}
	}
	if kind != "string" || len(values) == 0 {
		return
	}
	s.w.openArray("enum")
	for _, e := range values {
		if e.isString() {
			s.w.comma()
			s.w.buf = append(s.w.buf, e...)
		}
	}
	s.w.close(']')
}

// bounds appends what limits a value. Bounds that exclude their own value are told as if they did not.
func (s *geminiSchema) bounds(v value) {
	for _, name := range []string{
		"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
	} {
		if n := v.get(name); !n.isNull() {
			s.w.raw(name, n)
		}
	}
	for _, pair := range [][2]string{{"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}} {
		if exclusive := v.get(pair[1]); v.get(pair[0]).isNull() {
			if _, ok := exclusive.number(); ok {
				s.w.raw(pair[0], exclusive)
			}
		}
	}
	s.w.optStr("pattern", v.get("pattern").text())
	if d := v.get("default"); !d.isNull() {
		s.w.raw("default", d)
	}
}

// items appends the schema of an array's elements, which Gemini demands.
func (s *geminiSchema) items(v value, depth int) {
	s.w.key("items")
	if !v.isObject() {
		s.w.buf = append(s.w.buf, `{"type":"string"}`...)
		return
	}
	s.write(v, depth+1)
}

// properties appends an object's fields, whatever their names, and which of them are required.
func (s *geminiSchema) properties(v value, depth int) {
	fields := v.get("properties")
	known := make(map[string]bool)
	if !fields.isObject() || string(fields) == "{}" {
		return
	}
	s.w.openObject("properties")
	_ = fields.members(func(name []byte, field value) error {
		known[string(name)] = true
		s.w.comma()
		s.w.buf = append(appendQuoted(s.w.buf, name), ':')
		s.write(field, depth+1)
		return nil
	})
	s.w.close('}')
	var required []string
	for _, name := range raws(v.get("required")) {
		if known[name.text()] {
			required = append(required, name.text())
		}
	}
	if len(required) > 0 {
		s.w.strs("required", required)
	}
}

// raws are the elements of an array as they are.
func raws(v value) []value {
	var list []value
	if v.elements(func(_ int, e value) error { list = append(list, e); return nil }) != nil {
		return nil
	}
	return list
}

// jsonSchema appends the JSON Schema that says what a Schema of Gemini's does: types in lower case, null as a type.
func jsonSchema(w *writer, v value, depth int) {
	if !v.isObject() || depth >= schemaDepth {
		w.comma()
		w.buf = append(w.buf, "{}"...)
		return
	}
	w.open('{')
	nullable := v.get("nullable").isTrue()
	_ = v.members(func(name []byte, member value) error {
		switch key := camel(name); key {
		case "nullable", "propertyOrdering", "example":
		case "type":
			kind := strings.ToLower(member.text())
			if nullable {
				w.strs("type", []string{kind, "null"})
			} else {
				w.str("type", kind)
			}
		case "items":
			w.key("items")
			jsonSchema(w, member, depth+1)
		case "anyOf":
			w.openArray("anyOf")
			for _, choice := range raws(member) {
				jsonSchema(w, choice, depth+1)
			}
			w.close(']')
		case "properties":
			w.openObject("properties")
			_ = member.members(func(field []byte, schema value) error {
				w.comma()
				w.buf = append(appendQuoted(w.buf, field), ':')
				jsonSchema(w, schema, depth+1)
				return nil
			})
			w.close('}')
		case "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties":
			n, _ := member.integer()
			if member.isString() { // The API's JSON writes 64-bit numbers as strings.
				n, _ = value(member.text()).integer()
			}
			w.int(key, n)
		default:
			w.comma()
			w.buf = append(appendQuoted(w.buf, key), ':')
			w.buf = append(w.buf, member...)
		}
		return nil
	})
	w.close('}')
}
