package simulator_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"aiproxy/providers/simulator"
)

const (
	kiroUser    = `{"userInputMessage":{"content":"hi","modelId":"MODEL","origin":"AI_EDITOR"CONTEXT}}`
	kiroTools   = `"tools":[{"toolSpecification":{"name":"f","description":"d","inputSchema":{"json":{"type":"object","properties":{}}}}}]`
	kiroCall    = `{"assistantResponseMessage":{"content":"x","toolUses":[{"toolUseId":"t1","name":"f","input":{}}]}}`
	kiroResult  = `{"toolUseId":"t1","content":[{"text":"one"}],"status":"success"}`
	kiroHistory = `[` + kiroUser + `,` + kiroCall + `]`
)

// kiroBody is a request for the model with a history and a context.
func kiroBody(model, history, context string) string {
	body := `{"conversationState":{"chatTriggerType":"MANUAL","conversationId":"c"`
	if history != "" {
		body += `,"history":` + strings.ReplaceAll(history, "CONTEXT", "")
	}
	if context != "" {
		context = `,"userInputMessageContext":{` + context + `}`
	}
	return strings.ReplaceAll(body+`,"currentMessage":`+strings.Replace(kiroUser, "CONTEXT", context, 1)+`}}`, "MODEL", model)
}

// kiroEvents reads a stream with Amazon's own decoder: types of events, and of exceptions, with their payloads.
func kiroEvents(t *testing.T, body string) (string, error) {
	t.Helper()
	var out strings.Builder
	r := bytes.NewReader([]byte(body))
	for r.Len() > 0 {
		m, err := eventstream.NewDecoder().Decode(r, nil)
		if err != nil {
			return out.String(), err
		}
		for _, name := range []string{":event-type", ":exception-type"} {
			if v := m.Headers.Get(name); v != nil {
				out.WriteString(v.String() + " ")
			}
		}
		out.Write(append(m.Payload, '\n'))
	}
	return out.String(), nil
}

func TestKiroAnswers(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{Name: "s", Chunks: 2})
	url = strings.TrimSuffix(url, "/v1") + "/generateAssistantResponse"
	for _, test := range []struct{ model, want, not string }{
		{"m", `assistantResponseEvent {"content":"word ","modelId":"m"}`, "toolUse"},
		{"m", `meteringEvent {"unit":"credit"`, ""},
		{"sim-tool-call", `"input":"lo\"}"}` + "\n" + `toolUseEvent {"name":"f","toolUseId":"tooluse_s-`, ""},
		{"sim-tool-call", `"stop":true}`, ""},
		{"sim-tool-malformed", `toolUseEvent`, `"stop"`},
		{"sim-think", `reasoningContentEvent {"signature":"`, "<thinking>"},
		{"sim-think-redacted", `reasoningContentEvent {"redactedContent":"`, ""},
		{"sim-max-tokens", `ContentLengthExceededException {"message":`, ""},
		{"sim-blocked", `contextUsageEvent`, "assistantResponseEvent"},
		{"sim-midstream-error", `InternalServerException {"message":`, "meteringEvent"},
		{"sim-dribble", `meteringEvent`, ""},
		{"sim-cached", `"cacheReadInputTokens":`, ""},
	} {
		resp, body, err := post(t, client, url, kiroBody(test.model, "", kiroTools))
		if err != nil {
			t.Fatal(err)
		}
		got, err := kiroEvents(t, body)
		if err != nil || !strings.Contains(got, test.want) || test.not != "" && strings.Contains(got, test.not) {
			t.Errorf("%s: %v in\n%s", test.model, err, got)
		}
		if kind := resp.Header.Get("Content-Type"); kind != "application/vnd.amazon.eventstream" {
			t.Errorf("%s: %s", test.model, kind)
		}
	}
	_, body, _ := post(t, client, url, kiroBody("sim-bad-frame", "", ""))
	if _, err := kiroEvents(t, body); !errors.As(err, new(eventstream.ChecksumError)) {
		t.Errorf("a bad frame is %v", err)
	}
	if _, _, err := post(t, client, url, kiroBody("sim-truncate", "", "")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a truncated stream is %v", err)
	}
}

