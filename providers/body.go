package providers

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Body is a request body, read once, sent perhaps several times. Its buffer goes back to a pool with the last
// reference, so every holder either lives within its caller's reference or takes one of its own: a transport may
// still be reading the body of a call that has long returned. Counting down too often panics; a Body that has
// lost its last reference stays dead, whatever becomes of its buffer.
//
// The bytes never change while a reference is held. All methods are safe for concurrent use.
type Body struct {
	buf  *buffer
	refs atomic.Int32
}

// NewBody returns a body of b with one reference. It keeps b itself, which must not change any more.
func NewBody(b []byte) *Body { return newBody(&buffer{bytes: b}) }

// ReadBody reads r to its end into a pooled buffer and returns it with one reference. More than limit bytes are
// ErrTooLarge, of which at most limit+1 have been read; a fault of r comes back wrapped. The expected length, 0 or
// less if it is not known, saves copies between buffers; it is a hint and bounds nothing.
func ReadBody(r io.Reader, limit, expected int64) (*Body, error) {
	buf := takeBuffer(classFor(expected))
	for {
		if len(buf.bytes) == cap(buf.bytes) {
			buf = buf.grow()
		}
		room := buf.bytes[len(buf.bytes):cap(buf.bytes)]
		if left := limit + 1 - int64(len(buf.bytes)); int64(len(room)) > left {
			room = room[:left]
		}
		n, err := r.Read(room)
		buf.bytes = buf.bytes[:len(buf.bytes)+n]
		switch {
		case int64(len(buf.bytes)) > limit:
			buf.put()
			return nil, ErrTooLarge
		case err == io.EOF:
			return newBody(buf), nil
		case err != nil:
			buf.put()
			return nil, fmt.Errorf("read body: %w", err)
		}
	}
}

func newBody(buf *buffer) *Body {
	b := &Body{buf: buf}
	b.refs.Store(1)
	return b
}

// Bytes returns the content. It is valid as long as the caller holds a reference and must not be changed.
func (b *Body) Bytes() []byte { return b.buf.bytes }

// Len returns the length in bytes.
func (b *Body) Len() int { return len(b.buf.bytes) }

// Retain takes another reference. The caller must hold one.
func (b *Body) Retain() {
	for {
		refs := b.refs.Load()
		if refs <= 0 {
			panic("providers: body retained after its release")
		}
		if b.refs.CompareAndSwap(refs, refs+1) {
			return
		}
	}
}

// Release gives a reference back.
func (b *Body) Release() {
	switch n := b.refs.Add(-1); {
	case n == 0:
		buf := b.buf
		b.buf = nil
		buf.put()
	case n < 0:
		panic("providers: body released more often than retained")
	}
}

// Reader returns a reader from the beginning, which holds a reference of its own until it is closed. The caller
// must hold one when it calls.
func (b *Body) Reader() *BodyReader {
	b.Retain()
	return &BodyReader{body: b}
}

// BodyReader reads a Body. Read and Close may run at the same time, as net/http lets them.
type BodyReader struct {
	mu   sync.Mutex
	body *Body // nil once closed
	off  int
}

var errReaderClosed = errors.New("read of closed body")

// Read implements io.Reader.
func (r *BodyReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.body == nil {
		return 0, errReaderClosed
	}
	rest := r.body.Bytes()[r.off:]
	if len(rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, rest)
	r.off += n
	return n, nil
}

// Bytes returns what has not been read yet, for a transport that can send it without a copy. It is valid until
// Close and nil after it.
func (r *BodyReader) Bytes() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.body == nil {
		return nil
	}
	return r.body.Bytes()[r.off:]
}

// Close releases the reader's reference. Closing again does nothing.
func (r *BodyReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.body != nil {
		r.body.Release()
		r.body = nil
	}
	return nil
}
