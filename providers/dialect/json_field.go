package dialect

import "strconv"

// These read a member of a request into *to, and say in a *FieldError which one is of the wrong kind.

func readInt(name string, v value, to **int64) error {
	n, ok := v.integer()
	if !ok {
		return &FieldError{Field: name, Reason: "must be a whole number"}
	}
	*to = &n
	return nil
}

func readFloat(name string, v value, to **float64) error {
	f, ok := v.number()
	if !ok {
		return &FieldError{Field: name, Reason: "must be a number"}
	}
	*to = &f
	return nil
}

func readBool(name string, v value, to **bool) error {
	if string(v) != "true" && string(v) != "false" {
		return &FieldError{Field: name, Reason: "must be a boolean"}
	}
	b := v.isTrue()
	*to = &b
	return nil
}

func readString(name string, v value, to *string) error {
	if !v.isString() {
		return &FieldError{Field: name, Reason: "must be a string"}
	}
	*to = v.text()
	return nil
}

// readStrings reads an array of strings, or one string in place of it.
func readStrings(name string, v value, to *[]string) error {
	if v.isString() {
		*to = []string{v.text()}
		return nil
	}
	if !v.isArray() {
		return &FieldError{Field: name, Reason: "must be a string or an array of strings"}
	}
	return v.elements(func(i int, v value) error {
		if !v.isString() {
			return &FieldError{Field: indexed(name, i), Reason: "must be a string"}
		}
		*to = append(*to, v.text())
		return nil
	})
}

func readNotes(name string, v value, to *[]Note) error {
	if !v.isObject() {
		return &FieldError{Field: name, Reason: "must be an object"}
	}
	return v.members(func(key []byte, v value) error {
		if !v.isString() {
			return &FieldError{Field: name + "." + clipWord(string(key)), Reason: "must be a string"}
		}
		*to = append(*to, Note{Key: string(key), Value: v.text()})
		return nil
	})
}

// indexed names an element of a list.
func indexed(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }

// clipWord bounds what an error repeats of a request.
func clipWord(word string) string {
	const longest = 64
	return clipTo(word, longest)
}