// TestKiroRules sends what Kiro refuses, and what it takes.
func TestKiroRules(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{APIKeys: []string{"k"}})
	url = strings.TrimSuffix(url, "/v1") + "/generateAssistantResponse"
	schema := func(s string) string { return strings.Replace(kiroTools, `{"type":"object","properties":{}}`, s, 1) }
	user := strings.ReplaceAll(kiroUser, "CONTEXT", "")
	for _, test := range []struct {
		body   string
		status int
		want   string
	}{
		{kiroBody("m", kiroHistory, kiroTools+`,"toolResults":[`+kiroResult+`]`), 200, ""},
		{kiroBody("m", `[`+user+`,{"assistantResponseMessage":{"content":"x"}}]`, ""), 200, ""},
		{kiroBody("m", `[]`, ""), 400, "Improperly formed"},
		{kiroBody("m", `[`+user+`]`, ""), 400, "Improperly formed"},
		{kiroBody("m", `[`+user+`,`+user+`]`, ""), 400, "Improperly formed"},
		{kiroBody("m", `[`+user+`,{"assistantResponseMessage":{"content":""}}]`, ""), 400, "Improperly formed"},
		{kiroBody("m", kiroHistory, `"toolResults":[`+kiroResult+`]`), 400, "Improperly formed"},
		{kiroBody("m", kiroHistory, kiroTools), 400, "TOOL_USE_RESULT_MISMATCH"},
		{kiroBody("m", kiroHistory, kiroTools+`,"toolResults":[`+kiroResult+`,`+kiroResult+`]`), 400, "TOOL_USE_RESULT_MISMATCH"},
		{kiroBody("m", "", kiroTools+`,"toolResults":[`+kiroResult+`]`), 400, "TOOL_USE_RESULT_MISMATCH"},
		{kiroBody("m", "", `"tools":[]`), 400, "Improperly formed"},
		{kiroBody("m", "", strings.Replace(kiroTools, `"d"`, `""`, 1)), 400, "Improperly formed"},
		{kiroBody("m", "", strings.Replace(kiroTools, `"f"`, `"a.b"`, 1)), 400, "Improperly formed"},
		{kiroBody("m", "", schema(`{}`)), 400, "TOOL_SCHEMA_INVALID"},
		{kiroBody("m", "", schema(`{"type":"object","properties":{},"required":null}`)), 400, "TOOL_SCHEMA_INVALID"},
		{kiroBody("m", "", schema(`{"type":"object","properties":{"a":{"additionalProperties":false}}}`)), 400, "TOOL_SCHEMA_INVALID"},
		{strings.Replace(kiroBody("m", "", ""), `"MANUAL"`, `"MANUAL","max_tokens":1`, 1), 400, "Improperly formed"},
		{kiroBody("sim-no-such", "", ""), 400, "INVALID_MODEL_ID"},
		{kiroBody("sim-too-long", "", ""), 400, "CONTENT_LENGTH_EXCEEDS_THRESHOLD"},
		{kiroBody("sim-quota", "", ""), 402, "MONTHLY_REQUEST_COUNT"},
		{kiroBody("sim-err-429", "", ""), 429, "ThrottlingException"},
		{kiroBody("sim-err-503", "", ""), 503, "ServiceUnavailableException"},
	} {
		resp, body := send(t, client, http.MethodPost, url, http.Header{"Authorization": {"Bearer k"}}, test.body)
		if resp.StatusCode != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d %s, want %d %q", test.body, resp.StatusCode, body, test.status, test.want)
		}
	}
	if resp, body := send(t, client, http.MethodPost, url, http.Header{"Authorization": {"Bearer old"}}, "{}"); resp.StatusCode != http.StatusForbidden ||
		!strings.Contains(body, "bearer token included in the request is invalid") {
		t.Errorf("an old token: %d %s", resp.StatusCode, body)
	}
}

func TestKiroModels(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{Models: []string{"claude-sonnet-4.5"}})
	_, body := send(t, client, http.MethodGet, strings.TrimSuffix(url, "/v1")+"/ListAvailableModels?origin=AI_EDITOR", http.Header{}, "")
	if !strings.Contains(body, `"modelId":"claude-sonnet-4.5"`) {
		t.Errorf("got %s", body)
	}
}
