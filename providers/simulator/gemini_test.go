package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"aiproxy/providers/simulator"
)

// TestGeminiRules sends what the real API refuses, and what it takes.
func TestGeminiRules(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{})
	base := strings.TrimSuffix(url, "/v1") + "/v1beta/models/m"
	const user = `{"role":"user","parts":[{"text":"hi"}]}`
	declare := func(schema string) string {
		return `,"tools":[{"functionDeclarations":[{"name":"f","parameters":` + schema + `}]}]`
	}
	for _, test := range []struct{ more, contents, want string }{
		{``, user, ""},
		{`,"generation_config":{"max_output_tokens":5},"system_instruction":{"parts":[{"text":"s"}]}`, user, ""},
		{`,"extra":1`, user, `Unknown name \"extra\": Cannot find field.`},
		{`,"generationConfig":{"foo":1}`, user, `Unknown name \"foo\" at 'generation_config': Cannot find field.`},
		{
			declare(`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}}}`), user,
			`Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters': Cannot find field.`,
		},
		{declare(`{"type":"object","properties":{"a":{"const":1}}}`), user, `Unknown name \"const\" at 'tools[0].function_declarations[0].parameters.properties[0]'`},
		{declare(`{"type":"object","properties":{"format":{"type":"string"}}}`), user, ""},
		{declare(`{"type":["object","null"],"properties":{"a":{"type":"string"}}}`), user, "Proto field is not repeating, cannot start list"},
		{declare(`{"type":"object","properties":{"a":{"type":"array"}}}`), user, "parameters.properties[a].items: missing field."},
		{declare(`{"type":"object","properties":{"a":{"type":"string"}},"required":["b"]}`), user, "required[0]: property is not defined"},
		{declare(`{"type":"object","properties":{"a":{"type":"integer","enum":["1"]}}}`), user, "enum: only allowed for STRING type"},
		{declare(`{"type":"object","properties":{"a":{"type":"string","format":"uri"}}}`), user, "only 'enum' and 'date-time' are supported"},
		{declare(`{"type":"object","properties":{}}`), user, "should be non-empty for OBJECT type"},
		{`,"tools":[{"functionDeclarations":[{"name":"a b"}]}]`, user, "Invalid function name"},
		{`,"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":["object"],"additionalProperties":false}}]}]`, user, ""},
		{`,"generationConfig":{"responseSchema":{"type":"STRING"}}`, user, "only allowed when response_mime_type is"},
		{`,"generationConfig":{"stopSequences":["1","2","3","4","5","6"]}`, user, "must not exceed 5"},
		{`,"generationConfig":{"thinkingConfig":{"thinkingBudget":1,"thinkingLevel":"LOW"}}`, user, "only one of thinking budget and thinking level"},
		{``, ``, "contents is not specified"},
		{``, `{"role":"assistant","parts":[{"text":"hi"}]}`, "Please use a valid role: user, model."},
		{``, `{"role":"user","parts":[]}`, "contents.parts must not be empty"},
		{``, `{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"?"}}]}`, "Base64 decoding failed"},
		{``, user + `,{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}`, "immediately after a function call turn"},
		{``, user + `,{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},` + user, "number of function response parts"},
		{``, `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}`, "immediately after a user turn"},
		{
			``, user + `,{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":"x"}}]}`,
			"function_response.response",
		},
	} {
		body := `{"contents":[` + test.contents + `]` + test.more + `}`
		resp, reply := send(t, client, http.MethodPost, base+":generateContent?key=k", http.Header{}, body)
		if (test.want == "") != (resp.StatusCode == http.StatusOK) || !strings.Contains(reply, test.want) ||
			test.want != "" && !strings.Contains(reply, `"status":"INVALID_ARGUMENT"`) {
			t.Errorf("%s: %s, want %q", body, reply, test.want)
		}
	}
}

