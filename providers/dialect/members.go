package dialect

// Members calls visit with the name, unescaped, and the value of each member of the JSON object that data is, in
// order, until visit returns false. Nothing of a nested value is checked but its brackets and strings; a *SyntaxError
// tells of anything else that is malformed. Both slices may point into data and are valid as long as data is.
func Members(data []byte, visit func(name, value []byte) bool) error {
	obj, err := openObject(data)
	if err != nil {
		return err
	}
	var m member
	for {
		more, err := obj.next(&m)
		if err != nil {
			return err
		}
		if !more {
			return expectEnd(data, obj.pos)
		}
		if !visit(m.key, m.value.of(data)) {
			return nil
		}
	}
}

// expectEnd allows nothing but white space from pos on.
func expectEnd(data []byte, pos int) error {
	if end := skipSpace(data, pos); end != len(data) {
		return &SyntaxError{Offset: end, Reason: "expected nothing behind the object"}
	}
	return nil
}
