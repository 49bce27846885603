package relay

import (
	"context"
	"errors"
	"io"

	"aiproxy/providers/dialect"
)

// overlap is what is held back even of an event that is passed on unfinished, so that no word that ending looks for
// is cut in two.
const overlap = 64

// stream copies a stream of events. The client gets whole events, as soon as they are there.
type stream struct {
	*attempt
	splitter dialect.Splitter
	// buf has the bytes that the client has not got, buf[:held]: the beginning of an event, or what is left of one.
	buf  []byte
	held int
	// large is the buffer of an event that outgrew a piece, nil as long as there was none.
	large *[maxHeld]byte
}

// relayStream relays a stream of events to its end.
func (a *attempt) relayStream(ctx context.Context) *fault {
	pools := &a.x.relay.pools
	piece := pools.piece()
	s := stream{attempt: a, buf: piece[:]}
	defer func() {
		pools.pieces.Put(piece)
		if s.large != nil {
			pools.events.Put(s.large)
		}
	}()
	a.offer()
	a.enter(awaitingEvent)
	for first, open := true, true; ; {
		n, err := a.read(s.buf[s.held:])
		if n > 0 && first {
			first = false
			a.enter(inStream)
			a.recordFirstByte()
		}
		if n > 0 && s.take(n) != nil {
			return a.clientGone()
		}
		switch {
		case err == nil && open && s.ending.Done:
			open = false
			a.linger()
		case err == nil:
		case errors.Is(err, io.EOF):
			return s.close()
		default:
			return s.broken(ctx, err)
		}
	}
}

// take passes on what is due now that n bytes more have come. Its error is the client's.
func (s *stream) take(n int) error {
	fresh := s.held
	s.held += n
	if end := s.splitter.Last(s.buf[fresh:s.held]); end >= 0 {
		return s.pass(fresh + end)
	}
	switch {
	case s.held < len(s.buf):
		return nil
	case s.large == nil:
		s.large = s.x.relay.pools.event()
		copy(s.large[:], s.buf)
		s.buf = s.large[:]
		return nil
	default:
		return s.passPart(s.held - overlap)
	}
}

// pass sends the first n bytes of what is held, which are whole events or the end of one.
func (s *stream) pass(n int) error {
	s.ending.Look(s.x.req.Dialect, s.buf[:n])
	err := s.send(s.buf[:n], wholeEvents)
	s.held = copy(s.buf, s.buf[n:s.held])
	return err
}

// passPart sends the first n bytes of what is held, which end within an event.
func (s *stream) passPart(n int) error {
	s.ending.LookPart(s.x.req.Dialect, s.buf[:s.held])
	err := s.send(s.buf[:n], partOfEvent)
	s.held = copy(s.buf, s.buf[n:s.held])
	return err
}

// close ends a stream that the upstream has ended properly. What is left without a blank line goes out if it is
// something whole by itself.
func (s *stream) close() *fault {
	rest, inEvent := s.buf[:s.held], s.x.client.inEvent
	whole := dialect.Unbroken(s.x.req.Dialect, rest, inEvent)
	if whole {
		s.ending.Look(s.x.req.Dialect, rest)
	}
	switch {
	case !s.ending.Complete(), inEvent && !whole:
		return s.truncated()
	case whole && len(rest) > 0 && s.send(rest, wholeEvents) != nil:
		return s.clientGone()
	default:
		return nil
	}
}

// broken ends a stream that broke off. After the end mark there was nothing left to come.
func (s *stream) broken(ctx context.Context, err error) *fault {
	cause := context.Cause(ctx)
	if s.ending.Done && (cause == nil || errors.Is(cause, errIdle) || errors.Is(cause, errEnded)) {
		return nil
	}
	return s.readFault(err, cause)
}
