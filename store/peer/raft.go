package peer

import (
	"net"
	"time"

	"github.com/hashicorp/raft"
)

// streams is the stream layer on which Raft's own network transport runs.
type streams struct {
	*queue
	t *Transport
}

var _ raft.StreamLayer = (*streams)(nil)

// Raft returns the stream layer for Raft's network transport, and makes it the one that takes the Raft connections
// of other nodes; before, they are refused as not ready. Its Addr is advertise, host:port as this node is called in
// the Raft configuration; names are resolved when they are dialled, never kept. Its Close severs all Raft
// connections, both ways, and leaves peer calls alone. A later call closes the layer and puts another in its place.
func (t *Transport) Raft(advertise string) raft.StreamLayer {
	s := &streams{t: t, queue: newQueue(func() net.Addr { return address(advertise) })}
	if before := t.streams.Swap(s); before != nil {
		_ = before.Close()
	}
	if t.ctx.Err() != nil {
		_ = s.Close()
	}
	return s
}

// Dial opens a Raft stream. Zero timeout means Config.HandshakeTimeout, which bounds every dial.
func (s *streams) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	if !s.open() {
		return nil, ErrClosed
	}
	c, err := s.t.dialStream(string(address), timeout, s)
	if err != nil {
		return nil, err
	}
	if !s.open() {
		c.sever()
		return nil, ErrClosed
	}
	return c, nil
}

// Close ends Accept and severs the streams: Raft's transport leaves those that it has accepted open, and a handler
// that waits on one would never end.
func (s *streams) Close() error {
	_ = s.queue.Close()
	s.t.severWhere(func(c *conn) bool { return c.owner == s })
	return nil
}
