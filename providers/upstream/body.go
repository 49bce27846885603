package upstream

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// body is a response's content, read from the connection on the caller's goroutine. At its end the connection goes
// back to the pool before Read returns.
type body struct {
	x    *exchange
	kind framing
	left int64 // What is to come of the content, or of the present chunk.
	dec  chunks

	mu  sync.Mutex // Held while reading.
	err error      // What every further Read returns; set when the connection has been let go.
}

// Read reads what there is, waiting only when there is nothing. Its errors but io.EOF are of type *Error.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.read(p)
	if err != nil {
		b.finish(err)
	}
	return n, b.err
}

// Close drops the connection unless the rest of the content lies in the buffer already. A Read under way in another
// goroutine fails.
func (b *body) Close() error {
	if !b.mu.TryLock() {
		b.x.interrupt()
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	if b.err != nil {
		return nil
	}
	b.x.end(b.drained())
	b.err = http.ErrBodyReadAfterClose
	return nil
}

func (b *body) read(p []byte) (int, error) {
	switch b.kind {
	case byChunks:
		return b.decode(p, true)
	case byLength:
		return b.readLength(p)
	}
	return b.x.c.in.read(p, len(p) >= directRead)
}

func (b *body) readLength(p []byte) (int, error) {
	direct := len(p) >= directRead || int64(len(p)) >= b.left
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.x.c.in.read(p, direct)
	b.left -= int64(n)
	switch {
	case b.left == 0:
		return n, io.EOF
	case errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// finish lets go of the connection after the end of the content or a failure, and keeps what later reads return.
func (b *body) finish(err error) {
	complete := errors.Is(err, io.EOF)
	b.x.end(complete)
	b.err = io.EOF
	if !complete {
		b.err = failure(b.x.req.Context(), PhaseBody, b.x.c.host, err)
	}
}

// drained tells whether the content ends within what is buffered, and takes it out if so.
func (b *body) drained() bool {
	in := &b.x.c.in
	switch b.kind {
	case byLength:
		if b.left > int64(in.buffered()) {
			return false
		}
		in.r += int(b.left)
		return true
	case byChunks:
		var scratch [512]byte
		for {
			n, err := b.decode(scratch[:], false)
			if err != nil || n == 0 {
				return errors.Is(err, io.EOF)
			}
		}
	}
	return false
}
