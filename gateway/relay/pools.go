package relay

import (
	"bytes"
	"sync"
)

// The sizes of buffers in bytes.
const (
	// pieceSize is what is read from an upstream at once, and up to where a reply is held back until it is whole.
	pieceSize = 32 << 10
	// maxHeld is how much of an unfinished event is held back.
	maxHeld = 256 << 10
	// maxSniffed is up to which size a reply is kept for a look at its usage.
	maxSniffed = 1 << 20
)

// pools holds what requests use again. The zero value is ready; it must not be copied.
type pools struct {
	exchanges sync.Pool
	attempts  sync.Pool
	pieces    sync.Pool
	events    sync.Pool
	replies   sync.Pool
}

func (p *pools) exchange() *exchange {
	if x, ok := p.exchanges.Get().(*exchange); ok {
		return x
	}
	return new(exchange)
}

func (p *pools) putExchange(x *exchange) {
	clear(x.bodies)
	*x = exchange{tried: x.tried[:0], bodies: x.bodies[:0]}
	p.exchanges.Put(x)
}

func (p *pools) attempt() *attempt {
	if a, ok := p.attempts.Get().(*attempt); ok {
		return a
	}
	return new(attempt)
}

// putAttempt takes back an attempt whose timer is certain not to run any more.
func (p *pools) putAttempt(a *attempt) { p.attempts.Put(a) }

// piece returns a buffer for what is read at once.
func (p *pools) piece() *[pieceSize]byte {
	if b, ok := p.pieces.Get().(*[pieceSize]byte); ok {
		return b
	}
	return new([pieceSize]byte)
}

// event returns a buffer for an event that outgrew a piece.
func (p *pools) event() *[maxHeld]byte {
	if b, ok := p.events.Get().(*[maxHeld]byte); ok {
		return b
	}
	return new([maxHeld]byte)
}

// reply returns an empty buffer for a reply that is looked at once it is whole.
func (p *pools) reply() *bytes.Buffer {
	if b, ok := p.replies.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return new(bytes.Buffer)
}
