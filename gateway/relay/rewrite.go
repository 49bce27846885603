package relay

import (
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// rewriter changes the bytes of an answer that is not translated on their way to the client. It belongs to one
// attempt, and is called with watch.mu held.
type rewriter interface {
	// contentType is that of what it writes, empty for the upstream's own.
	contentType() string
	// rewrite appends to dst what p, which may be cut anywhere, comes to.
	rewrite(dst, p []byte) []byte
	// end appends what is still to be written when the answer is at its end.
	end(dst []byte) []byte
}

// rewriterFor returns what is to be changed in the reply, nil for nothing.
func (x *exchange) rewriterFor(a *attempt) rewriter {
	switch {
	case !succeeded(a.reply.Status):
		return nil
	case x.req.JSONArray && x.req.Dialect == dialect.Gemini && isEventStream(a.reply.Header):
		return new(eventArray)
	case x.req.Dialect == dialect.OpenAIResponses && x.req.Operation == providers.Chat && !x.req.Envelope.Unstored,
		x.req.Operation == providers.StoredResponse:
		return x.responseIDs(a.target.instance.Name)
	default:
		return nil
	}
}

// responseIDs returns what puts the gateway's ids into the answer of an instance.
func (x *exchange) responseIDs(instance string) rewriter {
	if x.req.Stored == "" {
		return newResponseIDs(instance)
	}
	return newResponseIDs(instance, x.req.Stored)
}

// eventArray makes a JSON array of a stream of events.
type eventArray struct{ dialect.EventArray }

func (*eventArray) contentType() string            { return typeJSON[0] }
func (e *eventArray) rewrite(dst, p []byte) []byte { return e.Feed(dst, p) }
func (e *eventArray) end(dst []byte) []byte        { return e.Close(dst) }
