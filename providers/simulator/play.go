package simulator

import (
	"net/http"
	"strconv"
)

// voice is one protocol's way to stream an answer.
type voice interface {
	// start sends what comes before the first block.
	start()
	// open sends the beginning of the nth block, piece one more of its pieces, and shut its end.
	open(n int, b *block)
	piece(n int, b *block, piece string)
	shut(n int, b *block)
	// finish sends what comes after the last block.
	finish()
	// fail sends the vendor's error event.
	fail()
}

// play streams an answer, with what the script has for its middle.
func (w *wire) play(a *answer, v voice) {
	w.x.w.WriteHeader(http.StatusOK)
	v.start()
	all, _ := a.tokens()
	said := 0
	for i := range a.blocks {
		b := &a.blocks[i]
		v.open(i, b)
		for _, piece := range b.pieces {
			if said == all/2 && w.breakOff(v) {
				return
			}
			if w.gone {
				return
			}
			v.piece(i, b, piece)
			said++
		}
		v.shut(i, b)
	}
	v.finish()
	w.end()
}

// breakOff does what the script has for the middle of the answer, and tells whether that was its end.
func (w *wire) breakOff(v voice) bool {
	switch w.sc.halfway {
	case silence:
		w.x.hang()
	case brokenConnection:
		w.cut = true
		return false
	case errorEvent:
		v.fail()
		w.end()
	case earlyEnd:
		w.end()
	default:
		return false
	}
	return true
}

// deliver sends a whole answer, or what the script leaves of it.
func (x *exchange) deliver(sc *script, body []byte) {
	switch sc.halfway {
	case silence:
		x.halfBody(body)
		x.hang()
	case brokenConnection:
		x.halfBody(body)
		panic(http.ErrAbortHandler)
	default:
		x.reply(http.StatusOK, "application/json", body)
	}
}

// halfBody announces a body and sends half of it.
func (x *exchange) halfBody(body []byte) {
	header := x.w.Header()
	header["Content-Type"] = []string{"application/json"}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body[:len(body)/2]) // a client that has gone shows in the record
	_ = http.NewResponseController(x.w).Flush()
}
