package geminicli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// maxUnwrapped bounds a whole answer, and one event of a stream, in bytes: either must be in memory to be unwrapped.
const maxUnwrapped = 64 << 20

// readSize is how much is asked of the upstream at a time.
const readSize = 16 << 10

var errTooLong = errors.New("answer of Code Assist too long to be unwrapped")

// unwrap makes the reply to a chat that of the Gemini API. Errors have no envelope.
func unwrap(reply *providers.Reply) {
	if reply.Status != http.StatusOK {
		return
	}
	delete(reply.Header, "Content-Length")
	media, _, _ := mime.ParseMediaType(reply.Header.Get("Content-Type"))
	if media == "text/event-stream" {
		reply.Body = &eventBody{src: reply.Body}
		return
	}
	reply.Body = &wholeBody{src: reply.Body}
}

// response is the value within the envelope, nil where there is none.
func response(envelope []byte) []byte {
	var inner []byte
	_ = dialect.Members(envelope, func(name, value []byte) bool { // What is malformed has no response.
		if string(name) == "response" {
			inner = value
		}
		return inner == nil
	})
	return inner
}

// wholeBody is a whole answer without its envelope. It is read to its end before anything of it is given.
type wholeBody struct {
	src  io.ReadCloser
	rest *bytes.Reader
}

// Read implements io.Reader.
func (b *wholeBody) Read(p []byte) (int, error) {
	if b.rest == nil {
		all, err := io.ReadAll(io.LimitReader(b.src, maxUnwrapped+1))
		if err != nil {
			return 0, fmt.Errorf("read answer of Code Assist: %w", err)
		}
		if len(all) > maxUnwrapped {
			return 0, errTooLong
		}
		if inner := response(all); inner != nil {
			all = inner
		}
		b.rest = bytes.NewReader(all)
	}
	return b.rest.Read(p)
}

// Close implements io.Closer.
func (b *wholeBody) Close() error { return b.src.Close() }

// eventBody is a stream of events, each without its envelope as soon as it is there.
type eventBody struct {
	src      io.ReadCloser
	splitter dialect.Splitter
	// in is what has come of the event at hand, out what was unwrapped and not read yet.
	in, out []byte
	spare   []byte
	err     error
}

// Read implements io.Reader.
func (b *eventBody) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

// fill reads once and unwraps the events that are whole then.
func (b *eventBody) fill() {
	b.out = b.spare[:0]
	start := len(b.in)
	b.in = slices.Grow(b.in, readSize)[:start+readSize]
	n, err := b.src.Read(b.in[start:])
	b.in = b.in[:start+n]
	for fresh := start; ; {
		looked, ends := b.splitter.Next(b.in[fresh:])
		fresh += looked
		if !ends {
			break
		}
		b.out = appendUnwrapped(b.out, b.in[:fresh])
		b.in, fresh = b.in[:copy(b.in, b.in[fresh:])], 0
	}
	switch {
	case errors.Is(err, io.EOF):
		b.out = appendUnwrapped(b.out, b.in) // The last event may lack its blank line.
		b.in, b.err = nil, io.EOF
	case err != nil:
		b.err = fmt.Errorf("read stream of Code Assist: %w", err)
	case len(b.in) > maxUnwrapped:
		b.err = errTooLong
	}
	b.spare = b.out
}

// appendUnwrapped appends the event as the Gemini API would write it. One without a response, which tells of an error or
// of credits, stays as it is if it has anything that a client should know.
func appendUnwrapped(out, event []byte) []byte {
	data := eventData(event)
	if len(data) == 0 {
		return out
	}
	inner := response(data)
	if inner == nil {
		if !bytes.Contains(data, []byte(`"error"`)) && data[0] == '{' && data[len(data)-1] == '}' {
			return out
		}
		inner = data
	}
	out = append(out, "data: "...)
	for line := range bytes.Lines(inner) {
		out = append(out, bytes.TrimRight(line, "\r\n")...) // Within JSON, a line's end is white space.
	}
	return append(out, "\r\n\r\n"...)
}

// eventData is the data of an event, its lines put together.
func eventData(event []byte) []byte {
	var data []byte
	for line := range bytes.FieldsFuncSeq(event, func(r rune) bool { return r == '\r' || r == '\n' }) {
		value, ok := bytes.CutPrefix(line, []byte("data:"))
		if !ok {
			continue
		}
		if data == nil {
			data = value
			continue
		}
		data = append(append(bytes.Clone(data), '\n'), value...)
	}
	return bytes.TrimSpace(data)
}

// Close implements io.Closer.
func (b *eventBody) Close() error { return b.src.Close() }
