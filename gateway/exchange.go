package gateway

import (
	"bufio"
	"net"
	"net/http"
	"time"

	"aiproxy/gateway/relay"
)

// An answer that the gateway itself gives must be taken by the client within writeTimeout, and what is still to come
// of the request must arrive within readTimeout. What the relay sends may last for ever and has bounds of its own; only
// what is left of it in the server's buffer when the relay is done must be taken within writeTimeout.
const (
	writeTimeout = 2 * time.Minute
	readTimeout  = 30 * time.Second
)

// exchange is one request and its answer. It is the http.ResponseWriter of every handler and remembers what was
// sent. It belongs to the goroutine that serves the request; a handler that lets another one write takes care that
// they take turns.
type exchange struct {
	http.ResponseWriter
	id      string
	started time.Time
	// caller is the name of the key that the request carries, empty where none was asked for.
	caller string
	// status is what was sent, 0 before the header has been written.
	status int
	size   int64

	// These are here to be allocated together: the values of the headers that carry the id, the reader of the
	// request's body, and what the relay is asked.
	ids     [1]string
	paced   pacedReader
	request relay.Request
}

// bound sets the deadlines for an answer of the gateway's own. Without that for reading, a client could hold up even
// a refusal: the server reads what is left of a small body before it answers. The server takes both off for the next
// request. A writer that knows no deadlines belongs to a test.
func (x *exchange) bound() {
	_ = http.NewResponseController(x.ResponseWriter).SetReadDeadline(time.Now().Add(readTimeout))
	x.boundRest()
}

// boundRest sets the deadline for what the server still holds of an answer.
func (x *exchange) boundRest() {
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTimeout))
}

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	// A 1xx is not the answer but for 101, after which the connection is not HTTP's any more.
	if x.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(p)
	x.size += int64(n)
	return n, err
}

// Flush implements http.Flusher for handlers that do not use http.ResponseController.
func (x *exchange) Flush() { _ = x.FlushError() }

// FlushError sends what is buffered, the header included.
func (x *exchange) FlushError() error {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	return http.NewResponseController(x.ResponseWriter).Flush()
}

// Hijack implements http.Hijacker for handlers that do not use http.ResponseController. The connection comes
// without deadlines.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(x.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	x.status = http.StatusSwitchingProtocols
	return conn, rw, conn.SetDeadline(time.Time{})
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }
