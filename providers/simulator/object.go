package simulator

import "encoding/json"

// quote returns s as a JSON string.
func quote(s string) string { return string(appendQuoted(nil, s)) }

// appendQuoted appends s as a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string can always be encoded
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// raw is JSON text.
type raw = json.RawMessage

// object returns the JSON object of alternating names and values, in their order: clients do not care, but people who
// read a stream do.
func object(members ...any) raw {
	dst := []byte{'{'}
	for i := 0; i < len(members); i += 2 {
		if i > 0 {
			dst = append(dst, ',')
		}
		name, _ := members[i].(string)
		dst = appendQuoted(dst, name)
		dst = append(dst, ':')
		dst = appendValue(dst, members[i+1])
	}
	return append(dst, '}')
}

// appendValue appends what the simulator's own code made; all of it can be encoded.
func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendQuoted(dst, v)
	case raw:
		if v == nil {
			return append(dst, "null"...)
		}
		return append(dst, v...)
	case []raw:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, element...)
		}
		return append(dst, ']')
	default:
		encoded, _ := json.Marshal(v)
		return append(dst, encoded...)
	}
}

// with appends members to an object.
func with(o raw, members ...any) raw {
	more := object(members...)
	if len(more) == 2 {
		return o
	}
	if len(o) == 2 {
		return more
	}
	return append(append(o[:len(o)-1:len(o)-1], ','), more[1:]...)
}

// isSet tells a member that is there from one that is missing or null.
func isSet(value []byte) bool { return len(value) > 0 && string(value) != "null" }

// validObject tells whether text is a whole JSON object.
func validObject(text raw) bool { return len(text) > 0 && text[0] == '{' && json.Valid(text) }
