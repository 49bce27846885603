package simulator

import (
	"net/http"
	"strings"
)

// openAI is the vendor of Chat Completions and Responses.
type openAI struct{}

func (openAI) key(r *http.Request) string { return bearer(r) }

// bearer is the token of the Authorization header.
func bearer(r *http.Request) string {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return key
}

// greet sets canonical names.
func (openAI) greet(x *exchange, h http.Header) {
	h["X-Request-Id"] = []string{x.id("req_")}
	h["Openai-Version"] = []string{"2020-10-01"}
	h["Openai-Processing-Ms"] = []string{"1"}
	h["X-Ratelimit-Limit-Requests"] = []string{"10000"}
	h["X-Ratelimit-Remaining-Requests"] = []string{"9999"}
	h["X-Ratelimit-Reset-Requests"] = []string{"6ms"}
	h["X-Ratelimit-Limit-Tokens"] = []string{"2000000"}
	h["X-Ratelimit-Remaining-Tokens"] = []string{"1999000"}
	h["X-Ratelimit-Reset-Tokens"] = []string{"30ms"}
}

func (openAI) encode(x *exchange, f *fault) (int, []byte) {
	w := openAIWords(x, f)
	return f.status, object("error", object("message", w.message, "type", w.kind, "param", orNull(w.param), "code", orNull(w.code)))
}

// orNull is s, or null if it is empty.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// openAIWords fills in what a fault leaves open.
func openAIWords(x *exchange, f *fault) fault {
	w := *f
	set := func(kind, code, param, message string) {
		w.kind, w.code, w.param, w.message = kind, code, param, message
	}
	switch f.cause {
	case wrongKey:
		set("invalid_request_error", "invalid_api_key", "",
			"Incorrect API key provided. You can find your API key at "+x.sim.name+".")
	case missingKey:
		set("invalid_request_error", "", "", "You didn't provide an API key. You need to provide your API key in an "+
			"Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).")
	case noQuota:
		set("insufficient_quota", "insufficient_quota", "",
			"You exceeded your current quota, please check your plan and billing details.")
	case tooLong:
		set("invalid_request_error", "context_length_exceeded", "messages", "This model's maximum context length is "+
			"128000 tokens. However, your messages resulted in 200000 tokens. Please reduce the length of the messages.")
	case filtered:
		set("invalid_request_error", "content_policy_violation", "",
			"Your request was rejected as a result of our safety system.")
	case noModel:
		set("invalid_request_error", "model_not_found", "model",
			"The model '"+f.param+"' does not exist or you do not have access to it.")
	case noRoute:
		set("invalid_request_error", "", "", "Invalid URL ("+x.r.Method+" "+x.r.URL.Path+")")
	case wrongMethod:
		set("invalid_request_error", "method_not_supported", "", "Not allowed to "+x.r.Method+" on "+x.r.URL.Path+".")
	case unspecified:
		openAIStatus(&w)
	}
	return w
}

// openAIStatus fills in what is usual for the status.
func openAIStatus(w *fault) {
	if w.message == "" {
		w.message = simulated(w.status)
	}
	if w.kind != "" {
		return
	}
	switch {
	case w.status == http.StatusUnauthorized:
		w.kind, w.code = "invalid_request_error", "invalid_api_key"
	case w.status == http.StatusTooManyRequests:
		w.kind, w.code = "requests", "rate_limit_exceeded"
	case w.status == http.StatusServiceUnavailable:
		w.kind = "service_unavailable_error"
	case w.status >= http.StatusInternalServerError:
		w.kind = "server_error"
	default:
		w.kind = "invalid_request_error"
	}
}

// badParam is OpenAI's 400 for one parameter.
func badParam(param, code, message string) *fault {
	return &fault{status: http.StatusBadRequest, param: param, code: code, message: message}
}
