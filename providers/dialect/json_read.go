package dialect

import (
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// value is one JSON value within a body, without white space around it. Decoders walk a body value by value and read
// what they know: nothing is built for what they do not. A value that is missing is empty.
type value []byte

// openValue returns the only value in data, which must be an object.
func openValue(data []byte) (value, error) {
	pos := skipSpace(data, 0)
	if pos == len(data) || data[pos] != '{' {
		return nil, syntaxError(data, pos, "expected an object")
	}
	end, err := skipNested(data, pos)
	if err != nil {
		return nil, err
	}
	if err := expectEnd(data, end); err != nil {
		return nil, err
	}
	return data[pos:end], nil
}

// beginValue is openValue for what is walked through anyway: it looks at the beginning only, and nothing tells of what
// follows the object.
func beginValue(data []byte) (value, error) {
	pos := skipSpace(data, 0)
	if pos == len(data) || data[pos] != '{' {
		return nil, syntaxError(data, pos, "expected an object")
	}
	return data[pos:], nil
}

func (v value) isNull() bool   { return len(v) == 0 || v[0] == 'n' }
func (v value) isString() bool { return len(v) > 0 && v[0] == '"' }
func (v value) isObject() bool { return len(v) > 0 && v[0] == '{' }
func (v value) isArray() bool  { return len(v) > 0 && v[0] == '[' }
func (v value) isTrue() bool   { return string(v) == "true" }

// raw is the value's JSON, nil for null.
func (v value) raw() json.RawMessage {
	if v.isNull() {
		return nil
	}
	return json.RawMessage(v)
}

// text is a string's content, empty for anything else.
func (v value) text() string {
	if !v.isString() {
		return ""
	}
	inner := v[1 : len(v)-1]
	if isPlain(inner) {
		return string(inner)
	}
	return string(appendUnquoted(make([]byte, 0, len(inner)), v))
}

// appendText appends a string's content to dst.
func (v value) appendText(dst []byte) []byte {
	if !v.isString() {
		return dst
	}
	return appendUnquoted(dst, v)
}

// integer is a whole number's value.
func (v value) integer() (int64, bool) {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || f != float64(int64(f)) {
		return 0, false
	}
	return int64(f), true
}

// number is a number's value.
func (v value) number() (float64, bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}

// members visits the members of an object in order. A value that is no object has none. The name is valid during the
// visit only where it has escapes, else as long as the body.
func (v value) members(visit func(name []byte, member value) error) error {
	if !v.isObject() {
		return nil
	}
	obj := object{data: v, pos: 1, first: true}
	var m member
	for {
		more, err := obj.next(&m)
		if err != nil || !more {
			return err
		}
		if err := visit(m.key, value(m.value.of(v))); err != nil {
			return err
		}
	}
}

// elements visits the elements of an array in order. A value that is no array has none.
func (v value) elements(visit func(i int, element value) error) error {
	if !v.isArray() {
		return nil
	}
	pos := skipSpace(v, 1)
	if pos < len(v) && v[pos] == ']' {
		return nil
	}
	for i := 0; ; i++ {
		end, err := skipValue(v, pos)
		if err != nil {
			return err
		}
		if err := visit(i, v[pos:end]); err != nil {
			return err
		}
		pos = skipSpace(v, end)
		if pos == len(v) {
			return syntaxError(v, pos, "expected , or ] in an array")
		}
		switch v[pos] {
		case ']':
			return nil
		case ',':
			pos = skipSpace(v, pos+1)
		default:
			return syntaxError(v, pos, "expected , or ] in an array")
		}
	}
}

// get returns the member of that name, an empty value where there is none or v is no object.
func (v value) get(name string) value {
	if !v.isObject() {
		return nil
	}
	obj := object{data: v, pos: 1, first: true}
	var m member
	for {
		more, err := obj.next(&m)
		if err != nil || !more {
			return nil
		}
		if string(m.key) == name {
			return value(m.value.of(v))
		}
	}
}

// isPlain tells whether a string's inside stands for itself: no escape, and proper UTF-8.
func isPlain(inner []byte) bool {
	ascii := true
	for _, c := range inner {
		if c == '\\' || c < 0x20 {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.Valid(inner)
}

// appendUnquoted appends the content of the string that quoted is, with its quotes. What is no proper escape or no
// proper UTF-8 becomes the replacement character, as in encoding/json.
func appendUnquoted(dst, quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	for i := 0; i < len(inner); {
		c := inner[i]
		switch {
		case c == '\\':
			dst, i = appendEscaped(dst, inner, i)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, size := utf8.DecodeRune(inner[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
		}
	}
	return dst
}

// appendEscaped appends what the escape at inner[i] stands for, and returns the index behind it.
func appendEscaped(dst, inner []byte, i int) ([]byte, int) {
	if i+1 == len(inner) {
		return utf8.AppendRune(dst, utf8.RuneError), i + 1
	}
	switch c := inner[i+1]; c {
	case 'n':
		dst = append(dst, '\n')
	case 't':
		dst = append(dst, '\t')
	case 'r':
		dst = append(dst, '\r')
	case 'b':
		dst = append(dst, '\b')
	case 'f':
		dst = append(dst, '\f')
	case '"', '\\', '/':
		dst = append(dst, c)
	case 'u':
		r, size := hexRune(inner[i:])
		if utf16.IsSurrogate(r) {
			low, more := hexRune(inner[i+size:])
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(dst, pair), i + size + more
			}
			r = utf8.RuneError
		}
		return utf8.AppendRune(dst, r), i + size
	default:
		dst = utf8.AppendRune(dst, utf8.RuneError)
	}
	return dst, i + 2
}

// hexRune reads an escape of the form \uXXXX at the beginning of b, and how long it is.
func hexRune(b []byte) (rune, int) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return utf8.RuneError, min(2, len(b))
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 32)
	if err != nil {
		return utf8.RuneError, 2
	}
	return rune(n), 6
}
