package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// eventStream writes one stream of chunks. It belongs to the handler's goroutine.
type eventStream struct {
	x     *exchange
	req   *chatRequest
	sc    *script
	delay time.Duration
	// start begins every event: the field's name and what all chunks have in common.
	start   []byte
	flusher http.Flusher
	// gone tells that the client has gone: nothing is written any more.
	gone bool
	sent int
}

// streamChat sends the answer piece by piece.
func (x *exchange) streamChat(req *chatRequest, sc *script, a *answer) {
	header := x.w.Header()
	header["Content-Type"] = []string{"text/event-stream; charset=utf-8"}
	header["Cache-Control"] = []string{"no-cache"}
	x.w.WriteHeader(http.StatusOK)
	st := &eventStream{x: x, req: req, sc: sc, delay: max(sc.eventDelay, x.sim.delay)}
	st.flusher, _ = x.w.(http.Flusher)
	st.start = x.appendHead(st.appendField(nil), req, "chat.completion.chunk")
	for i, delta := range a.deltas {
		if i == len(a.deltas)/2 && st.breakOff() {
			return
		}
		st.sent = i
		for choice := range req.choices {
			st.chunk(choice, delta, "")
		}
		if st.gone {
			return
		}
	}
	for choice := range req.choices {
		st.chunk(choice, "{}", a.finish)
	}
	if req.includeUsage {
		st.usage(a)
	}
	if !sc.noDone {
		st.write(append(st.appendField(x.out[:0]), "[DONE]"...))
	}
}

// breakOff does what the script has for the middle of the answer, and tells whether that was its end.
func (st *eventStream) breakOff() bool {
	switch st.sc.halfway {
	case silence:
		st.x.hang()
	case brokenConnection:
		_, _ = st.x.w.Write(st.start) // half an event; a client that has gone is what is wanted
		st.flusher.Flush()
		panic(http.ErrAbortHandler)
	case errorEvent:
		const event = `{"error":{"message":"The server had an error while processing your request.",` +
			`"type":"server_error","param":null,"code":null}}`
		st.write(append(st.appendField(st.x.out[:0]), event...))
	case earlyEnd:
	default:
		return false
	}
	return true
}

// appendField begins an event's data line.
func (st *eventStream) appendField(dst []byte) []byte {
	if st.sc.noSpace {
		return append(dst, "data:"...)
	}
	return append(dst, "data: "...)
}

// begin starts a chunk in the exchange's out buffer.
func (st *eventStream) begin() []byte {
	event := st.x.out[:0]
	return append(event, st.start...)
}

// chunk sends one piece of one choice; finish is empty in all but its last.
func (st *eventStream) chunk(choice int, delta, finish string) {
	event := st.begin()
	event = append(event, `{"index":`...)
	event = strconv.AppendInt(event, int64(choice), 10)
	event = append(event, `,"delta":`...)
	event = append(event, delta...)
	event = append(event, `,"logprobs":null,"finish_reason":`...)
	if finish == "" {
		event = append(event, `null}]`...)
	} else {
		event = append(event, '"')
		event = append(event, finish...)
		event = append(event, `"}]`...)
	}
	switch {
	case st.sc.usageAlways:
		event = st.req.appendUsage(append(event, `,"usage":`...), st.sent, 0)
	case st.req.includeUsage:
		event = append(event, `,"usage":null`...)
	}
	st.write(append(event, '}'))
}

// usage sends the chunk that has no choices.
func (st *eventStream) usage(a *answer) {
	event := st.begin()
	event = append(event, `],"usage":`...)
	event = st.req.appendUsage(event, a.output, a.reasoning)
	st.write(append(event, '}'))
}

// write ends an event and sends it, after the delay. The event lies in the exchange's out buffer.
func (st *eventStream) write(event []byte) {
	if st.gone || !st.x.wait(st.delay) {
		st.gone = true
		return
	}
	if st.sc.comments {
		event = append([]byte(": ping"+st.sc.lineEnd+st.sc.lineEnd), event...)
	}
	event = append(event, st.sc.lineEnd...)
	event = append(event, st.sc.lineEnd...)
	st.x.out = event
	if st.sc.dribble {
		const piece = 7
		for len(event) > piece {
			st.send(event[:piece])
			event = event[piece:]
		}
	}
	st.send(event)
}

func (st *eventStream) send(p []byte) {
	if _, err := st.x.w.Write(p); err != nil {
		st.gone = true
		return
	}
	st.flusher.Flush()
}
