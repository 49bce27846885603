package relay

import (
	"context"
	"errors"
	"io"

	"aiproxy/providers/dialect"
)

// readEvents reads the reply to its end and gives each event to take. Its error is that of reading, or take's.
func (a *attempt) readEvents(take func(event []byte) error) error {
	e := events{attempt: a}
	e.begin()
	defer e.end()
	for {
		err := e.read(take)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// events cuts a reply into whole events, however long: they are translated and not passed on.
type events struct {
	*attempt
	splitter dialect.Splitter
	piece    *[pieceSize]byte
	buf      []byte
	held     int
}

func (e *events) begin() {
	e.piece = e.x.relay.pools.piece()
	e.buf = e.piece[:]
}

func (e *events) end() { e.x.relay.pools.pieces.Put(e.piece) }

// read reads once and gives the events that are whole now to take. At the end it gives what is left, if that is no
// torso, and returns io.EOF.
func (e *events) read(take func(event []byte) error) error {
	n, err := e.attempt.read(e.buf[e.held:])
	fresh := e.held
	e.held += n
	begin := 0
	for at := fresh; at < e.held; {
		m, whole := e.splitter.Next(e.buf[at:e.held])
		at += m
		if !whole {
			break
		}
		if err := take(e.buf[begin:at]); err != nil {
			return err
		}
		begin = at
	}
	e.held = copy(e.buf, e.buf[begin:e.held])
	if err != nil {
		return e.rest(err, take)
	}
	if e.held == len(e.buf) {
		return e.grow()
	}
	return nil
}

func (e *events) rest(err error, take func(event []byte) error) error {
	rest := e.buf[:e.held]
	if errors.Is(err, io.EOF) && e.held > 0 && dialect.Unbroken(e.x.call.Dialect, rest, false) {
		e.held = 0
		if err := take(rest); err != nil {
			return err
		}
	}
	return err
}

// grow makes room for an event that is longer than the buffer.
func (e *events) grow() error {
	if len(e.buf) >= maxTranslated {
		return errTooLarge
	}
	larger := make([]byte, 2*len(e.buf))
	copy(larger, e.buf)
	e.buf = larger
	return nil
}

// translatedStream is a stream that is being translated.
type translatedStream struct {
	*attempt
	stream *dialect.Stream
	out    []byte
	// begun tells that the first event has come, unflushed that the client has been written to since the last flush.
	begun, unflushed bool
}

// translateStream relays a stream event by event.
func (a *attempt) translateStream(ctx context.Context) *fault {
	tr := a.x.translation
	s := translatedStream{attempt: a, stream: dialect.NewStream(tr.upstream, tr.client, &tr.exchange)}
	a.offerTranslated(a.reply.Status, s.stream.ContentType(), s.stream)
	e := events{attempt: a}
	e.begin()
	defer e.end()
	a.enter(awaitingEvent)
	for open := true; ; {
		err := e.read(s.take)
		if s.unflushed && s.flush() != nil {
			return a.clientGone()
		}
		if err != nil {
			a.ending.Usage, a.ending.Counted = s.stream.Usage()
			return s.end(ctx, err)
		}
		if open && s.stream.Ended() {
			open = false
			a.linger()
		}
	}
}

// errToldEarly ends a stream whose first words are that it failed: another instance can still do better.
var errToldEarly = errors.New("upstream told of an error before anything else")

// take translates one event. What it yields is written while mu is held: the timer that keeps the client's side open
// uses the same encoder.
func (s *translatedStream) take(event []byte) error {
	if !s.begun {
		s.begun = true
		s.enter(inStream)
		s.recordFirstByte()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	s.out, err = s.stream.Feed(s.out[:0], event)
	if s.stream.Fault() != nil && !s.x.client.committed {
		return errToldEarly
	}
	if len(s.out) > 0 {
		s.unflushed = true
		if s.sendHeld(s.out, partOfBody) != nil {
			return errClientGone
		}
	}
	if err != nil {
		return &unreadableError{err}
	}
	return nil
}

func (s *translatedStream) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unflushed = false
	return s.x.client.flush()
}

// end ends the client's side: err is why reading has ended.
func (s *translatedStream) end(ctx context.Context, err error) *fault {
	if errors.Is(err, errToldEarly) {
		return s.toldFault(s.stream.Fault())
	}
	if s.stream.Ended() {
		s.ending.Failed = s.stream.Fault() != nil
		return nil
	}
	if bad, ok := errors.AsType[*unreadableError](err); ok {
		return s.unreadable(bad.err)
	}
	switch {
	case errors.Is(err, errClientGone):
		return s.clientGone()
	case errors.Is(err, errTooLarge):
		return s.unreadable(err)
	case !errors.Is(err, io.EOF):
		return s.readFault(err, context.Cause(ctx))
	}
	return s.close()
}

// close ends a stream that the upstream has ended properly.
func (s *translatedStream) close() *fault {
	s.mu.Lock()
	out, err := s.stream.Close(s.out[:0])
	s.mu.Unlock()
	s.ending.Usage, s.ending.Counted = s.stream.Usage()
	if len(out) > 0 && s.send(out, wholeEvents) != nil {
		return s.clientGone()
	}
	if err != nil {
		return s.truncated()
	}
	return nil
}
