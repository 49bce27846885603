package dialect

import "slices"

// anthropicAnswer writes the schema that an answer must have in the subset that Anthropic can hold answers to,
// https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs: objects have no fields but those that are
// named, and must say so, and numbers, texts and lists have no bounds.
type anthropicAnswer struct {
	w writer
	// loosened tells that a bound was left out, open that an object is to have fields of any name.
	loosened, open bool
}

// anthropicBounds are the members that are left out; never changed.
var anthropicBounds = [...]string{
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
	"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
}

// anthropicFormats are the formats of texts that answers are held to; never changed.
var anthropicFormats = [...]string{
	"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
}

// write appends a schema as a value.
func (s *anthropicAnswer) write(v value, depth int) {
	if !v.isObject() || depth >= schemaDepth {
		s.w.buf = append(s.w.buf, "{}"...)
		return
	}
	s.w.open('{')
	// The schema is part of a request that has been read as a whole: its values are well-formed.
	_ = v.members(func(name []byte, member value) error {
		s.member(string(name), member, depth)
		return nil
	})
	if kind, _ := geminiType(v); kind == "object" {
		s.w.bool("additionalProperties", false)
	}
	s.w.close('}')
}

func (s *anthropicAnswer) member(name string, v value, depth int) {
	switch name {
	case "$schema":
	case "additionalProperties":
		s.open = s.open || v.isTrue() || v.isObject()
	case "properties", "$defs", "definitions":
		s.w.openObject(name)
		_ = v.members(func(name []byte, v value) error {
			s.w.quotedKey(name)
			s.write(v, depth+1)
			return nil
		})
		s.w.close('}')
	case "anyOf", "allOf", "oneOf":
		if name == "oneOf" {
			name = "anyOf"
		}
		s.w.openArray(name)
		for _, choice := range raws(v) {
			s.w.comma()
			s.write(choice, depth+1)
		}
		s.w.close(']')
	case "items":
		s.w.key(name)
		s.write(v, depth+1)
	default:
		if slices.Contains(anthropicBounds[:], name) || name == "format" && !slices.Contains(anthropicFormats[:], v.text()) {
			s.loosened = true
			return
		}
		s.w.raw(name, v)
	}
}
