package dialect

import (
	"bytes"
	"encoding/json"
)

// Span is a range of bytes, from Start up to End. The zero Span is nowhere.
type Span struct{ Start, End int }

// Empty tells whether s holds nothing.
func (s Span) Empty() bool { return s.Start >= s.End }

// of returns the bytes of b that s spans.
func (s Span) of(b []byte) []byte { return b[s.Start:s.End] }

// object walks the members of one JSON object. It checks the syntax of the object itself; values that are objects
// or arrays are skipped by their brackets and strings, without a look at what is between.
type object struct {
	data  []byte
	pos   int
	first bool
}

// member is one member of an object.
type member struct {
	// key is unescaped.
	key   []byte
	value Span
}

// openObject expects an object at the beginning of data, after white space.
func openObject(data []byte) (object, error) {
	pos := skipSpace(data, 0)
	if pos == len(data) || data[pos] != '{' {
		return object{}, syntaxError(data, pos, "expected an object")
	}
	return object{data: data, pos: pos + 1, first: true}, nil
}

// next reads the next member into m and returns false when there is none; pos is then behind the object.
func (o *object) next(m *member) (bool, error) {
	pos := skipSpace(o.data, o.pos)
	if pos < len(o.data) && o.data[pos] == '}' {
		o.pos = pos + 1
		return false, nil
	}
	if !o.first {
		if pos == len(o.data) || o.data[pos] != ',' {
			return false, syntaxError(o.data, pos, "expected , or } in an object")
		}
		pos = skipSpace(o.data, pos+1)
	}
	o.first = false
	if pos == len(o.data) || o.data[pos] != '"' {
		return false, syntaxError(o.data, pos, "expected a member's name")
	}
	start := pos
	pos, err := skipString(o.data, pos)
	if err != nil {
		return false, err
	}
	if m.key, err = unquoteKey(o.data, Span{start, pos}); err != nil {
		return false, err
	}
	pos = skipSpace(o.data, pos)
	if pos == len(o.data) || o.data[pos] != ':' {
		return false, syntaxError(o.data, pos, "expected : after a member's name")
	}
	m.value.Start = skipSpace(o.data, pos+1)
	m.value.End, err = skipValue(o.data, m.value.Start)
	o.pos = m.value.End
	return err == nil, err
}

// unquoteKey returns the name at the span, which has its quotes.
func unquoteKey(data []byte, span Span) ([]byte, error) {
	inner := data[span.Start+1 : span.End-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner, nil
	}
	s, err := unquote(data, span)
	return []byte(s), err
}

// unquote returns the string at the span, which has its quotes, as encoding/json reads it.
func unquote(data []byte, span Span) (string, error) {
	inner := data[span.Start+1 : span.End-1]
	for _, c := range inner {
		if c < 0x20 || c >= 0x80 || c == '\\' {
			var s string
			if err := json.Unmarshal(span.of(data), &s); err != nil {
				return "", syntaxError(data, span.Start, "malformed string")
			}
			return s, nil
		}
	}
	return string(inner), nil
}

// skipValue returns the index behind the value that begins at pos.
func skipValue(data []byte, pos int) (int, error) {
	if pos == len(data) {
		return pos, syntaxError(data, pos, "expected a value")
	}
	switch c := data[pos]; c {
	case '"':
		return skipString(data, pos)
	case '{', '[':
		return skipNested(data, pos)
	case 't':
		return skipWord(data, pos, "true")
	case 'f':
		return skipWord(data, pos, "false")
	case 'n':
		return skipWord(data, pos, "null")
	default:
		return skipNumber(data, pos)
	}
}

// skipString returns the index behind the string whose opening quote is at pos.
func skipString(data []byte, pos int) (int, error) {
	end := closeString(data, pos+1)
	if end < 0 {
		return pos, syntaxError(data, len(data), "unterminated string")
	}
	return end, nil
}

// skipNested returns the index behind the object or array that begins at pos.
func skipNested(data []byte, pos int) (int, error) {
	depth := 0
	for i := pos; i < len(data); {
		step := nesting[data[i]]
		i++
		if step == quoteStep {
			if i = closeString(data, i); i < 0 {
				return pos, syntaxError(data, len(data), "unterminated string")
			}
			continue
		}
		depth += int(step)
		if depth == 0 {
			return i, nil
		}
	}
	return pos, syntaxError(data, len(data), "unterminated object or array")
}

// nesting tells by how much a byte outside of strings changes the depth; quoteStep marks a string's beginning.
var nesting = [256]int8{'{': 1, '[': 1, '}': -1, ']': -1, '"': quoteStep}

const quoteStep = 2

func skipWord(data []byte, pos int, word string) (int, error) {
	end := pos + len(word)
	if end > len(data) || string(data[pos:end]) != word {
		return pos, syntaxError(data, pos, "expected a value")
	}
	return end, nil
}

// skipNumber returns the index behind the number that begins at pos.
func skipNumber(data []byte, pos int) (int, error) {
	i := pos
	if i < len(data) && data[i] == '-' {
		i++
	}
	switch {
	case i < len(data) && data[i] == '0':
		i++
	default:
		end := skipDigits(data, i)
		if end == i {
			return pos, syntaxError(data, i, "expected a value")
		}
		i = end
	}
	if i < len(data) && data[i] == '.' {
		end := skipDigits(data, i+1)
		if end == i+1 {
			return pos, syntaxError(data, end, "malformed number")
		}
		i = end
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		end := skipDigits(data, i)
		if end == i {
			return pos, syntaxError(data, end, "malformed number")
		}
		i = end
	}
	return i, nil
}

func skipDigits(data []byte, pos int) int {
	for pos < len(data) && data[pos] >= '0' && data[pos] <= '9' {
		pos++
	}
	return pos
}

func skipSpace(data []byte, pos int) int {
	for pos < len(data) {
		switch data[pos] {
		case ' ', '\t', '\n', '\r':
			pos++
		default:
			return pos
		}
	}
	return pos
}
