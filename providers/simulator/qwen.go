package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// qwen is the vendor of DashScope's OpenAI-compatible mode and of Qwen's portal.
type qwen struct{ openAI }

// findQwen finds DashScope's endpoints, and the portal's by the header that Qwen's clients send.
func findQwen(r *http.Request, path string) (route, bool) {
	rest, ok := strings.CutPrefix(path, "/compatible-mode/v1")
	if !ok {
		rest, ok = strings.CutPrefix(path, "/api/v2/apps/protocols/compatible-mode/v1")
	}
	if !ok && r.Header.Get("X-Dashscope-Authtype") != "" {
		rest, ok = strings.CutPrefix(path, "/v1")
	}
	to := route{vendor: qwen{}, method: http.MethodPost}
	switch {
	case path == "/api/v1/indices/plugin/web_search":
		to.serve = (*exchange).pluginSearch
		return to, true
	case !ok:
		return route{}, false
	case rest == "/chat/completions":
		to.serve = (*exchange).chat
	default:
		to, ok = findOpenAI(r, rest)
		to.vendor = qwen{}
	}
	return to, ok
}

// greet sets canonical names.
func (qwen) greet(x *exchange, h http.Header) {
	h["X-Request-Id"] = []string{x.id("")}
	h["X-Dashscope-Request-Id"] = []string{x.id("")}
}

func (qwen) encode(x *exchange, f *fault) (int, []byte) {
	w := openAIWords(x, f)
	switch f.cause {
	case wrongKey, missingKey:
		w.message, w.code = "Incorrect API key provided.", "invalid_api_key"
	case noQuota:
		w.message, w.code, w.kind = "Free allocated quota exceeded.", "insufficient_quota", "insufficient_quota"
	case tooLong:
		w.message, w.code, w.kind = "Range of input length should be [1, 129024]", "invalid_parameter_error", "invalid_request_error"
	case filtered:
		w.message, w.code, w.kind = "Input data may contain inappropriate content.", "data_inspection_failed", "data_inspection_failed"
	case noModel:
		w.message = "The model `" + f.param + "` does not exist or you do not have access to it."
	case unspecified:
		if w.status == http.StatusTooManyRequests {
			w.kind, w.code = "limit_requests", "limit_requests"
		}
	}
	return w.status, object("error", object("message", w.message, "type", w.kind, "param", orNull(w.param), "code", orNull(w.code)),
		"request_id", x.id(""))
}

// badQwen is Qwen's 400.
func badQwen(message string) *fault {
	return &fault{status: http.StatusBadRequest, kind: "invalid_request_error", code: "invalid_parameter_error", message: message}
}

// checkQwen applies the rules that DashScope has beyond OpenAI's.
func (req *chatRequest) checkQwen() *fault {
	var more struct {
		MaxTokens   *int     `json:"max_tokens"`
		Temperature *float64 `json:"temperature"`
		TopP        *float64 `json:"top_p"`
	}
	_ = json.Unmarshal(req.body, &more) // it could be read before
	tools := req.functions()
	forced := string(req.ToolChoice) == `"required"` || bytes.HasPrefix(req.ToolChoice, []byte("{"))
	switch {
	case slices.ContainsFunc(tools, func(t tool) bool { return t.name == "search" }):
		return badQwen("Tool names are not allowed to be [search]")
	case more.MaxTokens != nil && (*more.MaxTokens < 1 || *more.MaxTokens > 65536):
		return badQwen("Range of max_tokens should be [1, 65536]")
	case more.Temperature != nil && (*more.Temperature < 0 || *more.Temperature >= 2):
		return badQwen("'temperature' must be Float and in [0.0, 2.0)")
	case more.TopP != nil && (*more.TopP <= 0 || *more.TopP > 1):
		return badQwen("'top_p' must be Float and in (0.0, 1.0]")
	case req.choices > 4 || req.choices > 1 && len(tools) > 0:
		return badQwen("Range of n should be [1, 4], and 1 with tools")
	case req.EnableThinking && forced:
		return badQwen("The tool_choice parameter does not support being set to required or object in thinking mode")
	case req.EnableThinking && !req.streamed && strings.HasPrefix(req.Model, "qwen3-"):
		return badQwen("parameter.enable_thinking must be set to false for non-streaming calls")
	case !req.streamed && strings.HasPrefix(req.Model, "qwq"):
		return badQwen("This model only support stream mode, please enable the stream parameter to access the model.")
	case req.EnableSearch && strings.HasPrefix(req.Model, "qwen3-coder"):
		return badQwen("This model does not support enable_search.")
	case req.EnableSearch && len(tools) > 0:
		return badQwen("enable_search and tools can not be used together")
	case req.EnableCode && len(tools) > 0:
		return badQwen("enable_code_interpreter and tools can not be used together")
	case req.EnableCode && (!req.streamed || !req.EnableThinking):
		return badQwen("enable_code_interpreter requires stream and enable_thinking to be true")
	default:
		return nil
	}
}

// pluginSearch answers the search that Qwen's own client does.
func (x *exchange) pluginSearch() {
	var req struct {
		Query string `json:"uq"`
	}
	if json.Unmarshal(x.body, &req) != nil || req.Query == "" {
		x.fail(badQwen("uq is required"))
		return
	}
	doc := object("title", source.title, "url", source.url, "snippet", source.quote, "hostname", "example.com",
		"timestamp_format", "2026-01-01", "_score", 0.9)
	x.reply(http.StatusOK, "application/json", object("status", 0, "message", "success", "data",
		object("total", 1, "docs", []raw{doc})))
}
