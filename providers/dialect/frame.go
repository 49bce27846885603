package dialect

import "bytes"

// framer takes the framing off server-sent events. Its buffer is used again for each one.
type framer struct{ joined []byte }

// parse reads one whole event, up to and with its blank line or without it. The frame points into event or into the
// framer's buffer. An event without data, such as a comment, is an empty frame.
func (r *framer) parse(event []byte) Frame {
	var f Frame
	lines := 0
	for len(event) > 0 {
		var line []byte
		line, event = cutLine(event)
		if name, ok := cutField(line, "event"); ok {
			f.Name = name
			continue
		}
		data, ok := cutField(line, "data")
		if !ok {
			continue
		}
		switch lines++; lines {
		case 1:
			f.Data = data
		case 2:
			r.joined = append(append(r.joined[:0], f.Data...), '\n')
			r.joined = append(r.joined, data...)
			f.Data = r.joined
		default:
			r.joined = append(append(r.joined, '\n'), data...)
			f.Data = r.joined
		}
	}
	return f
}

// cutField returns the value of a line that is the field's.
func cutField(line []byte, field string) ([]byte, bool) {
	if len(line) <= len(field) || string(line[:len(field)]) != field || line[len(field)] != ':' {
		return nil, false
	}
	rest := line[len(field)+1:]
	return bytes.TrimPrefix(rest, []byte(" ")), true
}

// appendFrame appends a server-sent event with a name and data that holds no line end.
func appendFrame(dst []byte, name string, data []byte) []byte {
	if name != "" {
		dst = append(append(append(dst, "event: "...), name...), '\n')
	}
	dst = append(append(dst, "data: "...), data...)
	return append(dst, "\n\n"...)
}
