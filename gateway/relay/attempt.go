package relay

import (
	"context"
	"net/http"

	"aiproxy/providers"
)

// attempt is one call of one instance, from its beginning to the end of its reply.
type attempt struct {
	watch
	x      *exchange
	target *target
	reply  *providers.Reply
	ending ending
}

// attempt calls the target and relays its reply. It returns nil when the client has got an answer to the end: the
// upstream's own, whatever its status. Otherwise the fault says whether another attempt may help, and the client
// whether it has got something already.
func (x *exchange) attempt(ctx context.Context, t *target) *fault {
	ctx, cancel := context.WithCancelCause(ctx)
	a := x.relay.pools.attempt()
	a.x, a.target, a.reply, a.ending = x, t, nil, ending{}
	x.client.offer(nil, t)
	t.load.requests.Add(1)
	t.load.inFlight.Add(1)
	a.start(x.relay.limits.of(t.instance), &x.client, cancel)
	defer a.end(cancel)

	f := a.call(ctx)
	a.record(f)
	return f
}

// end lets go of everything that the attempt holds. It also runs when a provider panics.
func (a *attempt) end(cancel context.CancelCauseFunc) {
	again := a.stop()
	cancel(nil)
	if a.reply != nil {
		a.reply.Body.Close()
	}
	a.target.load.inFlight.Add(-1)
	pools := &a.x.relay.pools
	a.x, a.target, a.reply = nil, nil, nil
	if again {
		pools.putAttempt(a)
	}
}

// call makes the call and relays the reply.
func (a *attempt) call(ctx context.Context) *fault {
	reply, err := a.target.provider.Do(ctx, a.target.instance, a.x.call)
	if err != nil {
		return a.callFault(err, context.Cause(ctx))
	}
	a.reply = reply
	if reply.Status < http.StatusOK || redirects(reply.Status) {
		return a.redirected()
	}
	if a.x.uncounted(reply.Status) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.x.estimate(a.target)
	}
	if a.x.translation != nil {
		return a.relayTranslated(ctx)
	}
	if succeeded(reply.Status) && isEventStream(reply.Header) {
		return a.relayStream(ctx)
	}
	return a.relayWhole(ctx)
}

// record takes down how the attempt ended.
func (a *attempt) record(f *fault) {
	in, rec := a.target.instance, a.x.relay.recorder
	status, class := 0, providers.ClassNone
	if f != nil {
		status, class = f.tell.Status, f.class
	}
	if a.reply != nil {
		status = a.reply.Status
		if class == providers.ClassNone {
			class = a.ending.fault()
		}
	}
	rec.ProviderRequest(in.Provider, in.Name, a.x.call.Model, status)
	switch class {
	case providers.ClassNone, providers.ClassCanceled:
	case providers.ClassCredential, providers.ClassQuota, providers.ClassProvider:
		a.target.load.failures.Add(1)
		rec.ProviderError(in.Provider, in.Name, class.String())
	default:
		rec.ProviderError(in.Provider, in.Name, class.String())
	}
	if a.ending.Counted {
		rec.Tokens(in.Provider, a.x.call.Model, a.ending.Usage.Input, a.ending.Usage.Output)
	}
}

// recordFirstByte takes down how long the client had to wait for this reply.
func (a *attempt) recordFirstByte() {
	in := a.target.instance
	a.x.relay.recorder.FirstByte(in.Provider, in.Name, a.lastHeard())
}

// read reads once from the reply's body.
func (a *attempt) read(p []byte) (int, error) {
	n, err := a.reply.Body.Read(p)
	if n > 0 {
		a.hear()
	}
	return n, err
}

// portion says what is sent to the client.
type portion uint8

const (
	// partOfBody needs no haste, and no care where it ends.
	partOfBody portion = iota
	// partOfEvent ends within an event.
	partOfEvent
	// wholeEvents end where an event ends, and go out at once.
	wholeEvents
)

// send writes to the client. Its error is the client's.
func (a *attempt) send(p []byte, kind portion) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sendHeld(p, kind)
}

// sendHeld is send for who holds mu.
func (a *attempt) sendHeld(p []byte, kind portion) error {
	c := &a.x.client
	err := c.write(p)
	if kind == wholeEvents && err == nil {
		err = c.flush()
	}
	c.inEvent = kind == partOfEvent
	a.told = a.lastHeard()
	return err
}

// clientGone ends the attempt because the client's connection is broken.
func (a *attempt) clientGone() *fault {
	a.cancel(errClientGone)
	return a.endFault(errClientGone)
}

func succeeded(status int) bool {
	return status >= http.StatusOK && status < http.StatusMultipleChoices
}

func redirects(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest
}
