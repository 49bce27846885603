package peer

import (
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// streams is the stream layer on which Raft's own network transport runs.
type streams struct {
	*queue
	t *Transport
	// paused holds the reason while Raft is cut off, nil otherwise.
	paused atomic.Pointer[string]
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
	if err := s.refusal(); err != nil {
		return nil, err
	}
	c, err := s.t.dialStream(string(address), timeout, s)
	if err != nil {
		return nil, err
	}
	if err := s.refusal(); err != nil {
		c.sever()
		return nil, err
	}
	return c, nil
}

// refusal says why there are no Raft streams now, or nil.
func (s *streams) refusal() error {
	if !s.open() {
		return ErrClosed
	}
	if reason := s.paused.Load(); reason != nil {
		return fmt.Errorf("%w: %s", ErrPaused, *reason)
	}
	return nil
}

// PauseRaft severs all Raft streams, both ways, and lets no new ones be until ResumeRaft: dials fail with ErrPaused,
// and other nodes are told the reason. Raft itself does not learn of it; to it, and to the other nodes, this node is
// cut off. Peer calls and clients go on.
func (t *Transport) PauseRaft(reason string) {
	if s := t.streams.Load(); s != nil {
		s.paused.Store(&reason)
		t.severWhere(func(c *conn) bool { return c.owner == s })
	}
}

// ResumeRaft ends what PauseRaft began.
func (t *Transport) ResumeRaft() {
	if s := t.streams.Load(); s != nil {
		s.paused.Store(nil)
	}
}

// Close ends Accept and severs the streams: Raft's transport leaves those that it has accepted open, and a handler
// that waits on one would never end.
func (s *streams) Close() error {
	_ = s.queue.Close()
	s.t.severWhere(func(c *conn) bool { return c.owner == s })
	return nil
}
