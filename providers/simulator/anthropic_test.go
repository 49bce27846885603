package simulator_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"aiproxy/providers/simulator"
)

// TestMessagesRules sends what the real API refuses, and what it takes.
func TestMessagesRules(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{})
	const user = `{"role":"user","content":"hi"}`
	const use = `{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}`
	result := func(id string) string { return `{"type":"tool_result","tool_use_id":"` + id + `","content":"ok"}` }
	image := func(media, data string) string {
		return `[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"` + media + `","data":"` + data + `"}}]}]`
	}
	gif := base64.StdEncoding.EncodeToString([]byte("GIF89a"))
	for _, test := range []struct{ more, messages, want string }{
		{``, `[` + user + `]`, ""},
		{`,"extra":1`, `[` + user + `]`, "extra: Extra inputs are not permitted"},
		{``, `[{"role":"user","content":[{"type":"text","text":"a","foo":1}]}]`, "messages.0.content.0.text.foo: Extra inputs are not permitted"},
		{`,"tools":[{"name":"f","input_schema":{"type":"object"},"parameters":{}}]`, `[` + user + `]`, "tools.0.custom.parameters: Extra inputs"},
		{`,"tools":[{"name":"f","input_schema":{}}]`, `[` + user + `]`, "tools.0.custom.input_schema.type: Field required"},
		{`,"tools":[{"name":"a b","input_schema":{"type":"object"}}]`, `[` + user + `]`, "tools.0.custom.name: String should match pattern"},
		{`,"tools":[{"name":"f","input_schema":{"type":"object","anyOf":[]}}]`, `[` + user + `]`, "does not support oneOf, allOf, or anyOf"},
		{`,"tools":[{"type":"web_search_19990101","name":"w"}]`, `[` + user + `]`, "does not match any of the expected tags"},
		{`,"tool_choice":{"type":"auto"}`, `[` + user + `]`, "tool_choice may only be specified while providing tools"},
		{`,"stop_sequences":[" "]`, `[` + user + `]`, "non-whitespace"},
		{`,"temperature":1.5`, `[` + user + `]`, "temperature: "},
		{`,"stream":"yes"`, `[` + user + `]`, "stream: Input should be a valid boolean"},
		{``, `[]`, "at least one message is required"},
		{``, `[{"role":"assistant","content":"hi"}]`, `first message must use the \"user\" role`},
		{``, `[{"role":"tool","content":"hi"}]`, "messages.0.role: Input should be 'user' or 'assistant'"},
		{``, `[` + user + `,{"role":"system","content":"s"}]`, "role 'system' is not supported"},
		{``, `[{"role":"user","content":""}]`, "text content blocks must be non-empty"},
		{``, `[{"role":"user","content":" "}]`, "must contain non-whitespace text"},
		{``, `[{"role":"user","content":[]}]`, "all messages must have non-empty content"},
		{``, `[` + user + `,{"role":"assistant","content":"x "}]`, "cannot end with trailing whitespace"},
		{``, `[` + user + `,{"role":"assistant","content":"x"}]`, ""},
		{``, `[` + user + `,` + use + `]`, "without `tool_result` blocks immediately after: a"},
		{``, `[` + user + `,` + use + `,{"role":"user","content":[{"type":"text","text":"t"},` + result("a") + `]}]`, "immediately after: a"},
		{``, `[` + user + `,` + use + `,{"role":"user","content":[` + result("a") + `,{"type":"text","text":"t"}]}]`, ""},
		{``, `[` + user + `,` + use + `,{"role":"user","content":[` + result("a") + `,` + result("a") + `]}]`, "must have a single result"},
		{``, `[` + user + `,` + use + `,{"role":"user","content":[` + result("b") + `]}]`, "unexpected `tool_use_id`"},
		{``, `[` + user + `,{"role":"assistant","content":[{"type":"tool_use","id":"a b","name":"f","input":{}}]}]`, "tool_use.id: String should match"},
		{``, `[` + user + `,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]}]`, "Input should be a valid dictionary"},
		{``, `[` + user + `,{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"AAAA"}]}]`, "Invalid `signature` in `thinking` block"},
		{`,"thinking":{"type":"enabled","budget_tokens":100}`, `[` + user + `]`, "greater than or equal to 1024"},
		{`,"thinking":{"type":"enabled","budget_tokens":9000}`, `[` + user + `]`, "`max_tokens` must be greater than"},
		{`,"temperature":0.5,"thinking":{"type":"enabled","budget_tokens":1024}`, `[` + user + `]`, "`temperature` may only be set to 1"},
		{``, image("image/gif", gif), ""},
		{``, image("image/png", gif), "appears to be a image/gif image"},
		{``, image("image/tiff", gif), "media_type: Input should be"},
		{``, image("image/png", "?"), "invalid base64 data"},
	} {
		body := `{"model":"m","max_tokens":8000,"messages":` + test.messages + test.more + `}`
		resp, reply := postMessages(t, client, url, "2023-06-01", body)
		if test.want == "" {
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", body, reply)
			}
			continue
		}
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(reply, test.want) ||
			!strings.HasPrefix(reply, `{"type":"error","error":{"type":"invalid_request_error","message":`) {
			t.Errorf("%s: %s, want %q", body, reply, test.want)
		}
	}
}

