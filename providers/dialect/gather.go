package dialect

// Gatherer reads an upstream's stream to a whole answer, for clients that want no stream of upstreams that give no
// other. It belongs to one goroutine.
type Gatherer struct {
	framer    framer
	decoder   Decoder
	restore   restorer
	events    []Event
	collector Collector
}

// NewGatherer returns a gatherer of the exchange for an upstream's dialect.
func NewGatherer(from UpstreamCodec, x *Exchange) *Gatherer {
	return &Gatherer{decoder: from.NewDecoder(x), restore: restorer{x: x}}
}

// Feed takes one whole server-sent event of the upstream's.
func (g *Gatherer) Feed(event []byte) error {
	f := g.framer.parse(event)
	if len(f.Data) == 0 {
		return nil
	}
	var err error
	g.events, err = g.decoder.Decode(g.events[:0], f)
	g.collect()
	return err
}

// Close returns the answer once the upstream has ended its stream properly: ErrTruncated says that it is not complete,
// an *Error is what the upstream has told of in its place.
func (g *Gatherer) Close() (*Response, error) {
	var err error
	g.events, err = g.decoder.Close(g.events[:0])
	g.collect()
	if fault := g.collector.Fault(); fault != nil {
		return nil, fault
	}
	r, whole := g.collector.Response()
	r.dropCut()
	if err == nil && !whole {
		err = ErrTruncated
	}
	return r, err
}

func (g *Gatherer) collect() {
	for i := range g.events {
		for _, e := range g.restore.event(&g.events[i]) {
			g.collector.Add(e)
		}
	}
}

// EncodeAsStream appends to dst a whole answer as the events of a stream, for clients that want one of upstreams that
// give none.
func EncodeAsStream(dst []byte, r *Response, to ClientCodec, x *Exchange) []byte {
	encoder := to.NewEncoder(x)
	Replay(r, func(e *Event) { dst = encoder.Encode(dst, e) })
	return dst
}
