//go:build linux

package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"aiproxy/scripts/bench/wire"
)

// errCut marks answers that broke off after their head.
var errCut = errors.New("answer cut off")

// connection is one client's keep-alive connection, dialled when it is needed. Only its worker uses it.
type connection struct {
	g       *generator
	conn    net.Conn
	in      *bufio.Reader
	unwatch func() bool
	first   time.Time // When the first event of the running exchange arrived.

	answer  answerCheck
	events  eventCheck
	counted func(events int)
}

// newConnection returns a connection that is not dialled yet. It calls counted for events as they arrive.
func newConnection(g *generator, counted func(events int)) *connection {
	return &connection{
		g:       g,
		in:      bufio.NewReaderSize(nil, 16<<10),
		answer:  answerCheck{want: g.answer},
		events:  eventCheck{want: g.payloads},
		counted: counted,
	}
}

// exchange sends the request and checks the answer. It returns when the first event arrived, zero without events. After an
// error the connection must be closed. The end of ctx closes it under a running exchange.
func (c *connection) exchange(ctx context.Context) (time.Time, error) {
	c.first = time.Time{}
	c.answer.reset()
	c.events.reset()
	if err := c.dial(ctx); err != nil {
		return c.first, err
	}
	if _, err := c.conn.Write(c.g.request); err != nil {
		return c.first, fmt.Errorf("send request: %w", err)
	}
	head, err := wire.ReadHead(c.in)
	if err != nil {
		return c.first, fmt.Errorf("read head: %w", err)
	}
	if head.Status != http.StatusOK {
		return c.first, c.refusal(head)
	}
	if err := wire.ReadBody(c.in, head, c.check); err != nil {
		if errors.Is(err, errMismatch) {
			return c.first, err
		}
		return c.first, fmt.Errorf("%w: %w", errCut, err)
	}
	if head.Close {
		c.close()
	}
	return c.first, c.complete()
}

func (c *connection) dial(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", c.g.cfg.Addr)
	if err != nil {
		return err
	}
	c.conn = conn
	c.in.Reset(conn)
	c.unwatch = context.AfterFunc(ctx, func() { conn.Close() })
	return nil
}

// close closes the connection, if there is one. The next exchange dials anew.
func (c *connection) close() {
	if c.conn != nil {
		c.unwatch()
		c.conn.Close()
		c.conn = nil
	}
}

func (c *connection) check(piece []byte) error {
	if !c.g.cfg.Workload.Stream {
		return c.answer.take(piece)
	}
	events, err := c.events.take(piece)
	if events > 0 {
		if c.first.IsZero() {
			c.first = time.Now()
		}
		c.counted(events)
	}
	return err
}

func (c *connection) complete() error {
	if c.g.cfg.Workload.Stream {
		return c.events.complete()
	}
	return c.answer.complete()
}

// refusal describes an answer other than 200 by its status and the start of its body.
func (c *connection) refusal(head wire.Head) error {
	const most = 200
	var start []byte
	err := wire.ReadBody(c.in, head, func(piece []byte) error {
		start = append(start, piece[:min(len(piece), most-len(start))]...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("status %d, then: %w", head.Status, err)
	}
	return fmt.Errorf("status %d: %s", head.Status, start)
}
