package simulator

import (
	"net/http"
	"time"
)

// wire sends the events of one stream, deformed as the script says. It belongs to the handler's goroutine.
type wire struct {
	x       *exchange
	sc      *script
	delay   time.Duration
	lineEnd string
	flusher http.Flusher
	// array frames the events as the elements of a JSON array in place of server-sent events.
	array bool
	// framed tells that the protocol has a framing of its own.
	framed bool
	events int
	// cut breaks the connection within the next event.
	cut bool
	// gone tells that the client has gone: nothing is written any more.
	gone bool
}

// openWire begins the reply of a stream whose lines end with lineEnd unless the script says otherwise.
func (x *exchange) openWire(sc *script, lineEnd string) *wire {
	w := &wire{x: x, sc: sc, delay: max(sc.eventDelay, x.sim.delay), lineEnd: lineEnd}
	if sc.lineEnd != "" {
		w.lineEnd = sc.lineEnd
	}
	w.flusher, _ = x.w.(http.Flusher)
	header := x.w.Header()
	header["Content-Type"] = []string{"text/event-stream; charset=utf-8"}
	header["Cache-Control"] = []string{"no-cache"}
	return w
}

// begin starts an event in the exchange's out buffer; the name may be empty.
func (w *wire) begin(name string) []byte {
	dst := w.x.out[:0]
	w.events++
	if w.array {
		if w.events == 1 {
			return append(dst, '[')
		}
		return append(dst, "\n,\n"...)
	}
	if w.sc.comments {
		dst = append(append(append(dst, ": ping"...), w.lineEnd...), w.lineEnd...)
	}
	if name != "" {
		dst = append(append(append(dst, "event: "...), name...), w.lineEnd...)
	}
	dst = append(dst, "data:"...)
	if !w.sc.noSpace {
		dst = append(dst, ' ')
	}
	return dst
}

// event sends one event; the name may be empty.
func (w *wire) event(name string, data []byte) {
	w.send(append(w.begin(name), data...))
}

// send ends an event that lies in the exchange's out buffer and sends it, after the delay.
func (w *wire) send(event []byte) {
	if w.gone || !w.x.wait(w.delay) {
		w.gone = true
		return
	}
	if !w.array && !w.framed {
		event = append(append(event, w.lineEnd...), w.lineEnd...)
	}
	w.x.out = event
	if w.cut {
		w.flush(event[:len(event)/2])
		panic(http.ErrAbortHandler)
	}
	for n := w.sc.dribble; n > 0 && len(event) > n; event = event[n:] {
		w.flush(event[:n])
	}
	w.flush(event)
}

// end closes a JSON array.
func (w *wire) end() {
	if w.array && !w.gone {
		w.flush([]byte("\n]\n"))
	}
}

func (w *wire) flush(p []byte) {
	if _, err := w.x.w.Write(p); err != nil {
		w.gone = true
		return
	}
	w.flusher.Flush()
}
