package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// maxTranslated bounds a whole answer, and one event of a stream, that must be in memory to be translated.
const maxTranslated = 64 << 20

// relayTranslated relays the reply of an upstream that speaks another dialect than the client.
func (a *attempt) relayTranslated(ctx context.Context) *fault {
	switch {
	case !succeeded(a.reply.Status):
		return a.translateError(ctx)
	case !isEventStream(a.reply.Header):
		return a.translateWhole(ctx)
	case a.x.req.Envelope.Stream:
		return a.translateStream(ctx)
	default:
		return a.gatherStream(ctx)
	}
}

// replyHeader is the header of a translated answer: of the upstream's only what holds for any dialect.
func (a *attempt) replyHeader(contentType string) http.Header {
	h := http.Header{headerContentType: {contentType}}
	from := a.reply.Header
	if wait := from[headerRetryAfter]; len(wait) > 0 {
		h[headerRetryAfter] = wait
	}
	id := from[headerRequestID]
	if len(id) == 0 {
		id = from[headerAnthropicID]
	}
	if len(id) > 0 {
		h[headerRequestID] = id
	}
	if a.x.req.Dialect == dialect.Anthropic {
		if len(id) == 0 {
			id = []string{a.x.req.ID}
		}
		h[headerAnthropicID] = id
	}
	if dropped := a.x.translation.dropped; dropped != "" {
		h[headerDropped] = []string{dropped}
	}
	return h
}

// offerTranslated names the translated answer to the client's side.
func (a *attempt) offerTranslated(status int, contentType string, stream *dialect.Stream) {
	a.mu.Lock()
	defer a.mu.Unlock()
	reply := &providers.Reply{Status: status, Header: a.replyHeader(contentType)}
	a.x.client.offer(reply, a.target)
	a.x.client.stream = stream
	a.told = a.lastHeard()
}

// readAll reads a whole body, up to a limit.
func (a *attempt) readAll(limit int) ([]byte, error) {
	body := make([]byte, 0, 4<<10)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := a.read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		case len(body) > limit:
			return nil, errTooLarge
		}
	}
}

var errTooLarge = errors.New("answer too large to be translated")

// translateWhole answers with the translation of a whole reply.
func (a *attempt) translateWhole(ctx context.Context) *fault {
	a.enter(inBody)
	body, err := a.readAll(maxTranslated)
	if err != nil {
		return a.readFault(err, context.Cause(ctx))
	}
	a.recordFirstByte()
	tr := a.x.translation
	r, err := tr.upstream.DecodeResponse(body, &tr.exchange)
	if told, ok := errors.AsType[*dialect.Error](err); ok {
		return a.toldFault(told)
	}
	if err != nil {
		return a.unreadable(err)
	}
	dialect.RestoreTools(r, &tr.exchange)
	return a.answer(r)
}

// gatherStream answers a client that wants no stream with what a stream tells.
func (a *attempt) gatherStream(ctx context.Context) *fault {
	a.enter(inBody)
	tr := a.x.translation
	gatherer := dialect.NewGatherer(tr.upstream, &tr.exchange)
	first := true
	err := a.readEvents(func(event []byte) error {
		if first {
			first = false
			a.recordFirstByte()
		}
		if err := gatherer.Feed(event); err != nil {
			return &unreadableError{err}
		}
		return nil
	})
	if bad, ok := errors.AsType[*unreadableError](err); ok {
		return a.unreadable(bad.err)
	}
	if err != nil {
		return a.readFault(err, context.Cause(ctx))
	}
	r, err := gatherer.Close()
	if told, ok := errors.AsType[*dialect.Error](err); ok {
		return a.toldFault(told)
	}
	if err != nil {
		return a.truncated()
	}
	return a.answer(r)
}

// unreadableError keeps what is wrong with an event apart from what is wrong with the connection.
type unreadableError struct{ err error }

// Error is that of the cause.
func (e *unreadableError) Error() string { return e.err.Error() }

