package upstream

import (
	"bytes"
	"errors"
	"io"
	"maps"
)

const (
	// maxChunkLine bounds the line before a chunk, extensions included, and the trailer section.
	maxChunkLine = 4 << 10
	// maxExcess bounds the framing in excess of a fair share, which hostile extensions could make endless.
	maxExcess = 16 << 10
)

// chunks is where the decoder of the chunked coding (RFC 9112 section 7.1) stands.
type chunks struct {
	state  chunkState
	excess int64
}

type chunkState int

const (
	atSize chunkState = iota
	inData
	atDataEnd
	atTrailer
)

// decode fills p. It waits for the connection only if wait is set, and then only while it has nothing to give, so that
// an event is handed on when it is there. io.EOF means that the last chunk and the trailers have been read.
func (b *body) decode(p []byte, wait bool) (n int, err error) {
	for n < len(p) {
		var ready bool
		if b.dec.state == inData {
			var m int
			m, err = b.data(p[n:], wait && n == 0)
			n += m
			ready = m > 0
		} else {
			ready, err = b.step(wait && n == 0)
		}
		if err != nil || !ready {
			return n, err
		}
	}
	return n, nil
}

// data reads of the present chunk.
func (b *body) data(p []byte, wait bool) (int, error) {
	in := &b.x.c.in
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	if in.buffered() == 0 && !wait {
		return 0, nil
	}
	n, err := in.read(p, len(p) >= bufferSize)
	b.left -= int64(n)
	if b.left == 0 {
		b.dec.state = atDataEnd
	}
	return n, unexpected(err)
}

// step reads one piece of framing. It returns false when the piece is not there and wait is not set.
func (b *body) step(wait bool) (bool, error) {
	switch b.dec.state {
	case atDataEnd:
		return b.dataEnd(wait)
	case atSize:
		return b.size(wait)
	}
	return b.trailer(wait)
}

func (b *body) dataEnd(wait bool) (bool, error) {
	in := &b.x.c.in
	for in.buffered() < 2 {
		if !wait {
			return false, nil
		}
		if err := in.more(); err != nil {
			return false, unexpected(err)
		}
	}
	if in.buf[in.r] != '\r' || in.buf[in.r+1] != '\n' {
		return false, malformed("chunk without its end")
	}
	in.r += 2
	b.dec.state = atSize
	return true, nil
}

func (b *body) size(wait bool) (bool, error) {
	in := &b.x.c.in
	for scanned := 0; ; {
		data := in.buf[in.r:in.w]
		if i := bytes.IndexByte(data[scanned:], '\n'); i >= 0 {
			line := data[:scanned+i+1]
			in.r += len(line)
			return true, b.begin(line)
		}
		if len(data) >= maxChunkLine {
			return false, malformed("chunk line too long")
		}
		if !wait {
			return false, nil
		}
		scanned = len(data)
		if err := in.more(); err != nil {
			return false, unexpected(err)
		}
	}
}

// begin reads the line that opens a chunk.
func (b *body) begin(line []byte) error {
	size, err := chunkSize(line)
	if err != nil {
		return err
	}
	b.dec.excess = max(b.dec.excess+int64(len(line))-16-2*size, 0)
	if b.dec.excess > maxExcess {
		return malformed("chunked coding with too much besides content")
	}
	b.left, b.dec.state = size, inData
	if size == 0 {
		b.dec.state = atTrailer
	}
	return nil
}

// chunkSize parses the line, which must end in CRLF: a lone LF is taken for its end by some and not by others.
func chunkSize(line []byte) (int64, error) {
	if len(line) < 2 || len(line) > maxChunkLine || bytes.IndexByte(line, '\r') != len(line)-2 {
		return 0, malformed("chunk line")
	}
	digits, _, _ := bytes.Cut(bytes.TrimRight(line[:len(line)-2], " \t"), []byte{';'})
	if len(digits) == 0 || len(digits) > 15 {
		return 0, malformed("chunk size")
	}
	size := int64(0)
	for _, c := range digits {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, malformed("chunk size")
		}
		size = size<<4 | int64(c)
	}
	return size, nil
}

// trailer reads the fields after the last chunk and returns io.EOF. As in all of the coding, a lone LF ends nothing.
func (b *body) trailer(wait bool) (bool, error) {
	raw, err := b.x.c.in.section(maxChunkLine, wait)
	if raw == nil || err != nil {
		return false, unexpected(err)
	}
	if len(raw) == len("\r\n") {
		return true, io.EOF
	}
	if !bytes.HasSuffix(raw, []byte("\r\n\r\n")) {
		return false, malformed("end of trailers")
	}
	fields, err := parseFields(string(raw), bytes.Count(raw, []byte{'\n'})-1)
	if err != nil {
		return false, err
	}
	maps.DeleteFunc(fields, func(name string, _ []string) bool { return framingField(name) })
	if b.x.resp.Trailer == nil {
		b.x.resp.Trailer = fields
	} else {
		maps.Copy(b.x.resp.Trailer, fields)
	}
	return true, io.EOF
}

// unexpected turns the connection's end into the error that it is within a body.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
