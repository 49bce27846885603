package dialect

// closedSchema tells whether OpenAI can hold an answer strictly to a schema: each object in it has no other fields
// than those it names, and all of them. A schema that is not so is refused with strict, and only asked for without.
func closedSchema(v value, depth int) bool {
	if depth >= schemaDepth {
		return false
	}
	if fields := v.get("properties"); fields.isObject() || v.get("type").text() == "object" {
		if string(v.get("additionalProperties")) != "false" || !requiresAll(v) {
			return false
		}
	}
	closed := true
	inner := func(v value) { closed = closed && closedSchema(v, depth+1) }
	// The schema is part of a request that has been read as a whole: its values are well-formed.
	for _, name := range []string{"properties", "$defs", "definitions"} {
		_ = v.get(name).members(func(_ []byte, v value) error { inner(v); return nil })
	}
	for _, v := range raws(v.get("anyOf")) {
		inner(v)
	}
	if items := v.get("items"); items.isObject() {
		inner(items)
	}
	return closed
}

// requiresAll tells whether a schema requires each of its fields.
func requiresAll(v value) bool {
	required := make(map[string]bool)
	for _, name := range raws(v.get("required")) {
		required[name.text()] = true
	}
	all := true
	_ = v.get("properties").members(func(name []byte, _ value) error {
		all = all && required[string(name)]
		return nil
	})
	return all
}
