package peer

import (
	"net"
	"sync"
)

// queue is a net.Listener whose connections are handed over one by one: none is in it, so none can be lost in it.
type queue struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	addr   func() net.Addr
}

func newQueue(addr func() net.Addr) *queue {
	return &queue{conns: make(chan net.Conn), closed: make(chan struct{}), addr: addr}
}

// push hands c over and reports whether somebody took it before the queue was closed or done was.
func (q *queue) push(c net.Conn, done <-chan struct{}) bool {
	select {
	case q.conns <- c:
		return true
	case <-q.closed:
		return false
	case <-done:
		return false
	}
}

// open reports whether the queue takes connections.
func (q *queue) open() bool {
	select {
	case <-q.closed:
		return false
	default:
		return true
	}
}

// Accept waits for the next connection. Its error after Close is net.ErrClosed, which net/http knows.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case <-q.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. Connections that have been accepted stay as they are.
func (q *queue) Close() error {
	q.once.Do(func() { close(q.closed) })
	return nil
}

// Addr is where the connections come in.
func (q *queue) Addr() net.Addr { return q.addr() }

// address is an address by its name: names are resolved when they are dialled.
type address string

// Network is always "tcp".
func (address) Network() string { return "tcp" }

// String returns the name, host:port.
func (a address) String() string { return string(a) }
