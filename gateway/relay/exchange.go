package relay

import (
	"context"
	"log/slog"
	"net/http"

	"aiproxy/gateway/balance"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// exchange is one request on its way, with all of its attempts. It belongs to the goroutine of Serve.
type exchange struct {
	relay  *Relay
	req    *Request
	client client
	// call is not pooled: a transport may look at it again, to send a body once more, when Do has returned.
	call *providers.Call
	// passing is the call for upstreams of the client's dialect, nil until one is tried.
	passing *providers.Call
	// routed is the model's name by which an instance was looked for, model the one that the upstream of the attempt at
	// hand shall see.
	routed, model string
	// translation is that of the attempt at hand, nil where bytes pass. decoded is the request for all of them.
	translation *translation
	decoded     decodedRequest
	// bodies are given back at the end.
	bodies []*providers.Body

	// tried holds the indexes of the pool's targets that attempts were made with.
	tried []int
	// more tells whether another target is there after the one at hand.
	more bool
	// kept is the newest answer that was passed over for another attempt.
	kept keptAnswer
	// aborted tells that the client's connection must not end as if the answer were whole.
	aborted bool
}

// keptAnswer is a whole answer with an error status: better than none if the attempts after it get none.
type keptAnswer struct {
	reply  *providers.Reply
	target *target
	body   []byte
}

func (x *exchange) begin(r *Relay, w http.ResponseWriter, req *Request) {
	x.relay, x.req = r, req
	x.client = client{w: w, rc: *http.NewResponseController(w), id: req.ID, node: r.node, dialect: req.Dialect}
}

// run routes the request, makes the attempts and sees to it that the client gets an end of some kind.
func (x *exchange) run(ctx context.Context) {
	p, model, refusal := x.find()
	if refusal != nil {
		x.client.refuse(x.req.Dialect, refusal)
		return
	}
	x.routed = model
	defer x.releaseBodies()
	x.finish(x.attempts(ctx, p))
}

// passThrough returns the call for upstreams of the client's dialect.
func (x *exchange) passThrough() *providers.Call {
	if x.passing == nil || x.passing.Model != x.model {
		body := x.body(x.model)
		x.bodies = append(x.bodies, body)
		x.passing = &providers.Call{
			Operation: x.req.Operation,
			Dialect:   x.req.Dialect,
			Method:    x.req.Method,
			Resource:  x.req.Resource,
			Model:     x.model,
			Stream:    x.req.Envelope.Stream,
			Header:    x.req.Header,
			Body:      body,
		}
	}
	return x.passing
}

func (x *exchange) releaseBodies() {
	for _, body := range x.bodies {
		body.Release()
	}
}

// body returns the request's body with the model's name as the upstream shall see it, and a reference to release. The
// path names the model of Gemini's requests.
func (x *exchange) body(model string) *providers.Body {
	if model == x.req.Envelope.Model || x.req.Dialect == dialect.Gemini {
		x.req.Body.Retain()
		return x.req.Body
	}
	old := x.req.Body.Bytes()
	return providers.NewBody(x.req.Envelope.WithModel(make([]byte, 0, len(old)+len(model)), old, model))
}

// attempts tries targets of the pool until one has answered or nothing is left that could help. It returns the fault
// that the client is still to be told of, nil if there is none.
func (x *exchange) attempts(ctx context.Context, p *pool) *fault {
	for {
		i := p.set.Pick(balance.Request{Tried: x.tried})
		x.tried = append(x.tried, i)
		x.more = len(x.tried) < min(p.set.Len(), x.relay.maxAttempts)
		if x.estimates(p.targets[i]) {
			return x.estimate(p.targets[i])
		}
		f := x.prepare(p.targets[i])
		if f == nil {
			f = x.attempt(ctx, p.targets[i])
		}
		if f == nil {
			return nil
		}
		again := x.more && f.retriable() && !x.client.committed && ctx.Err() == nil
		x.report(ctx, p.targets[i], f, again)
		if !again {
			return f
		}
	}
}

// finish ends the client's side after a fault.
func (x *exchange) finish(f *fault) {
	c := &x.client
	switch {
	case f == nil:
		c.end()
	case c.committed:
		x.breakOff(f)
	case x.kept.reply != nil && f.class != providers.ClassCanceled:
		c.offer(x.kept.reply, x.kept.target)
		c.length = len(x.kept.body)
		_ = c.write(x.kept.body) // nobody is left to be told
	default:
		c.refuse(x.req.Dialect, &f.tell)
	}
}

// breakOff ends an answer that has begun: a stream by an error event, if that would stand by itself, anything else by
// the end of the connection.
func (x *exchange) breakOff(f *fault) {
	c := &x.client
	if f.class == providers.ClassCanceled || c.inEvent || c.stream == nil && !isEventStream(c.reply.Header) {
		x.aborted = true
		return
	}
	var event []byte
	if c.stream != nil {
		event = c.stream.Fail(nil, &f.tell)
	} else {
		event = dialect.EncodeStreamError(x.req.Dialect, &f.tell)
	}
	if c.write(event) != nil || c.flush() != nil {
		x.aborted = true
	}
	c.end()
}

// report logs a fault: as a warning where the client has to live with it and the upstream's own answer does not tell.
func (x *exchange) report(ctx context.Context, t *target, f *fault, again bool) {
	level := slog.LevelWarn
	if f.class == providers.ClassCanceled || again {
		level = slog.LevelDebug
	}
	if !x.relay.logger.Enabled(ctx, level) {
		return
	}
	x.relay.logger.LogAttrs(ctx, level, "upstream call ended in a fault",
		slog.String("request_id", x.req.ID),
		slog.String("instance", t.instance.Name),
		slog.String("provider", t.instance.Provider),
		slog.String("class", f.class.String()),
		slog.String("phase", f.phase),
		slog.Int("attempt", len(x.tried)),
		slog.Bool("next_instance", again),
		slog.Any("error", f.cause))
}