// answer sends a whole answer in the client's dialect, as a stream if that is what it wants.
func (a *attempt) answer(r *dialect.Response) *fault {
	a.ending.Usage, a.ending.Counted = r.Usage, r.Counted
	tr := a.x.translation
	contentType := typeJSON[0]
	var body []byte
	if a.x.req.Envelope.Stream {
		contentType = tr.client.NewEncoder(&tr.exchange).ContentType()
		body = dialect.EncodeAsStream(nil, r, tr.client, &tr.exchange)
	} else {
		body = tr.client.EncodeResponse(nil, r, &tr.exchange)
	}
	a.offerTranslated(http.StatusOK, contentType, nil)
	a.x.client.length = len(body)
	if a.send(body, partOfBody) != nil {
		return a.clientGone()
	}
	return nil
}

// translateError answers with the upstream's fault in the client's words, or passes it over for another attempt.
func (a *attempt) translateError(ctx context.Context) *fault {
	a.enter(inBody)
	tr := a.x.translation
	body, err := a.readAll(pieceSize)
	if err != nil && !errors.Is(err, errTooLarge) {
		return a.readFault(err, context.Cause(ctx))
	}
	a.ending.class = a.target.provider.Classify(a.reply.Status, a.reply.Header, body)
	told := tr.upstream.DecodeError(a.reply.Status, a.reply.Header, body)
	if told.Message == "" {
		told.Message = fmt.Sprintf("instance %q answered with status %d and did not say why", a.target.instance.Name, a.reply.Status)
	}
	told.Status = tr.client.ErrorStatus(told)
	text := dialect.EncodeError(tr.client.Name(), told)
	header := a.replyHeader(typeJSON[0])
	if told.RetryAfter > 0 && header[headerRetryAfter] == nil {
		header[headerRetryAfter] = []string{strconv.FormatInt(int64(told.RetryAfter.Seconds()+1), 10)}
	}
	f := &fault{
		class: a.ending.class, phase: providers.PhaseFirstByte, cause: statusError(a.reply.Status),
		tell: dialect.Error{Status: told.Status},
	}
	reply := &providers.Reply{Status: told.Status, Header: header}
	if a.x.more && f.retriable() {
		a.x.kept = keptAnswer{reply: reply, target: a.target, body: text}
		return f
	}
	a.mu.Lock()
	a.x.client.offer(reply, a.target)
	a.x.client.length = len(text)
	a.mu.Unlock()
	if a.send(text, partOfBody) != nil {
		return a.clientGone()
	}
	return nil
}

// toldFault is the fault that an upstream tells of in its stream, before the client has got anything.
func (a *attempt) toldFault(told *dialect.Error) *fault {
	tell := *told
	tell.Status = a.x.translation.client.ErrorStatus(told)
	return &fault{
		class: classOfKind(told), phase: phaseRead, cause: errors.New("upstream told of an error in its answer"), tell: tell,
	}
}

// classOfKind says whose fault an error within a stream is.
func classOfKind(e *dialect.Error) providers.Class {
	switch e.Kind {
	case dialect.KindBadRequest, dialect.KindContextLength, dialect.KindFiltered, dialect.KindNotFound, dialect.KindTooLarge:
		return providers.ClassCaller
	case dialect.KindAuthentication, dialect.KindPermission, dialect.KindBilling:
		return providers.ClassCredential
	case dialect.KindRateLimit:
		return providers.ClassQuota
	default:
		return providers.ClassProvider
	}
}

// unreadable is the fault of a reply that is not what its dialect says.
func (a *attempt) unreadable(err error) *fault {
	return &fault{
		class: providers.ClassProvider, phase: phaseRead, cause: err,
		tell: dialect.Error{
			Status: http.StatusBadGateway, Code: codeBroken,
			Message: fmt.Sprintf("instance %q answered with what is not %s (phase read): check its base_url and provider",
				a.target.instance.Name, a.x.translation.upstream.Name()),
		},
	}
}
