package gateway

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"aiproxy/gateway/metrics"
	"aiproxy/providers/dialect"
)

// handlerFunc serves one request. An error means that nothing has been written yet; it is answered in one place,
// see answerError.
type handlerFunc func(x *exchange, r *http.Request) error

// ServeHTTP is everything that goes around a handler: request id, node, metrics, the key, errors, panics, the
// access log. It is one function rather than a chain, so that a request pays for it once.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := rt.gateway.begin(w)
	counter := rt.counter(r.Method)
	counter.Begin()
	defer rt.end(x, r, counter)
	if !rt.endpoint.relayed {
		x.bound()
	}

	err := rt.authorize(x, r)
	if err == nil {
		err = rt.endpoint.serve(x, r)
	}
	if err != nil {
		rt.gateway.answerError(x, r, err)
	}
}

func (rt *route) authorize(x *exchange, r *http.Request) (err error) {
	if rt.endpoint.open {
		return nil
	}
	g := rt.gateway
	x.caller, err = g.keys.ring().check(r, g.allowedOrigin)
	return err
}

func (g *Gateway) begin(w http.ResponseWriter) *exchange {
	x := &exchange{ResponseWriter: w, id: newRequestID(), started: time.Now()}
	x.ids[0] = x.id
	h, id := w.Header(), x.ids[:]
	h[headerRequestID] = id
	h[headerOwnRequestID] = id
	h[headerNode] = g.node
	if g.draining.Load() {
		// The client's next request takes a new connection, before this one is closed under it.
		h.Set("Connection", "close")
	}
	return x
}

// end runs after the handler, whichever way that ended.
func (rt *route) end(x *exchange, r *http.Request, counter *metrics.Route) {
	// The server aborts an exchange on http.ErrAbortHandler; handlers use it to break off an answer.
	cause := recover()
	abort := cause == http.ErrAbortHandler //nolint:errorlint // It is compared as net/http compares it.
	if cause != nil && !abort {
		abort = !rt.gateway.recovered(x, r, rt.endpoint.path, cause)
	}
	if x.status == 0 {
		x.status = unanswered(r, abort)
	}
	// Counted before the last byte goes out: who has the answer and then scrapes finds it counted.
	took := time.Since(x.started)
	counter.End(x.status, took)
	if rt.endpoint.relayed && !abort {
		x.boundRest()
	}
	rt.logAccess(x, r, took)
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// unanswered is the status to count for an exchange that nothing was written to: the client left, the handler breaks
// the connection off, or the server is going to send an empty answer.
func unanswered(r *http.Request, abort bool) int {
	switch {
	case r.Context().Err() != nil:
		return metrics.StatusClientLeft
	case abort:
		return http.StatusInternalServerError
	default:
		return http.StatusOK
	}
}

// recovered logs a panic and answers it if nothing was sent. It reports false when the answer had begun: then the
// connection must be broken off, or the client would take what it has for the whole.
func (g *Gateway) recovered(x *exchange, r *http.Request, route string, cause any) bool {
	g.logger.LogAttrs(r.Context(), slog.LevelWarn, "recovered from a panic in a handler",
		slog.String("request_id", x.id), slog.String("method", r.Method), slog.String("route", route),
		slog.Any("panic", cause), slog.String("stack", string(debug.Stack())))
	if x.status != 0 {
		return false
	}
	g.writeError(x, r, &dialect.Error{
		Status:  http.StatusInternalServerError,
		Type:    "server_error",
		Code:    "internal_error",
		Message: "The gateway ran into a fault of its own. Its log has the details under request id " + x.id + ".",
	})
	return true
}

// logAccess writes one record a request. The path and the query are left out: they may hold a key. Open endpoints are
// polled, and a node that is not ready would fill the log.
func (rt *route) logAccess(x *exchange, r *http.Request, took time.Duration) {
	level := slog.LevelDebug
	if x.status >= http.StatusInternalServerError && !rt.endpoint.open {
		level = slog.LevelInfo
	}
	ctx, logger := r.Context(), rt.gateway.logger
	if !logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.id), slog.String("method", r.Method), slog.String("route", rt.endpoint.path),
		slog.Int("status", x.status), slog.Int64("bytes", x.size), slog.Duration("took", took),
		slog.String("client", r.RemoteAddr),
	}
	if id := clientRequestID(r); id != "" {
		attrs = append(attrs, slog.String("client_request_id", id))
	}
	logger.LogAttrs(ctx, level, "request served", attrs...)
}
