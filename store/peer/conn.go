package peer

import (
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// Keepalive of connections between peers: a silent peer counts as dead after 25 seconds. Raft's connections idle
// between elections, and a machine that is gone sends no FIN.
const (
	keepAliveIdle     = 10 * time.Second
	keepAliveInterval = 5 * time.Second
	keepAliveCount    = 3
)

// conn is an authenticated connection to a peer.
type conn struct {
	net.Conn          // the TLS connection
	raw      net.Conn // what it runs on
	peer     Identity
	owner    *streams // nil for peer calls and probes
	t        *Transport
	once     sync.Once
}

// Close says goodbye and closes the connection.
func (c *conn) Close() error {
	var err error
	c.once.Do(func() {
		c.t.forget(c)
		err = c.Conn.Close()
	})
	return err
}

// sever closes the connection without a goodbye, which could block for seconds.
func (c *conn) sever() {
	c.raw.Close()
	_ = c.Close()
}

// adopt makes an authenticated connection one that Close will sever. It returns nil when that has been called.
func (t *Transport) adopt(secured *tls.Conn, peer Identity, owner *streams) *conn {
	c := &conn{Conn: secured, raw: secured.NetConn(), peer: peer, owner: owner, t: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.conns[c] = struct{}{}
	return c
}

// crowded reports whether there are as many connections between peers as there may be. It is a bound on what a
// faulty peer can do, not a quota: a few more may slip through at once.
func (t *Transport) crowded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.conns) >= t.cfg.MaxConns
}

func (t *Transport) forget(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, c)
}

// severWhere severs the connections that match.
func (t *Transport) severWhere(match func(*conn) bool) {
	t.mu.Lock()
	var doomed []*conn
	for c := range t.conns {
		if match(c) {
			doomed = append(doomed, c)
		}
	}
	t.mu.Unlock()
	for _, c := range doomed {
		c.sever()
	}
}

// keepAlive sets the keepalive of a connection between peers, if it is one that has such a thing.
func keepAlive(c net.Conn) {
	tcp, ok := c.(interface {
		SetKeepAliveConfig(net.KeepAliveConfig) error
	})
	if !ok {
		return
	}
	// A connection that cannot be set is a connection that is broken, which its user will find out.
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount,
	})
}
