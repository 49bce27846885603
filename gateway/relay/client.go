package relay

import (
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// The names of the gateway's own header fields, in canonical form.
const (
	headerRequestID        = "X-Request-Id"
	headerAiproxyRequestID = "X-Aiproxy-Request-Id"
	headerNode             = "X-Aiproxy-Node"
	headerInstance         = "X-Aiproxy-Instance"
	headerCache            = "X-Aiproxy-Cache"
	headerContentType      = "Content-Type"
	headerContentLength    = "Content-Length"
	headerRetryAfter       = "Retry-After"
	headerDropped          = "X-Aiproxy-Dropped"
	headerAnthropicID      = "Request-Id"
)

// Header values that all replies share; never changed.
var (
	cacheOff  = []string{"off"}
	typeJSON  = []string{"application/json"}
	keepAlive = []byte(": keep-alive\n\n")
	// blank is an empty event, for Google's Go client breaks off at a comment.
	blank = []byte("\n\n")
)

// client is the client's side of an exchange. While an attempt runs, its methods are called with watch.mu held.
type client struct {
	w    http.ResponseWriter
	rc   http.ResponseController
	id   string
	node []string
	// dialect is the client's.
	dialect dialect.Name

	// reply is what commit writes the header of, target the instance that the client is told of.
	reply  *providers.Reply
	target *target
	// length, when not 0, is the length of a body whose reply did not tell it.
	length int

	// stream is the translation of a streamed answer, which knows what keeps its client alive; nil where bytes pass.
	stream *dialect.Stream
	// rewriter changes bytes that pass, nil for none; rewritten is its buffer.
	rewriter  rewriter
	rewritten []byte

	// committed tells that a header has been written: nothing can be tried again.
	committed bool
	// inEvent tells that the client has got a part of an event and not its end.
	inEvent bool
	// err is the fault of the client's connection, after which nothing is written.
	err error
}

// offer names the reply whose header goes out with the first bytes, nil as long as there is none, and the target that
// an error would be about.
func (c *client) offer(reply *providers.Reply, t *target) { c.reply, c.target = reply, t }

// write sends p, after the header if that is still to be sent.
func (c *client) write(p []byte) error {
	if c.err != nil {
		return c.err
	}
	if !c.committed {
		c.commit()
	}
	if c.rewriter != nil {
		c.rewritten = c.rewriter.rewrite(c.rewritten[:0], p)
		p = c.rewritten
	}
	_, c.err = c.w.Write(p)
	return c.err
}

// end writes what is left to be written of an answer that passes.
func (c *client) end() {
	if c.rewriter == nil || !c.committed || c.err != nil {
		return
	}
	_, c.err = c.w.Write(c.rewriter.end(c.rewritten[:0]))
}

// flush pushes what was written on to the connection.
func (c *client) flush() error {
	if c.err != nil {
		return c.err
	}
	if err := c.rc.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		c.err = err
	}
	return c.err
}

// commit writes the header of the offered reply.
func (c *client) commit() {
	h := c.w.Header()
	h[headerContentType] = nil // If the upstream tells none, net/http shall not guess.
	maps.Copy(h, c.reply.Header)
	switch {
	case c.rewriter != nil:
		delete(h, headerContentLength)
		if kind := c.rewriter.contentType(); kind != "" {
			h[headerContentType] = []string{kind}
		}
	case isEventStream(c.reply.Header):
		delete(h, headerContentLength) // comments and errors may be added
	case c.length > 0 && h[headerContentLength] == nil:
		h[headerContentLength] = []string{strconv.Itoa(c.length)}
	}
	c.sign(h, c.reply.Header[headerRequestID])
	c.committed = true
	c.w.WriteHeader(c.reply.Status)
}

// sign adds the gateway's own fields. The upstream's request id, where there is one, is the one that its support
// asks for; the gateway's own stands beside it.
func (c *client) sign(h http.Header, upstreamID []string) {
	own := h[headerAiproxyRequestID]
	if len(own) != 1 || own[0] != c.id {
		own = []string{c.id}
		h[headerAiproxyRequestID] = own
	}
	h[headerRequestID] = own
	if len(upstreamID) > 0 {
		h[headerRequestID] = upstreamID
	}
	h[headerNode] = c.node
	h[headerCache] = cacheOff
	delete(h, headerInstance)
	if c.target != nil {
		h[headerInstance] = c.target.header
	}
}

// refuse writes an error as the whole answer, with the status that clients of the dialect expect.
func (c *client) refuse(d dialect.Name, e *dialect.Error) {
	body := dialect.EncodeError(d, e)
	h := c.w.Header()
	c.sign(h, nil)
	h[headerContentType] = typeJSON
	h[headerContentLength] = []string{strconv.Itoa(len(body))}
	if e.RetryAfter > 0 {
		seconds := (e.RetryAfter + time.Second - 1) / time.Second
		h[headerRetryAfter] = []string{strconv.FormatInt(int64(seconds), 10)}
	}
	c.committed = true
	c.w.WriteHeader(dialect.ErrorStatus(d, e))
	_, c.err = c.w.Write(body)
}

// comment keeps a silent stream alive. It does nothing in the middle of an event. The write is bounded: the timer
// that makes it is not free to notice that the client does not read.
func (c *client) comment(bound time.Duration) error {
	if c.inEvent {
		return c.err
	}
	life := keepAlive
	switch {
	case c.stream != nil:
		life = c.stream.KeepAlive(nil)
	case c.dialect == dialect.Gemini:
		life = blank
	}
	bounded := c.rc.SetWriteDeadline(time.Now().Add(bound)) == nil
	if err := c.write(life); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	if bounded {
		return c.rc.SetWriteDeadline(time.Time{})
	}
	return nil
}

// unblock makes a write that is going on fail. It is called without watch.mu, which that write holds.
func (c *client) unblock() { _ = c.rc.SetWriteDeadline(time.Unix(1, 0)) }

func isEventStream(h http.Header) bool { return hasMediaType(h, "text/event-stream") }

func isJSON(h http.Header) bool { return hasMediaType(h, "application/json") }

// hasMediaType tells whether the content type is the given one, whatever its parameters.
func hasMediaType(h http.Header, want string) bool {
	values := h[headerContentType]
	if len(values) == 0 || len(values[0]) < len(want) || !strings.EqualFold(values[0][:len(want)], want) {
		return false
	}
	rest := strings.TrimLeft(values[0][len(want):], " \t")
	return rest == "" || rest[0] == ';'
}
