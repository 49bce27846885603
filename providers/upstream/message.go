package upstream

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// memory is what a request body offers when its bytes lie in memory already: the rest that Read would give. The bytes
// must stay valid and unchanged until the body is closed.
type memory interface{ Bytes() []byte }

// message is a request as it goes on the wire: head and body, both in memory, so that it can be sent twice. It is
// counted: the call holds one reference, whoever still writes when the call returns holds another, and the last to let
// go closes the request's body.
type message struct {
	head *headBuffer
	body []byte

	refs   atomic.Int32
	closer io.Closer
}

// maxHeadBuffer is the largest head whose space is kept for others.
const maxHeadBuffer = 16 << 10

// headBuffer is the pooled space in which a request's head is put together, with room for a short body behind it.
type headBuffer struct{ b []byte }

var headBuffers = sync.Pool{New: func() any { return &headBuffer{b: make([]byte, 0, 4<<10)} }}

// newMessage takes charge of the request's body. The body is closed when it fails.
func newMessage(req *http.Request) (*message, error) {
	m := &message{}
	m.refs.Store(1)
	if req.Body == nil || req.Body == http.NoBody {
		return m, nil
	}
	m.closer = req.Body
	if err := m.read(req); err != nil {
		m.release()
		return nil, err
	}
	return m, nil
}

func (m *message) read(req *http.Request) error {
	if in, ok := req.Body.(memory); ok {
		m.body = in.Bytes()
		if req.ContentLength > 0 && req.ContentLength != int64(len(m.body)) {
			return refused("content length differs from the body")
		}
		return nil
	}
	if req.ContentLength <= 0 {
		return refused("body of unknown length")
	}
	m.body = make([]byte, req.ContentLength)
	if _, err := io.ReadFull(req.Body, m.body); err != nil {
		return fmt.Errorf("%w: read its body: %w", ErrBadRequest, err)
	}
	return nil
}

func (m *message) retain() { m.refs.Add(1) }

func (m *message) release() {
	if m.refs.Add(-1) > 0 {
		return
	}
	if m.closer != nil {
		m.closer.Close()
	}
	if m.head != nil && cap(m.head.b) <= maxHeadBuffer {
		headBuffers.Put(m.head)
	}
}

// reader gives the body to a client that wants to read it, once more at each call.
func (m *message) reader() io.ReadCloser {
	m.retain()
	return &messageReader{Reader: bytes.NewReader(m.body), message: m}
}

type messageReader struct {
	*bytes.Reader
	message *message
	once    sync.Once
}

func (r *messageReader) Close() error {
	r.once.Do(r.message.release)
	return nil
}
