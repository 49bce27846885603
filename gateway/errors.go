package gateway

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aiproxy/providers/dialect"
)

// answerError turns a handler's error into the answer: a *dialect.Error as it stands, anything else into a 500 that
// tells the client nothing but the request id.
func (g *Gateway) answerError(x *exchange, r *http.Request, err error) {
	var told *dialect.Error
	if !errors.As(err, &told) {
		g.logger.LogAttrs(r.Context(), slog.LevelError, "handler has failed",
			slog.String("request_id", x.id), slog.Any("error", err))
		told = &dialect.Error{
			Status:  http.StatusInternalServerError,
			Type:    "server_error",
			Code:    "internal_error",
			Message: "The gateway could not do this. Its log has the reason under request id " + x.id + ".",
		}
	}
	g.writeError(x, r, told)
}

// writeError sends e in the shape of the client's dialect.
func (g *Gateway) writeError(x *exchange, r *http.Request, e *dialect.Error) {
	x.bound()
	h := x.Header()
	speaks := dialectOf(r)
	status := dialect.ErrorStatus(speaks, e)
	if speaks == dialect.Anthropic {
		h[headerAnthropicID] = x.ids[:]
	}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="aiproxy"`)
	}
	if e.RetryAfter > 0 {
		seconds := (e.RetryAfter + time.Second - 1) / time.Second
		h.Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
	body := dialect.EncodeError(speaks, e)
	h.Del("Content-Encoding") // A handler that failed may have announced something else.
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.WriteHeader(status)
	_, _ = x.Write(body) // A client that has left does not miss it.
}

func badRequest(code, param, message string) error {
	return &dialect.Error{
		Status:  http.StatusBadRequest,
		Type:    "invalid_request_error",
		Code:    code,
		Param:   param,
		Message: message,
	}
}

// notFound answers a request that matches no route, with a guess at the usual mistakes.
func (g *Gateway) notFound(_ *exchange, r *http.Request) error {
	message := "There is nothing at " + clip(r.Method) + " " + clip(r.URL.Path) + "."
	switch {
	case strings.Contains(r.URL.Path, "//"):
		message += " The path has a doubled slash: the client's base URL should not end in one."
	case !strings.Contains(r.URL.Path, "/v1"):
		message += " Inference is below /v1: the base URL of a client of OpenAI's should end in it, those of others in the host."
	}
	return &dialect.Error{
		Status:  http.StatusNotFound,
		Type:    "invalid_request_error",
		Code:    "unknown_url",
		Message: message,
	}
}

// methodNotAllowed answers a request to a known path with another method than those in Allow.
func (g *Gateway) methodNotAllowed(x *exchange, r *http.Request) error {
	allow := g.allowed(r)
	x.Header().Set("Allow", allow)
	return &dialect.Error{
		Status:  http.StatusMethodNotAllowed,
		Type:    "invalid_request_error",
		Code:    "method_not_supported",
		Message: clip(r.URL.Path) + " cannot be asked with this method, only with " + allow + ".",
	}
}

// clip bounds what an answer repeats of a request.
func clip(text string) string {
	const limit = 200
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}
