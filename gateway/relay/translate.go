package relay

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// headerTranslation is the header by which a client says what becomes of what cannot be carried: "strict" refuses it,
// "lenient" tells of it in X-Aiproxy-Dropped.
const headerTranslation = "X-Aiproxy-Translation"

// codeUntranslatable is the code of a request that cannot be said in the upstream's dialect.
const codeUntranslatable = "unsupported_by_upstream"

// translation is one attempt whose upstream speaks another dialect than the client.
type translation struct {
	client   dialect.ClientCodec
	upstream dialect.UpstreamCodec
	exchange dialect.Exchange
	// dropped is the value of X-Aiproxy-Dropped, empty for nothing.
	dropped string
}

// decodedRequest is the client's request in the canonical form, read at most once.
type decodedRequest struct {
	request *dialect.Request
	// dropped and refused are what the decoder itself reports.
	report dialect.Report
	fault  *fault
}

// prepare makes the call for a target: the client's bytes, or their translation. A fault is a request that this target
// cannot be asked.
func (x *exchange) prepare(t *target) *fault {
	x.translation, x.client.stream, x.client.rewriter = nil, nil, nil
	x.model = t.instance.UpstreamModel(x.routed)
	to, ok := t.provider.Target(t.instance, x.req.Operation, x.req.Dialect, x.model)
	if !ok {
		return x.unsupported(t)
	}
	if to.Dialect == x.req.Dialect && (x.req.Operation != providers.Chat || dialect.Passes(x.req.Body.Bytes(), &to)) {
		x.call = x.passThrough()
		return nil
	}
	client, from := dialect.Lookup(x.req.Dialect)
	upstream, into := dialect.LookupUpstream(to.Dialect)
	if !from || !into {
		if to.Dialect == x.req.Dialect {
			x.call = x.passThrough()
			return nil
		}
		return x.unsupported(t)
	}
	to.Stream = to.Stream || x.req.Envelope.Stream
	return x.translate(t, &translation{client: client, upstream: upstream, exchange: dialect.Exchange{
		ID: x.req.ID, Now: time.Now().Unix(), Target: to, JSONArray: x.req.JSONArray,
	}})
}

// translate makes the call in the upstream's dialect.
func (x *exchange) translate(t *target, tr *translation) *fault {
	if f := x.decode(tr.client); f != nil {
		return f
	}
	report := x.decoded.report.Clone()
	tr.exchange.Request = x.decoded.request
	encoded := tr.upstream.EncodeRequest(make([]byte, 0, x.req.Body.Len()+512), &tr.exchange, report)
	if x.strict() {
		report.Strict()
	}
	if len(report.Refused) > 0 {
		return refusedBy(t, tr, report.Refused)
	}
	body := providers.NewBody(encoded)
	x.bodies = append(x.bodies, body)
	x.translation = tr
	tr.dropped = strings.Join(report.Dropped, ", ")
	x.call = &providers.Call{
		Operation: x.req.Operation,
		Dialect:   tr.exchange.Target.Dialect,
		Model:     x.model,
		Stream:    tr.exchange.Target.Stream,
		// A body that only loses what was hidden in it is still in the client's own words.
		Translated: tr.exchange.Target.Dialect != x.req.Dialect,
		Header:     x.req.Header,
		Body:       body,
	}
	return nil
}

// strict tells whether what would be dropped is refused.
func (x *exchange) strict() bool {
	switch x.req.Header.Get(headerTranslation) {
	case "strict":
		return true
	case "lenient":
		return false
	default:
		return x.relay.router.Table().strict
	}
}

// decode reads the client's request, once.
func (x *exchange) decode(client dialect.ClientCodec) *fault {
	d := &x.decoded
	if d.request != nil || d.fault != nil {
		return d.fault
	}
	d.report.Client = client
	var err error
	if d.request, err = client.DecodeRequest(x.req.Body.Bytes(), &d.report); err != nil {
		d.fault = undecodable(err)
		return d.fault
	}
	d.request.Model, d.request.Stream = x.req.Envelope.Model, x.req.Envelope.Stream
	return nil
}

// undecodable is the fault of a request that its own dialect does not allow.
func undecodable(err error) *fault {
	tell := dialect.Error{Status: http.StatusBadRequest, Kind: dialect.KindBadRequest, Message: "the request cannot be read: " + err.Error()}
	if field, ok := errors.AsType[*dialect.FieldError](err); ok {
		tell.Param = field.Field
		tell.Message = field.Field + " " + field.Reason
	}
	return &fault{class: providers.ClassCaller, phase: providers.PhaseRequest, cause: err, tell: tell}
}

// refusedBy is the fault of a request that cannot be said to the target's upstream.
func refusedBy(t *target, tr *translation, refused []dialect.Refusal) *fault {
	reasons := make([]string, len(refused))
	for i, r := range refused {
		reasons[i] = r.Field + " " + r.Reason
	}
	return &fault{
		class: providers.ClassCaller, phase: providers.PhaseRequest, untranslated: true, cause: errUntranslatable,
		tell: dialect.Error{
			Status: http.StatusBadRequest, Kind: dialect.KindBadRequest, Code: codeUntranslatable, Param: refused[0].Field,
			Message: fmt.Sprintf("instance %q, which speaks %s, cannot be asked this: %s",
				t.instance.Name, tr.upstream.Name(), strings.Join(reasons, "; ")),
		},
	}
}

var errUntranslatable = errors.New("request cannot be translated")

// unsupported is the fault of an operation that the target's upstream has no way to carry out.
func (x *exchange) unsupported(t *target) *fault {
	return &fault{
		class: providers.ClassCaller, phase: providers.PhaseRequest, untranslated: true, cause: errUntranslatable,
		tell: dialect.Error{
			Status: http.StatusBadRequest, Code: codeUnsupported,
			Message: fmt.Sprintf("instance %q offers no %s to clients of the dialect %s", t.instance.Name, x.req.Operation, x.req.Dialect),
		},
	}
}
