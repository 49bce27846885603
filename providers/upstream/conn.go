package upstream

import (
	"net"
	"time"
)

// conn is one connection to an upstream. It belongs to the pool or to one exchange; only abort may be called by others.
type conn struct {
	nc   net.Conn
	host string // The pool's key: host and port as in the URL.
	live *liveness
	in   reader
	// vector is what is left to write, kept here so that a write allocates nothing.
	vector [2][]byte
	rest   net.Buffers

	reused    bool
	idleSince time.Time
	// aborted is the abort method, bound once.
	aborted func()
}

func newConn(nc net.Conn, host string) *conn {
	c := &conn{nc: nc, host: host, live: newLiveness(nc), in: reader{src: nc}}
	c.aborted = c.abort
	return c
}

// abort closes the connection under whoever reads or writes it, who then fails at once.
func (c *conn) abort() { c.nc.Close() }

// write sends the message, with one system call where the kernel has room. A body that fits behind the head, where that
// was put together, is copied there: one short write costs less than gathering two pieces.
func (c *conn) write(m *message) error {
	if head := m.head.b; len(m.body) <= cap(head)-len(head) {
		_, err := c.nc.Write(append(head, m.body...))
		return err
	}
	c.vector = [2][]byte{m.head.b, m.body}
	c.rest = c.vector[:]
	_, err := c.rest.WriteTo(c.nc)
	c.vector, c.rest = [2][]byte{}, nil
	return err
}
