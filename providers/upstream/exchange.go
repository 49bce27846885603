package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"syscall"
	"time"
)

const (
	// inlineSend is the size up to which a request is written before its answer is looked for. The kernels on both sides
	// take that much in even when the upstream does not read; more is written beside the reading, so that an upstream
	// that answers early, without reading everything, cannot dead-lock with us.
	inlineSend = 64 << 10
	// maxInterim bounds the 1xx responses before the real one.
	maxInterim = 16
	// sendGrace is how long the end of an answer waits for the end of its request.
	sendGrace = 20 * time.Millisecond
)

// exchange is one request and its response on one connection.
type exchange struct {
	plain   *plain
	c       *conn
	req     *http.Request
	stop    func() bool // Ends the watch over the request's context; false when the context has ended.
	sending chan struct{}
	sendErr error // To be read once sending is closed, or at once where it is nil.

	body body
	resp http.Response

	mu   sync.Mutex
	done bool // The connection has been let go.
}

// errStale marks the failure of a reused connection that gave no byte of an answer: the upstream had closed it, and the
// request may go out once more.
var errStale = errors.New("pooled connection was closed")

// start sends the message and reads the response's head. When it fails the connection is closed.
func (x *exchange) start(ctx context.Context, m *message, maxHead int) (*http.Response, error) {
	x.c.in.borrow()
	if ctx.Done() != nil {
		x.stop = context.AfterFunc(ctx, x.c.aborted)
	}
	x.send(m)
	if phase, err := x.receive(maxHead); err != nil {
		x.end(false)
		return nil, x.fault(ctx, phase, err)
	}
	return &x.resp, nil
}

// send writes the message. Its failure is not the end: an upstream that refuses a large body may have answered before it
// hung up, so the answer is looked for all the same.
func (x *exchange) send(m *message) {
	if len(m.head.b)+len(m.body) <= inlineSend {
		x.sendErr = x.c.write(m)
		return
	}
	x.sending = make(chan struct{})
	m.retain()
	go func() {
		defer m.release()
		defer close(x.sending)
		x.sendErr = x.c.write(m)
	}()
}

// sent tells whether the whole request has gone out. An answer may be complete just before the sending goroutine gets to
// say that it is done, so it is given a moment.
func (x *exchange) sent() bool {
	if x.sending != nil {
		select {
		case <-x.sending:
		case <-time.After(sendGrace):
			return false
		}
	}
	return x.sendErr == nil
}

// receive reads heads until that of the final response, and sets up the body.
func (x *exchange) receive(maxHead int) (Phase, error) {
	in := &x.c.in
	if err := in.more(); err != nil {
		return PhaseFirstByte, err
	}
	for range maxInterim {
		raw, err := in.section(maxHead, true)
		if err != nil {
			return PhaseHead, err
		}
		maxHead -= len(raw)
		if err := parseHead(raw, &x.resp); err != nil {
			return PhaseHead, err
		}
		if x.resp.StatusCode == http.StatusSwitchingProtocols {
			return PhaseHead, malformed("switch to another protocol")
		}
		if x.resp.StatusCode >= 200 {
			return PhaseHead, x.frame()
		}
	}
	return PhaseHead, malformed("too many interim responses")
}

// frame sets up the body of a response whose head is there.
func (x *exchange) frame() error {
	kind, err := frame(&x.resp, x.req.Method)
	if err != nil {
		return err
	}
	x.resp.Request = x.req
	if kind == noBody {
		x.resp.Body = http.NoBody
		x.end(true)
		return nil
	}
	x.body = body{x: x, kind: kind, left: max(x.resp.ContentLength, 0)}
	x.resp.Body = &x.body
	return nil
}

// interrupt makes reading and writing on the connection fail, if the exchange still has it.
func (x *exchange) interrupt() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.done {
		x.c.abort()
	}
}

// end lets go of the connection: back to the pool if it can carry another exchange, else closed. It is called once, by
// the goroutine that reads.
func (x *exchange) end(complete bool) {
	x.mu.Lock()
	x.done = true
	x.mu.Unlock()
	c := x.c
	reusable := complete && !x.resp.Close && !x.req.Close && c.in.buffered() == 0 && x.sent()
	if x.stop != nil && !x.stop() {
		reusable = false // The watch has closed the connection, or is about to.
	}
	c.in.giveBack()
	if reusable {
		x.plain.pool.put(c)
		return
	}
	c.nc.Close()
}

// fault says why the exchange failed before its response was there.
func (x *exchange) fault(ctx context.Context, phase Phase, err error) error {
	if phase == PhaseFirstByte {
		if x.c.reused && hungUp(err) && ctx.Err() == nil {
			return errStale
		}
		if sendErr := x.sendFault(); sendErr != nil {
			phase, err = PhaseSend, sendErr
		}
	}
	return failure(ctx, phase, x.c.host, unexpected(err))
}

// sendFault returns why sending failed, if it has.
func (x *exchange) sendFault() error {
	if x.sending != nil {
		select {
		case <-x.sending:
		default:
			return nil
		}
	}
	return x.sendErr
}

// hungUp tells whether the error means that the other side has closed the connection.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, syscall.ECONNABORTED)
}