// TestGeminiFraming looks at streams and refusals as they are on the wire.
func TestGeminiFraming(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{Chunks: 2})
	base := strings.TrimSuffix(url, "/v1") + "/v1beta/models/"
	const body = `{"contents":[{"parts":[{"text":"hi"}]}]}`
	_, stream := send(t, client, http.MethodPost, base+"m:streamGenerateContent?alt=sse", http.Header{}, body)
	if strings.Count(stream, "\r\n\r\n") != 3 || !strings.HasPrefix(stream, `data: {"candidates":`) || strings.Contains(stream, "event:") {
		t.Errorf("server-sent: %q", stream)
	}
	_, array := send(t, client, http.MethodPost, base+"m%3AstreamGenerateContent", http.Header{}, body)
	var elements []map[string]any
	if err := json.Unmarshal([]byte(array), &elements); err != nil || len(elements) != 3 {
		t.Errorf("array: %q, %v", array, err)
	}
	resp, failed := send(t, client, http.MethodPost, base+"sim-rate-400ms:streamGenerateContent", http.Header{}, body)
	if !strings.HasPrefix(failed, `[{"error":{"code":429`) || !strings.Contains(failed, `"retryDelay":"0.4s"`) || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("refusal: %s", failed)
	}
	_, failed = send(t, client, http.MethodPost, base+"sim-err-500:streamGenerateContent?alt=sse", http.Header{}, body)
	if !strings.HasPrefix(failed, `{"error":{"code":500`) {
		t.Errorf("refusal: %s", failed)
	}
}

func TestGeminiKeys(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{APIKeys: []string{"k"}, Models: []string{"m"}})
	base := strings.TrimSuffix(url, "/v1")
	for _, test := range []struct {
		path   string
		header http.Header
		status int
		want   string
	}{
		{"/v1beta/models?key=k", http.Header{}, 200, `"models/m"`},
		{"/v1/models", http.Header{"X-Goog-Api-Key": {"k"}}, 200, `"models/m"`},
		{"/v1beta/models", http.Header{"Authorization": {"Bearer k"}}, 200, `"models/m"`},
		{"/v1/models", http.Header{"Authorization": {"Bearer k"}}, 200, `"object":"list"`},
		{"/v1beta/models?key=z", http.Header{}, 400, "API_KEY_INVALID"},
		{"/v1beta/models", http.Header{}, 403, "unregistered callers"},
		{"/v1internal:loadCodeAssist", http.Header{"Authorization": {"Bearer z"}}, 401, "UNAUTHENTICATED"},
	} {
		method := http.MethodGet
		if strings.Contains(test.path, "internal") {
			method = http.MethodPost
		}
		resp, reply := send(t, client, method, base+test.path, test.header, "{}")
		if resp.StatusCode != test.status || !strings.Contains(reply, test.want) {
			t.Errorf("%s: %d %s", test.path, resp.StatusCode, reply)
		}
	}
}

func TestCodeAssist(t *testing.T) {
	t.Parallel()
	sim, url, client := start(t, simulator.Options{APIKeys: []string{"old"}, Chunks: 2})
	base := strings.TrimSuffix(url, "/v1") + "/v1internal"
	header := http.Header{"Authorization": {"Bearer new"}}
	call := func(method, path, body, want string) string {
		t.Helper()
		_, reply := send(t, client, method, base+path, header, body)
		if !strings.Contains(reply, want) {
			t.Errorf("%s: %s, want %q", path, reply, want)
		}
		return reply
	}
	call(http.MethodPost, ":loadCodeAssist", `{}`, "UNAUTHENTICATED")
	sim.SetAPIKeys("new")
	if reply := call(http.MethodPost, ":loadCodeAssist", `{}`, "allowedTiers"); strings.Contains(reply, "cloudaicompanionProject\"") {
		t.Errorf("a project from nowhere: %s", reply)
	}
	var operation struct{ Name string }
	if err := json.Unmarshal([]byte(call(http.MethodPost, ":onboardUser", `{"tierId":"standard-tier"}`, `"done":false`)), &operation); err != nil {
		t.Fatal(err)
	}
	call(http.MethodGet, "/"+operation.Name, "", `"done":false`)
	call(http.MethodGet, "/"+operation.Name, "", `"cloudaicompanionProject":{"id":"simulated-project"`)
	call(http.MethodPost, ":loadCodeAssist", `{}`, `"cloudaicompanionProject":"simulated-project"`)
	const request = `"project":"p","user_prompt_id":"1","request":{"session_id":"s","contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`
	call(http.MethodPost, ":generateContent", `{"model":"gemini-2.5-pro",`+request, `{"response":{"candidates":[`)
	call(http.MethodPost, ":generateContent", `{"model":"models/gemini-2.5-pro",`+request, "NOT_FOUND")
	call(http.MethodPost, ":generateContent", `{"foo":1,"model":"gemini-2.5-pro",`+request, `Unknown name \"foo\"`)
	call(http.MethodPost, ":streamGenerateContent?alt=sse", `{"model":"sim-comments",`+request, `data: {"traceId":`)
	call(http.MethodPost, ":countTokens", `{"request":{"model":"models/m","contents":[{"parts":[{"text":"hi"}]}]}}`, `"totalTokens":`)
	call(http.MethodPost, ":retrieveUserQuota", `{}`, "buckets")
}
