package peer

import (
	"io"
	"net"
)

// firstByte is a byte that has been read from a connection to see what it is, and has to be read again.
// Like any net.Conn it expects one reader at a time.
type firstByte struct {
	b       byte
	pending bool
	// peer is set when a TLS hello turns out to be a peer's.
	peer bool
}

// preface gives access to the first byte of either kind of connection.
type preface interface {
	net.Conn
	preface() *firstByte
}

// take puts the byte into p and says whether there was one to put.
func (f *firstByte) take(p []byte) bool {
	if !f.pending || len(p) == 0 {
		return false
	}
	p[0] = f.b
	f.pending = false
	return true
}

// tcpConn is a TCP connection whose first byte is read again. All else is the TCP connection's own, so that
// whoever holds it keeps half-close, splice and socket options.
type tcpConn struct {
	*net.TCPConn
	first firstByte
}

// Read returns the first byte, then what follows.
func (c *tcpConn) Read(p []byte) (int, error) {
	if c.first.take(p) {
		return 1, nil
	}
	return c.TCPConn.Read(p)
}

// WriteTo is io.Copy's way of reading, and must not pass the first byte by.
func (c *tcpConn) WriteTo(w io.Writer) (int64, error) {
	var p [1]byte
	if !c.first.take(p[:]) {
		return c.TCPConn.WriteTo(w)
	}
	n, err := w.Write(p[:])
	if err != nil {
		return int64(n), err
	}
	rest, err := c.TCPConn.WriteTo(w)
	return int64(n) + rest, err
}

// anyConn does the same for connections of other kinds.
type anyConn struct {
	net.Conn
	first firstByte
}

// Read returns the first byte, then what follows.
func (c *anyConn) Read(p []byte) (int, error) {
	if c.first.take(p) {
		return 1, nil
	}
	return c.Conn.Read(p)
}

func (c *tcpConn) preface() *firstByte { return &c.first }

func (c *anyConn) preface() *firstByte { return &c.first }

// unread returns a connection that reads b first.
func unread(c net.Conn, b byte) preface {
	first := firstByte{b: b, pending: true}
	if tcp, ok := c.(*net.TCPConn); ok {
		return &tcpConn{TCPConn: tcp, first: first}
	}
	return &anyConn{Conn: c, first: first}
}
