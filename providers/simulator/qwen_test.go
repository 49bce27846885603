package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"aiproxy/providers/simulator"
)

// TestQwenRules sends what DashScope refuses, and what it takes.
func TestQwenRules(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{})
	base := strings.TrimSuffix(url, "/v1") + "/compatible-mode/v1/chat/completions"
	const f = `,"tools":[{"type":"function","function":{"name":"f"}}]`
	for _, test := range []struct{ model, more, want string }{
		{"qwen-plus", "", ""},
		{"qwen-plus", `,"enable_search":true`, ""},
		{"qwen3-coder-plus", `,"enable_search":true`, "does not support enable_search"},
		{"qwen-plus", `,"enable_search":true` + f, "can not be used together"},
		{"qwen3-max", `,"enable_code_interpreter":true`, "requires stream and enable_thinking"},
		{"qwen3-max", `,"enable_code_interpreter":true,"enable_thinking":true,"stream":true`, ""},
		{"qwen3-max", `,"enable_thinking":true`, "must be set to false for non-streaming calls"},
		{"qwq-plus", ``, "only support stream mode"},
		{"qwen-plus", `,"max_tokens":100000`, "Range of max_tokens should be [1, 65536]"},
		{"qwen-plus", `,"temperature":2`, "'temperature' must be"},
		{"qwen-plus", `,"enable_thinking":true,"tool_choice":"required"` + f, "thinking mode"},
		{"qwen-plus", `,"tools":[{"type":"function","function":{"name":"search"}}]`, "not allowed to be [search]"},
		{"sim-quota", "", "Free allocated quota exceeded."},
		{"sim-filtered", "", "data_inspection_failed"},
	} {
		resp, reply := send(t, client, http.MethodPost, base, http.Header{}, chatBody(test.model, test.more))
		if (test.want == "") != (resp.StatusCode == http.StatusOK) || !strings.Contains(reply, test.want) {
			t.Errorf("%s%s: %s, want %q", test.model, test.more, reply, test.want)
		}
		if resp.StatusCode != http.StatusOK && !strings.Contains(reply, `"request_id":`) {
			t.Errorf("%s: no request_id in %s", test.model, reply)
		}
	}
}

// TestQwenAnswers looks at what is DashScope's own in an answer.
func TestQwenAnswers(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{})
	base := strings.TrimSuffix(url, "/v1")
	portal := http.Header{"X-Dashscope-Authtype": {"qwen-oauth"}}
	for _, test := range []struct{ path, body, want, not string }{
		{"/compatible-mode/v1/chat/completions", chatBody("qwen-plus", `,"stream":true,"enable_thinking":true`), `"reasoning_content":"wants "`, ""},
		{"/compatible-mode/v1/chat/completions", chatBody("qwen-plus", `,"stream":true`), `"content":"Every "`, "reasoning_content"},
		{"/compatible-mode/v1/chat/completions", chatBody("qwen-plus", `,"enable_search":true`), `simulated upstream`, "url_citation"},
		{"/compatible-mode/v1/chat/completions", chatBody("sim-midstream-error", streamed), `data_inspection_failed`, "[DONE]"},
		{"/v1/chat/completions", chatBody("sim-tool-call", streamed), `"id":"","type":"function","function":{"name":null`, ""},
		{"/compatible-mode/v1/responses", `{"model":"qwen3.7-plus","input":"x","foo":1,"tools":[{"type":"web_search"}]}`, `"web_search_call"`, ""},
		{"/api/v1/indices/plugin/web_search", `{"uq":"q","page":1,"rows":10}`, `"status":0`, ""},
	} {
		_, reply := send(t, client, http.MethodPost, base+test.path, portal, test.body)
		if !strings.Contains(reply, test.want) || test.not != "" && strings.Contains(reply, test.not) {
			t.Errorf("%s %s: %s", test.path, test.body, reply)
		}
	}
}
