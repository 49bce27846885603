package dialect

// jsonScan follows JSON text that comes in fragments, to tell when an object or an array is whole. It checks nothing
// but brackets and strings.
type jsonScan struct {
	depth   int
	began   bool
	quoted  bool
	escaped bool
}

// feed goes on with the next fragment.
func (s *jsonScan) feed(text []byte) {
	for _, c := range text {
		switch {
		case s.escaped:
			s.escaped = false
		case s.quoted:
			s.escaped = c == '\\'
			s.quoted = c != '"'
		case c == '"':
			s.quoted = true
		case c == '{' || c == '[':
			s.depth++
			s.began = true
		case c == '}' || c == ']':
			s.depth--
		}
	}
}

// complete tells whether what has come is whole. Nothing at all is not.
func (s *jsonScan) complete() bool { return s.began && s.depth <= 0 && !s.quoted }
