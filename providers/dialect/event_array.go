package dialect

import "bytes"

// EventArray turns server-sent events into the elements of one JSON array, byte for byte: what Google's API streams
// unless it is asked for events. It belongs to one stream; the zero value is ready.
type EventArray struct {
	// matched is how much of "data:" the present line has begun with.
	matched int
	line    arrayLine
	// afterReturn tells that a carriage return has just ended a line: a line feed belongs to it.
	afterReturn bool
	// open tells that an element is being written, begun that there has been one.
	open, begun bool
}

// arrayLine is what the present line is.
type arrayLine uint8

const (
	arrayLineStart arrayLine = iota
	arrayLineDataStart
	arrayLineData
	arrayLineOther
)

// Feed appends to dst what the next bytes of the stream, cut anywhere, come to. A comment, which keeps a connection
// alive, comes to white space.
func (a *EventArray) Feed(dst, p []byte) []byte {
	for len(p) > 0 {
		if p[0] == '\n' && a.afterReturn {
			a.afterReturn = false
			p = p[1:]
			continue
		}
		a.afterReturn = false
		switch a.line {
		case arrayLineStart:
			dst, p = a.begin(dst, p)
		case arrayLineDataStart:
			a.line = arrayLineData
			p = bytes.TrimPrefix(p, []byte(" "))
		default:
			dst, p = a.within(dst, p)
		}
	}
	return dst
}

// begin takes a byte of a line of which it is not clear yet what it is.
func (a *EventArray) begin(dst, p []byte) (out, rest []byte) {
	c := p[0]
	switch c {
	case '\n', '\r':
		a.afterReturn = c == '\r'
		a.open = a.open && a.matched > 0
		a.matched = 0
	case dataField[a.matched]:
		a.matched++
		if a.matched == len(dataField) {
			a.line = arrayLineDataStart
			dst = a.separate(dst)
		}
	default:
		if c == ':' && a.matched == 0 {
			dst = append(dst, '\n')
		}
		a.line = arrayLineOther
	}
	return dst, p[1:]
}

// separate appends what stands before an element, or within one that has several lines.
func (a *EventArray) separate(dst []byte) []byte {
	switch {
	case a.open:
		return append(dst, '\n')
	case a.begun:
		dst = append(dst, ",\n"...)
	default:
		dst = append(dst, '[')
	}
	a.open, a.begun = true, true
	return dst
}

// within takes the rest of a line, as far as it is there.
func (a *EventArray) within(dst, p []byte) (out, rest []byte) {
	end := bytes.IndexAny(p, "\r\n")
	line := p
	if end >= 0 {
		line = p[:end]
	}
	if a.line == arrayLineData {
		dst = append(dst, line...)
	}
	if end < 0 {
		return dst, nil
	}
	a.line, a.matched = arrayLineStart, 0
	a.afterReturn = p[end] == '\r'
	return dst, p[end+1:]
}

// Close appends the end of the array.
func (a *EventArray) Close(dst []byte) []byte {
	if !a.begun {
		dst = append(dst, '[')
	}
	return append(dst, "]\n"...)
}
