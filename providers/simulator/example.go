package simulator

import (
	"encoding/json"
	"strings"
)

// exampleDepth bounds the objects within objects of an example, as a schema may contain itself.
const exampleDepth = 8

// example is the JSON text of a value that fits the schema; without one, of an object.
func example(schema json.RawMessage) string {
	var root any
	if json.Unmarshal(schema, &root) != nil || root == nil {
		return `{"answer":"simulated"}`
	}
	quoted, _ := json.Marshal(exampleOf(root, root, 0)) // it is made of JSON's own types
	return string(quoted)
}

func exampleOf(schema, root any, depth int) any {
	s, ok := schema.(map[string]any)
	if !ok || depth > exampleDepth {
		return nil
	}
	if value, ok := s["const"]; ok {
		return value
	}
	if values, ok := s["enum"].([]any); ok && len(values) > 0 {
		return values[0]
	}
	if ref, ok := s["$ref"].(string); ok {
		return exampleOf(resolve(root, ref), root, depth+1)
	}
	for _, name := range []string{"anyOf", "oneOf", "allOf"} {
		if choices, ok := s[name].([]any); ok && len(choices) > 0 {
			return exampleOf(choices[0], root, depth+1)
		}
	}
	return exampleOfType(s, root, depth)
}

func exampleOfType(s map[string]any, root any, depth int) any {
	switch name := typeName(s); name {
	case "string":
		return "simulated"
	case "integer":
		return 1
	case "number":
		return 1.5
	case "boolean":
		return true
	case "null":
		return nil
	case "array":
		return []any{exampleOf(s["items"], root, depth+1)}
	default:
		object := make(map[string]any)
		properties, _ := s["properties"].(map[string]any)
		for name, property := range properties {
			object[name] = exampleOf(property, root, depth+1)
		}
		return object
	}
}

// typeName is the schema's type, the first of several, in the lower case of JSON Schema.
func typeName(s map[string]any) string {
	switch t := s["type"].(type) {
	case string:
		return strings.ToLower(t)
	case []any:
		if len(t) > 0 {
			name, _ := t[0].(string)
			return strings.ToLower(name)
		}
	}
	return ""
}

// resolve follows a reference within the schema.
func resolve(root any, ref string) any {
	at := root
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#"), "/") {
		if object, ok := at.(map[string]any); ok && step != "" {
			at = object[step]
		}
	}
	return at
}
