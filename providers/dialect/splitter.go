package dialect

import "bytes"

// Splitter finds where events end in a stream of server-sent events that arrives in pieces of any size. An event
// ends where a blank line ends; lines end with LF, CR LF or CR, also mixed. It looks at every byte once, keeps
// none, and knows no limit to the length of a line. The zero value stands at the beginning of a stream.
//
// Where a blank line ends does not depend on how the stream was cut, with one consequence: after LF, a CR may be
// the first half of CR LF, so the event is told of with the byte that follows.
type Splitter struct {
	state splitState
}

type splitState uint8

const (
	// atLineStart follows an LF or the beginning of the stream.
	atLineStart splitState = iota
	// inLine is within a line that is not blank.
	inLine
	// afterCR follows a CR that ended a line and which an LF may complete.
	afterCR
	// afterBlankCR follows a CR at the start of a line, which an LF may complete.
	afterBlankCR
)

// Next looks at p, the next piece of the stream, up to the end of the first event that ends in it, and returns how
// many bytes it has looked at: the caller goes on with the rest. Without such an end it has looked at all of p and
// ok is false. n is 0 with ok true where the event turns out to have ended with the piece before.
func (s *Splitter) Next(p []byte) (n int, ok bool) {
	for i := 0; i < len(p); {
		switch s.state {
		case atLineStart:
			switch p[i] {
			case '\n':
				return i + 1, true
			case '\r':
				s.state = afterBlankCR
				i++
			default:
				s.state = inLine
			}
		case inLine:
			end := lineEnd(p[i:])
			if end < 0 {
				return len(p), false
			}
			i += end
			s.state = afterCR
			if p[i] == '\n' {
				s.state = atLineStart
			}
			i++
		case afterCR:
			switch p[i] {
			case '\n':
				s.state = atLineStart
				i++
			case '\r':
				return i + 1, true
			default:
				s.state = inLine
			}
		case afterBlankCR:
			if p[i] == '\n' {
				s.state = atLineStart
				return i + 1, true
			}
			s.state = afterCR
			return i, true
		}
	}
	return len(p), false
}

// Last looks at the whole of p, the next piece of the stream, and returns the length of its longest prefix that
// ends where an event ends, or -1 when none does. 0 means that the event ended with the piece before.
func (s *Splitter) Last(p []byte) int {
	last := -1
	for off := 0; ; {
		n, ok := s.Next(p[off:])
		if !ok {
			return last
		}
		off += n
		last = off
	}
}

// lineEndWindow bounds how far lineEnd looks for an LF before it looks for a CR, so that a stream with CR alone is
// not searched to its end once a line.
const lineEndWindow = 512

// lineEnd returns the index of the first CR or LF in b, or -1.
func lineEnd(b []byte) int {
	for off := 0; off < len(b); off += lineEndWindow {
		window := b[off:min(off+lineEndWindow, len(b))]
		lf := bytes.IndexByte(window, '\n')
		if lf >= 0 {
			window = window[:lf]
		}
		if cr := bytes.IndexByte(window, '\r'); cr >= 0 {
			return off + cr
		}
		if lf >= 0 {
			return off + lf
		}
	}
	return -1
}
