package relay

import (
	"context"
	"errors"
	"io"
	"slices"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// relayWhole relays a reply that is no stream of events. A short one is held back until it is whole, so that another
// instance can stand in for an upstream that breaks off; a longer one is passed on as it comes.
func (a *attempt) relayWhole(ctx context.Context) *fault {
	a.enter(inBody)
	pools := &a.x.relay.pools
	buf := pools.piece()
	defer pools.pieces.Put(buf)

	good := succeeded(a.reply.Status)
	if good {
		a.recordFirstByte()
	}
	// What the client asked to have as a stream but is none that we know goes out as it comes.
	live := good && a.x.call.Stream && !isJSON(a.reply.Header)
	n, err := a.fill(buf[:], live)
	whole := errors.Is(err, io.EOF)
	if err != nil && !whole {
		return a.readFault(err, context.Cause(ctx))
	}
	text := buf[:n]
	if !good {
		a.ending.class = a.target.provider.Classify(a.reply.Status, a.reply.Header, text)
		text, whole = a.shape(text, whole)
		if f := a.passOver(text, whole); f != nil {
			return f
		}
	}
	a.offer()
	if whole {
		a.x.client.length = len(text)
		if good {
			a.ending.LookWhole(a.x.req.Dialect, text)
		}
		if a.send(text, partOfBody) != nil {
			return a.clientGone()
		}
		return nil
	}
	kind := partOfBody
	if live {
		kind = wholeEvents
	}
	if a.send(buf[:n], kind) != nil {
		return a.clientGone()
	}
	return a.copyRest(ctx, buf, n, kind)
}

// offer names the reply to the client's side.
func (a *attempt) offer() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.x.client.offer(a.reply, a.target)
	a.x.client.rewriter = a.x.rewriterFor(a)
	a.told = a.lastHeard()
}

// fill reads until buf is full or the body at its end, which is io.EOF. With once it is content with less.
func (a *attempt) fill(buf []byte, once bool) (int, error) {
	n := 0
	for n < len(buf) {
		m, err := a.read(buf[n:])
		n += m
		if err != nil {
			return n, err
		}
		if once && n > 0 {
			break
		}
	}
	return n, nil
}

// passOver returns a fault when another instance may do better than this reply, which is no success, and nil when it
// is to be relayed. The text is all of the body if whole.
func (a *attempt) passOver(text []byte, whole bool) *fault {
	f := &fault{class: a.ending.class, phase: providers.PhaseFirstByte, cause: statusError(a.reply.Status)}
	f.tell = dialect.Error{Status: a.reply.Status}
	if !a.x.more || !f.retriable() {
		return nil
	}
	if whole {
		a.x.kept = keptAnswer{reply: a.reply, target: a.target, body: slices.Clone(text)}
	}
	return f
}

// copyRest passes on what follows the first n bytes, which the client has got, and keeps all of it, up to a limit, to
// find the usage in.
func (a *attempt) copyRest(ctx context.Context, buf *[pieceSize]byte, n int, kind portion) *fault {
	pools := &a.x.relay.pools
	kept := pools.reply()
	defer pools.replies.Put(kept)
	keep := succeeded(a.reply.Status)
	for {
		if keep = keep && kept.Len()+n <= maxSniffed; keep {
			kept.Write(buf[:n])
		}
		var err error
		n, err = a.read(buf[:])
		if n > 0 && a.send(buf[:n], kind) != nil {
			return a.clientGone()
		}
		if errors.Is(err, io.EOF) {
			if keep && kept.Len()+n <= maxSniffed {
				kept.Write(buf[:n])
				a.ending.LookWhole(a.x.req.Dialect, kept.Bytes())
			}
			return nil
		}
		if err != nil {
			return a.readFault(err, context.Cause(ctx))
		}
	}
}
