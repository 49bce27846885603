package kiroapi

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

const (
	// readSize is how much is asked of the upstream at a time.
	readSize = 16 << 10
	// keptSize bounds the space that is used again for the next frames. A frame has 16 MiB at most.
	keptSize = 1 << 20
	// longestName bounds the name of an event.
	longestName = 128
)

// eventBody is a reply in Amazon's framing, read as server-sent events: "event: TYPE" with the payload as the data.
// Exceptions and errors are events whose names dialect.KiroException begins. It holds no more than the frames that have
// arrived. A frame that fails its check ends the stream with an error, and so does one that is cut off.
type eventBody struct {
	src     io.ReadCloser
	in      *bufio.Reader
	decoder *eventstream.Decoder
	// out was rewritten and not read yet; spare and payload are space for more.
	out, spare, payload []byte
	err                 error
}

func newEventBody(src io.ReadCloser) *eventBody {
	return &eventBody{src: src, in: bufio.NewReaderSize(src, readSize), decoder: eventstream.NewDecoder()}
}

// Read implements io.Reader. It waits only when no whole frame is there.
func (b *eventBody) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
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

// Close implements io.Closer. It may be called while Read waits.
func (b *eventBody) Close() error { return b.src.Close() }

// fill rewrites the next frame, and those that have come with it.
func (b *eventBody) fill() {
	if cap(b.spare) > keptSize {
		b.spare = nil
	}
	b.out = b.spare[:0]
	for {
		if _, b.err = b.in.Peek(1); b.err != nil {
			break // io.EOF between two frames is the stream's proper end.
		}
		var m eventstream.Message
		if m, b.err = b.decoder.Decode(b.in, b.payload[:0]); b.err != nil {
			b.err = frameError(b.err)
			break
		}
		b.out = appendEvent(b.out, &m)
		if b.payload = m.Payload; cap(b.payload) > keptSize {
			b.payload = nil
		}
		if !b.frameIsThere() {
			break
		}
	}
	b.spare = b.out
}

// frameIsThere tells whether another frame can be read without waiting.
func (b *eventBody) frameIsThere() bool {
	n := b.in.Buffered()
	if n < 4 {
		return false
	}
	length, _ := b.in.Peek(4) // It is in the buffer.
	return uint64(binary.BigEndian.Uint32(length)) <= uint64(n)
}

// frameError is the error of a frame that could not be read: a fault of the connection as it is, anything else as the
// provider's.
func frameError(err error) error {
	var length eventstream.LengthError
	var sum eventstream.ChecksumError
	switch {
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF // The framing's decoder does not tell one from the other.
	case errors.As(err, &sum), errors.As(err, &length):
		return &providers.Error{
			Class: providers.ClassProvider, Phase: providers.PhaseBody, Err: fmt.Errorf("read frame of Kiro's event stream: %w", err),
		}
	}
	return fmt.Errorf("read frame of Kiro's event stream: %w", err)
}

// appendEvent appends a frame as a server-sent event.
func appendEvent(dst []byte, m *eventstream.Message) []byte {
	payload := m.Payload
	name := header(m, ":event-type")
	switch header(m, ":message-type") {
	case "exception":
		name = dialect.KiroException + header(m, ":exception-type")
		if !json.Valid(payload) || payload[0] != '{' {
			payload = message(string(payload))
		}
	case "error": // Its payload is empty.
		name = dialect.KiroException + header(m, ":error-code")
		payload = message(header(m, ":error-message"))
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	dst = append(dst, "event: "...)
	dst = appendName(dst, name)
	dst = append(dst, "\ndata: "...)
	from := len(dst)
	dst = append(dst, payload...)
	for i := from; i < len(dst); i++ {
		if dst[i] == '\n' || dst[i] == '\r' { // White space within JSON, an end within an event.
			dst[i] = ' '
		}
	}
	return append(dst, "\n\n"...)
}

// header is the text of a frame's header, empty where it is missing.
func header(m *eventstream.Message, name string) string {
	if v, ok := m.Headers.Get(name).(eventstream.StringValue); ok {
		return string(v)
	}
	return ""
}

// message is an exception's payload.
func message(text string) []byte {
	b, _ := json.Marshal(struct { // A string can always be encoded.
		Message string `json:"message"`
	}{text})
	return b
}

// appendName appends what can stand in a line of its own.
func appendName(dst []byte, name string) []byte {
	for i := range min(len(name), longestName) {
		c := name[i]
		if c <= ' ' || c >= 0x7f {
			c = '_'
		}
		dst = append(dst, c)
	}
	return dst
}
