package dialect

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// writer appends JSON to a buffer. Commas come by themselves: before a name or a value unless it is the first, or
// follows a name. It writes no white space of its own, on which that relies.
type writer struct{ buf []byte }

// comma appends a comma where one is due.
func (w *writer) comma() {
	if n := len(w.buf); n > 0 {
		switch w.buf[n-1] {
		case '{', '[', ':', ',', ' ', '\n':
		default:
			w.buf = append(w.buf, ',')
		}
	}
}

// key appends a member's name. Names are ASCII without anything to escape.
func (w *writer) key(name string) {
	w.comma()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

// quotedKey appends a member's name that may hold anything.
func (w *writer) quotedKey(name []byte) {
	w.comma()
	w.buf = append(appendQuoted(w.buf, name), ':')
}

// member appends a member of the client's own, whose name may hold anything.
func (w *writer) member(name string, json []byte) {
	w.quotedKey([]byte(name))
	w.buf = append(w.buf, json...)
}

func (w *writer) open(bracket byte) {
	w.comma()
	w.buf = append(w.buf, bracket)
}

func (w *writer) close(bracket byte) { w.buf = append(w.buf, bracket) }

// openObject begins the member name, whose value is an object; openArray, an array.
func (w *writer) openObject(name string) {
	w.key(name)
	w.buf = append(w.buf, '{')
}

func (w *writer) openArray(name string) {
	w.key(name)
	w.buf = append(w.buf, '[')
}

// These append a member.
func (w *writer) str(name, s string) {
	w.key(name)
	w.buf = appendQuoted(w.buf, s)
}

func (w *writer) bytes(name string, s []byte) {
	w.key(name)
	w.buf = appendQuoted(w.buf, s)
}

func (w *writer) int(name string, n int64) {
	w.key(name)
	w.buf = strconv.AppendInt(w.buf, n, 10)
}

func (w *writer) float(name string, f float64) {
	w.key(name)
	w.buf = appendFloat(w.buf, f)
}

func (w *writer) bool(name string, b bool) {
	w.key(name)
	w.buf = strconv.AppendBool(w.buf, b)
}

func (w *writer) null(name string) {
	w.key(name)
	w.buf = append(w.buf, "null"...)
}

// raw appends a member whose value is JSON already, null for none.
func (w *writer) raw(name string, json []byte) {
	w.key(name)
	if len(json) == 0 {
		json = []byte("null")
	}
	w.buf = append(w.buf, json...)
}

// These append a member unless it says nothing.
func (w *writer) optStr(name, s string) {
	if s != "" {
		w.str(name, s)
	}
}

func (w *writer) optInt(name string, n *int64) {
	if n != nil {
		w.int(name, *n)
	}
}

func (w *writer) optFloat(name string, f *float64) {
	if f != nil {
		w.float(name, *f)
	}
}

func (w *writer) optBool(name string, b *bool) {
	if b != nil {
		w.bool(name, *b)
	}
}

func (w *writer) optRaw(name string, json []byte) {
	if len(json) > 0 {
		w.raw(name, json)
	}
}

// strs appends a member that is an array of strings.
func (w *writer) strs(name string, list []string) {
	w.openArray(name)
	for _, s := range list {
		w.elem(s)
	}
	w.close(']')
}

// elem appends a string as an element.
func (w *writer) elem(s string) {
	w.comma()
	w.buf = appendQuoted(w.buf, s)
}

// appendFloat appends a number as JSON writes it; what JSON has no word for becomes 0.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, '0')
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// appendQuoted appends s as a JSON string, escaping what must be and nothing else.
func appendQuoted[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := decodeRune(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\ufffd"...)
		} else {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func decodeRune[T ~string | ~[]byte](s T) (rune, int) {
	return utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		const hex = "0123456789abcdef"
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}

// number appends a number as an element.
func (w *writer) number(n int64) {
	w.comma()
	w.buf = strconv.AppendInt(w.buf, n, 10)
}
