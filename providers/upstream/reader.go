package upstream

import (
	"bytes"
	"io"
	"sync"
)

const (
	// bufferSize is what one read from a connection can take at most. It holds a burst of stream events, and any line of
	// chunked framing.
	bufferSize = 16 << 10
	// directRead is from where on a read goes past the buffer.
	directRead = 1 << 10
)

var readBuffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// reader is a connection's buffered input. The buffer is borrowed while a response is under way only, so an idle
// connection holds none.
type reader struct {
	src  io.Reader
	buf  []byte
	r, w int
	// pooled is the borrowed memory; buf is it, or larger memory that an unusual head needed.
	pooled *[bufferSize]byte
}

func (in *reader) borrow() {
	in.pooled = readBuffers.Get().(*[bufferSize]byte)
	in.buf, in.r, in.w = in.pooled[:], 0, 0
}

// giveBack returns the buffer. Afterwards nothing may be read before the next borrow.
func (in *reader) giveBack() {
	if in.pooled != nil {
		readBuffers.Put(in.pooled)
	}
	in.pooled, in.buf, in.r, in.w = nil, nil, 0, 0
}

func (in *reader) buffered() int { return in.w - in.r }

// fill reads once, blocking, and fails unless it got something. There must be room: see makeRoom.
func (in *reader) fill() error {
	n, err := in.src.Read(in.buf[in.w:])
	in.w += n
	switch {
	case n > 0:
		return nil // An error beside data comes back at the next read.
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}

// makeRoom makes room for at least one byte behind what is buffered.
func (in *reader) makeRoom() {
	switch {
	case in.r == in.w:
		in.r, in.w = 0, 0
	case in.w < len(in.buf):
	case in.r > 0:
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r = 0
	default:
		in.buf = append(in.buf, make([]byte, len(in.buf))...)
	}
}

// more reads once, blocking, behind what is buffered.
func (in *reader) more() error {
	in.makeRoom()
	return in.fill()
}

// read gives buffered bytes if there are any, else it reads once. It is used for content only.
func (in *reader) read(p []byte, direct bool) (int, error) {
	if in.r == in.w {
		if direct {
			return in.src.Read(p)
		}
		if err := in.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.buf[in.r:in.w])
	in.r += n
	return n, nil
}

// section returns the lines up to and including an empty one, all of them at most limit bytes, and nil when they are
// not buffered and wait is false. The bytes are valid until the next call on the reader.
func (in *reader) section(limit int, wait bool) ([]byte, error) {
	lineStart, scanned := 0, 0
	for {
		data := in.buf[in.r:in.w]
		for {
			i := bytes.IndexByte(data[scanned:], '\n')
			if i < 0 {
				scanned = len(data)
				break
			}
			end := scanned + i
			scanned = end + 1
			if scanned > limit {
				return nil, ErrHeadTooLarge
			}
			if line := data[lineStart:end]; len(line) == 0 || len(line) == 1 && line[0] == '\r' {
				in.r += scanned
				return data[:scanned], nil
			}
			lineStart = scanned
		}
		if len(data) >= limit {
			return nil, ErrHeadTooLarge
		}
		if !wait {
			return nil, nil
		}
		if err := in.more(); err != nil {
			return nil, err
		}
	}
}
