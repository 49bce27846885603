package dialect

// Stream turns the events of an upstream's stream into those of a client, one by one: what goes in comes out at once
// or, where the client's dialect must know more before it can say anything, with a later event. It holds no more of
// an answer than that. It belongs to one goroutine.
type Stream struct {
	framer  framer
	decoder Decoder
	restore restorer
	encoder Encoder
	events  []Event

	usage   Usage
	counted bool
	fault   *Error
	ended   bool
}

// NewStream returns a stream of the exchange from an upstream's dialect to a client's.
func NewStream(from UpstreamCodec, to ClientCodec, x *Exchange) *Stream {
	return &Stream{decoder: from.NewDecoder(x), restore: restorer{x: x}, encoder: to.NewEncoder(x)}
}

// Feed appends to dst what the client is to get for one whole server-sent event of the upstream's.
func (s *Stream) Feed(dst, event []byte) ([]byte, error) {
	f := s.framer.parse(event)
	if len(f.Data) == 0 || s.ended {
		return dst, nil
	}
	var err error
	s.events, err = s.decoder.Decode(s.events[:0], f)
	return s.encode(dst), err
}

// Close appends to dst what is still to be told when the upstream has ended its stream properly. ErrTruncated says
// that the answer was not complete: the client is then to be told of a fault.
func (s *Stream) Close(dst []byte) ([]byte, error) {
	if s.ended {
		return dst, nil
	}
	var err error
	s.events, err = s.decoder.Close(s.events[:0])
	return s.encode(dst), err
}

// Fail appends to dst what tells the client of a fault of the gateway's or of the way to the upstream. Nothing may
// follow.
func (s *Stream) Fail(dst []byte, e *Error) []byte {
	if s.ended {
		return dst
	}
	s.ended = true
	return s.encoder.Encode(dst, &Event{Kind: EventError, Err: e})
}

// KeepAlive appends what keeps the client from giving up on a silent stream.
func (s *Stream) KeepAlive(dst []byte) []byte {
	if s.ended {
		return dst
	}
	return s.encoder.KeepAlive(dst)
}

// ContentType is that of the client's answer.
func (s *Stream) ContentType() string { return s.encoder.ContentType() }

// Usage returns the usage that the upstream has told so far, and whether it has.
func (s *Stream) Usage() (Usage, bool) { return s.usage, s.counted }

// Ended tells that the client has got the end of its answer, be it a fault.
func (s *Stream) Ended() bool { return s.ended }

// Fault is the one that the upstream has told of, nil for none.
func (s *Stream) Fault() *Error { return s.fault }

func (s *Stream) encode(dst []byte) []byte {
	for i := range s.events {
		e := &s.events[i]
		if s.ended {
			break
		}
		if e.Counted {
			s.usage, s.counted = e.Usage, true
		}
		s.ended = e.Kind == EventEnd || e.Kind == EventError
		if e.Kind == EventError {
			s.fault = e.Err
		}
		for _, e := range s.restore.event(e) {
			dst = s.encoder.Encode(dst, e)
		}
	}
	return dst
}

// TranslateResponse appends to dst an upstream's whole answer as the client is to get it, and returns what it says.
func TranslateResponse(dst, body []byte, from UpstreamCodec, to ClientCodec, x *Exchange) ([]byte, *Response, error) {
	r, err := from.DecodeResponse(body, x)
	if err != nil {
		return dst, nil, err
	}
	r.dropCut()
	RestoreTools(r, x)
	return to.EncodeResponse(dst, r, x), r, nil
}