func TestMessagesRulesOfGenerations(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{})
	for _, test := range []struct{ model, more, messages, want string }{
		{"claude-sonnet-4-5", `,"thinking":{"type":"adaptive"}`, "", "adaptive thinking is not supported on this model"},
		{"claude-opus-4-6", `,"thinking":{"type":"adaptive"}`, "", ""},
		{"claude-opus-4-8", `,"thinking":{"type":"enabled","budget_tokens":1024}`, "", "thinking.type.adaptive"},
		{"claude-opus-4-6", "", `,{"role":"assistant","content":"x"}`, "must end with a user message"},
		{"claude-opus-5", "", `,{"role":"system","content":"x"}`, ""},
		{"claude-haiku-4-5-20251001", "", "", ""},
	} {
		body := `{"model":"` + test.model + `","max_tokens":8000,"messages":[{"role":"user","content":"hi"}` + test.messages + `]` + test.more + `}`
		resp, reply := postMessages(t, client, url, "2023-06-01", body)
		if (test.want == "") != (resp.StatusCode == http.StatusOK) || !strings.Contains(reply, test.want) {
			t.Errorf("%s: %s, want %q", body, reply, test.want)
		}
	}
	for version, want := range map[string]string{"": "anthropic-version: header is required", "2020-01-01": "not a valid version"} {
		if _, reply := postMessages(t, client, url, version, `{}`); !strings.Contains(reply, want) {
			t.Errorf("version %q: %s", version, reply)
		}
	}
	for body, want := range map[string]string{
		`{"max_tokens":1,"messages":[]}`: "model: Field required", `{"model":"m","messages":[]}`: "max_tokens: Field required",
		`{"model":"m","max_tokens":1}`: "messages: Field required", `{`: "not valid JSON",
	} {
		if _, reply := postMessages(t, client, url, "2023-06-01", body); !strings.Contains(reply, want) {
			t.Errorf("%s: %s", body, reply)
		}
	}
}

// TestMessagesStream looks at the events as they are on the wire.
func TestMessagesStream(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{Chunks: 2})
	_, stream := postMessages(t, client, url, "2023-06-01",
		`{"model":"m","max_tokens":8000,"stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	var names []string
	for line := range strings.SplitSeq(stream, "\n") {
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			names = append(names, name)
		}
	}
	const want = "message_start ping content_block_start content_block_delta content_block_delta content_block_stop message_delta message_stop"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("events %s", got)
	}
}

func postMessages(t *testing.T, client *http.Client, url, version, body string) (*http.Response, string) {
	t.Helper()
	return send(t, client, http.MethodPost, url+"/messages", http.Header{"Anthropic-Version": {version}}, body)
}
