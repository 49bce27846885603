package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// anthropic is the vendor of Messages.
type anthropic struct{}

// maxAnthropicBody is the greatest request that the real API takes.
const maxAnthropicBody = 32 << 20

// findAnthropic finds the endpoints of Anthropic. The lists of models share their path with OpenAI's.
func findAnthropic(r *http.Request, path string) (route, bool) {
	id, isModel := strings.CutPrefix(path, "/v1/models/")
	to := route{vendor: anthropic{}, method: http.MethodPost}
	switch {
	case path == "/v1/messages":
		to.serve = (*exchange).messages
	case path == "/v1/messages/count_tokens":
		to.serve = (*exchange).countMessages
	case strings.HasPrefix(path, "/v1/messages/"):
		to.method, to.serve = "", (*exchange).noSuchRoute
	case path == "/v1/models" && isAnthropic(r):
		to.method, to.serve = http.MethodGet, (*exchange).anthropicModels
	case isModel && isAnthropic(r):
		to.method, to.serve = http.MethodGet, func(x *exchange) { x.anthropicModel(id) }
	default:
		return route{}, false
	}
	return to, true
}

func isAnthropic(r *http.Request) bool { return r.Header.Get("Anthropic-Version") != "" }

func (anthropic) key(r *http.Request) string {
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return key
	}
	return bearer(r)
}

// greet sets canonical names.
func (anthropic) greet(x *exchange, h http.Header) {
	h["Request-Id"] = []string{x.id("req_")}
	h["Anthropic-Organization-Id"] = []string{"00000000-0000-4000-8000-000000000000"}
	for _, what := range []string{"Requests", "Tokens", "Input-Tokens", "Output-Tokens"} {
		h["Anthropic-Ratelimit-"+what+"-Limit"] = []string{"4000"}
		h["Anthropic-Ratelimit-"+what+"-Remaining"] = []string{"3999"}
		h["Anthropic-Ratelimit-"+what+"-Reset"] = []string{"2026-01-01T00:00:00Z"}
	}
}

func (anthropic) encode(x *exchange, f *fault) (int, []byte) {
	kind, message := f.kind, f.message
	if kind == "" {
		kind = anthropicKind(f.status)
	}
	switch f.cause {
	case wrongKey:
		message = "invalid x-api-key"
	case missingKey:
		message = "x-api-key header is required"
	case noQuota:
		message = "This request would exceed your organization's monthly spend limit. Please try again later."
	case tooLong:
		message = "prompt is too long: 208310 tokens > 200000 maximum"
	case filtered:
		message = "Output blocked by content filtering policy"
	case noModel:
		message = "model: " + f.param
	case noRoute:
		message = "Not found"
	case wrongMethod:
		message = "Method Not Allowed"
	case unspecified:
		if message == "" {
			message = simulated(f.status)
		}
	}
	return f.status, object("type", "error", "error", object("type", kind, "message", message), "request_id", x.id("req_"))
}

func anthropicKind(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "authentication_error"
	case http.StatusPaymentRequired:
		return "billing_error"
	case http.StatusForbidden:
		return "permission_error"
	case http.StatusNotFound:
		return "not_found_error"
	case http.StatusConflict:
		return "conflict_error"
	case http.StatusRequestEntityTooLarge:
		return "request_too_large"
	case http.StatusTooManyRequests:
		return "rate_limit_error"
	case http.StatusGatewayTimeout:
		return "timeout_error"
	case 529:
		return "overloaded_error"
	}
	if status >= http.StatusInternalServerError {
		return "api_error"
	}
	return "invalid_request_error"
}

// checkVersion demands the header that every request must have.
func (x *exchange) checkVersion() *fault {
	switch version := x.r.Header.Get("Anthropic-Version"); version {
	case "2023-06-01", "2023-01-01":
		return nil
	case "":
		return badRequest("anthropic-version: header is required")
	default:
		return badRequest("anthropic-version: " + quote(version) + " is not a valid version")
	}
}

func (x *exchange) anthropicModels() {
	if f := x.checkVersion(); f != nil {
		x.fail(f)
		return
	}
	query := x.r.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || limit > 1000 {
		limit = 20
	}
	ids := x.sim.models
	if after := slices.Index(ids, query.Get("after_id")); after >= 0 {
		ids = ids[after+1:]
	}
	more := len(ids) > limit
	ids = ids[:min(limit, len(ids))]
	data := []raw{}
	var first, last any
	for _, id := range ids {
		data = append(data, anthropicModel(id))
	}
	if len(ids) > 0 {
		first, last = ids[0], ids[len(ids)-1]
	}
	x.reply(http.StatusOK, "application/json",
		object("data", data, "has_more", more, "first_id", first, "last_id", last))
}

func (x *exchange) anthropicModel(id string) {
	if !slices.Contains(x.sim.models, id) {
		x.noSuchModel(id)
		return
	}
	x.reply(http.StatusOK, "application/json", anthropicModel(id))
}

func anthropicModel(id string) raw {
	return object("type", "model", "id", id, "display_name", id, "created_at", "2025-06-15T15:06:40Z",
		"max_input_tokens", 200000, "max_tokens", 64000)
}
