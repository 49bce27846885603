package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// A request body may take bodyTimeout for every bodyStep bytes. The server has no timeout for whole requests,
// which would end long streams and large uploads alike.
const (
	bodyTimeout = 30 * time.Second
	bodyStep    = 256 << 10
)

// readBody reads the body of r once. The caller releases it.
func (g *Gateway) readBody(x *exchange, r *http.Request) (*providers.Body, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		x.Header().Set("Accept-Encoding", "identity")
		return nil, &dialect.Error{
			Status:  http.StatusUnsupportedMediaType,
			Type:    "invalid_request_error",
			Code:    "unsupported_content_encoding",
			Message: fmt.Sprintf("A request body with Content-Encoding %q cannot be read. Send it without compression.", clip(coding)),
		}
	}
	if r.ContentLength > g.maxBodySize {
		return nil, g.bodyTooLarge(x, r)
	}
	x.paced = pacedReader{body: r.Body, conn: *http.NewResponseController(x.ResponseWriter)}
	body, err := providers.ReadBody(&x.paced, g.maxBodySize, r.ContentLength)
	x.paced.finish()
	if err != nil {
		return nil, g.bodyFault(x, r, err)
	}
	return body, nil
}

// bodyFault tells why a body could not be read to its end. What is left of it is on the connection, which can
// carry no other request.
func (g *Gateway) bodyFault(x *exchange, r *http.Request, err error) error {
	if errors.Is(err, providers.ErrTooLarge) {
		return g.bodyTooLarge(x, r)
	}
	closeAfter(x, r)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &dialect.Error{
			Status:  http.StatusRequestTimeout,
			Type:    "invalid_request_error",
			Code:    "request_timeout",
			Message: fmt.Sprintf("The request body came too slowly: less than %d KiB in %s.", bodyStep>>10, bodyTimeout),
		}
	}
	return badRequest("incomplete_body", "", "The request body ended before it was complete.")
}

func (g *Gateway) bodyTooLarge(x *exchange, r *http.Request) error {
	closeAfter(x, r)
	return &dialect.Error{
		Status: http.StatusRequestEntityTooLarge,
		Type:   "invalid_request_error",
		Code:   "request_too_large",
		Message: fmt.Sprintf("The request body is larger than %d bytes, the most that this gateway takes. Its setting limits.max_body_mb (--max-body-mb) is the limit in MiB.",
			g.maxBodySize),
	}
}

// closeAfter ends the connection with the answer. An HTTP/2 connection carries other requests and stays.
func closeAfter(x *exchange, r *http.Request) {
	if r.ProtoMajor == 1 {
		x.Header().Set("Connection", "close")
	}
}

// pacedReader demands a least speed of a client by moving the connection's read deadline along.
type pacedReader struct {
	body io.Reader
	conn http.ResponseController
	read int64
	next int64
}

// Read implements io.Reader.
func (p *pacedReader) Read(b []byte) (int, error) {
	if p.read >= p.next {
		p.next = p.read + bodyStep
		// A writer without deadlines belongs to a test; a connection that is gone will tell on the read.
		_ = p.conn.SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	n, err := p.body.Read(b)
	p.read += int64(n)
	return n, err
}

// finish takes the deadline off: the server goes on reading, to learn when the client leaves.
func (p *pacedReader) finish() { _ = p.conn.SetReadDeadline(time.Time{}) }
