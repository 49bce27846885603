package simulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"aiproxy/providers/simulator"
)

// events are the payloads of a stream's data lines.
func events(stream string) []string {
	var all []string
	for line := range strings.FieldsFuncSeq(stream, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if data, ok := strings.CutPrefix(line, "data:"); ok {
			all = append(all, strings.TrimPrefix(data, " "))
		}
	}
	return all
}

// content joins the content of a stream's chunks and checks that each is an object.
func content(t *testing.T, stream string) string {
	t.Helper()
	var text strings.Builder
	for _, event := range events(stream) {
		if event == "[DONE]" {
			continue
		}
		var chunk struct {
			Choices []struct {
				Delta struct {
					Content string `json:"content"`
				} `json:"delta"`
			} `json:"choices"`
		}
		if err := json.Unmarshal([]byte(event), &chunk); err != nil {
			t.Fatalf("%v in %.200s", err, event)
		}
		for _, choice := range chunk.Choices {
			text.WriteString(choice.Delta.Content)
		}
	}
	return text.String()
}

func TestPlainStream(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{Name: "one", Chunks: 3})
	resp, stream, err := post(t, client, url+"/chat/completions", chatBody("gpt-4o", withUsage))
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Error(got)
	}
	for _, name := range []string{"X-Request-Id", "Openai-Processing-Ms", "X-Ratelimit-Remaining-Tokens"} {
		if resp.Header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	if got := resp.Header.Get("X-Simulator"); got != "one" {
		t.Error(got)
	}
	all := events(stream)
	if len(all) != 7 { // the role, three words, the finish, the usage, the end
		t.Fatalf("%d events:\n%s", len(all), stream)
	}
	for i, part := range []string{
		`"delta":{"role":"assistant","content":""}`, `"delta":{"content":"Every "}`, `"delta":{"content":"word "}`,
		`"delta":{"content":"of "}`, `"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null`,
		`"choices":[],"usage":{"prompt_tokens":`, `[DONE]`,
	} {
		if !strings.Contains(all[i], part) {
			t.Errorf("event %d is %s", i, all[i])
		}
		if i < 6 && !strings.Contains(all[i], all[0][:40]) {
			t.Errorf("event %d has another id: %s", i, all[i])
		}
	}
	_, bare, err := post(t, client, url+"/chat/completions", chatBody("gpt-4o", streamed))
	if err != nil || strings.Contains(bare, "usage") {
		t.Errorf("usage that nobody asked for, %v:\n%s", err, bare)
	}
}

func TestStreamsOfOddForm(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{Chunks: 4})
	_, plain, err := post(t, client, url+"/chat/completions", chatBody("gpt-4o", streamed))
	if err != nil {
		t.Fatal(err)
	}
	want := content(t, plain)
	for model, check := range map[string]func(string) bool{
		"sim-crlf":         func(s string) bool { return strings.HasSuffix(s, "}\r\n\r\ndata: [DONE]\r\n\r\n") },
		"sim-cr":           func(s string) bool { return strings.HasSuffix(s, "}\r\rdata: [DONE]\r\r") },
		"sim-no-space":     func(s string) bool { return strings.HasPrefix(s, "data:{") },
		"sim-comments":     func(s string) bool { return strings.HasPrefix(s, ": ping\n\ndata: ") },
		"sim-dribble":      func(s string) bool { return len(s) > 0 },
		"sim-no-done":      func(s string) bool { return strings.HasSuffix(s, "\"finish_reason\":\"stop\"}]}\n\n") },
		"sim-usage-always": func(s string) bool { return strings.Count(s, `"usage":{"prompt_tokens":`) == 6 },
		"sim-slow-stream-1ms": func(s string) bool {
			return strings.HasSuffix(s, "data: [DONE]\n\n")
		},
	} {
		_, stream, err := post(t, client, url+"/chat/completions", chatBody(model, streamed))
		if err != nil {
			t.Errorf("%s: %v", model, err)
		} else if !check(stream) || content(t, stream) != want {
			t.Errorf("%s:\n%q", model, stream)
		}
	}
}

func TestAnswersOfOtherContent(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{})
	for model, want := range map[string]string{
		"sim-echo":             "Say it again, please.",
		"sim-chunks-2":         "Every word ",
		"sim-huge-line-100000": "A " + strings.Repeat("x", 100_000) + " end.",
	} {
		_, stream, err := post(t, client, url+"/chat/completions", chatBody(model, streamed))
		if got := content(t, stream); err != nil || got != want {
			t.Errorf("%s: %.100s, %v", model, got, err)
		}
		_, whole, err := post(t, client, url+"/chat/completions", chatBody(model, ""))
		if err != nil || !strings.Contains(whole, `"content":"`+want+`"`) {
			t.Errorf("%s: %.300s, %v", model, whole, err)
		}
	}
	_, unicode, err := post(t, client, url+"/chat/completions", chatBody("sim-unicode", streamed))
	if got := content(t, unicode); err != nil || !strings.Contains(got, "世界") || !strings.Contains(got, "👩‍👩‍👧") {
		t.Errorf("%s, %v", got, err)
	}
	_, thoughts, err := post(t, client, url+"/chat/completions", chatBody("sim-reasoning", withUsage))
	if err != nil || !strings.Contains(thoughts, `"reasoning_content":"wants "`) ||
		!strings.Contains(thoughts, `"reasoning_tokens":3`) {
		t.Errorf("%s, %v", thoughts, err)
	}
	_, repeated, err := post(t, client, url+"/chat/completions", chatBody("sim-repeat-tool-id", streamed))
	if err != nil || strings.Count(repeated, `"id":"call_`) != 4 {
		t.Errorf("%s, %v", repeated, err)
	}
	_, forced, err := post(t, client, url+"/chat/completions",
		chatBody("gpt-4o", `,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"`))
	if err != nil || !strings.Contains(forced, `"name":"f"`) {
		t.Errorf("%s, %v", forced, err)
	}
	_, short, err := post(t, client, url+"/chat/completions", chatBody("gpt-4o", `,"max_tokens":2`))
	if err != nil || !strings.Contains(short, `"content":"Every word "`) || !strings.Contains(short, `"length"`) {
		t.Errorf("%s, %v", short, err)
	}
	_, two, err := post(t, client, url+"/chat/completions", chatBody("sim-chunks-1", `,"n":2,"stream":true`))
	if err != nil || strings.Count(two, `"index":1`) != 3 || strings.Count(two, `"finish_reason":"stop"`) != 2 {
		t.Errorf("%s, %v", two, err)
	}
}

func TestStreamsThatBreakOff(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{})
	_, early, err := post(t, client, url+"/chat/completions", chatBody("sim-early-end", streamed))
	if err != nil || !strings.HasSuffix(early, "}\n\n") || strings.Contains(early, "stop") {
		t.Errorf("early end: %q, %v", early, err)
	}
	for _, more := range []string{"", streamed} {
		_, cut, err := post(t, client, url+"/chat/completions", chatBody("sim-truncate", more))
		if !errors.Is(err, io.ErrUnexpectedEOF) || cut == "" || strings.HasSuffix(cut, "\n\n") {
			t.Errorf("truncated: %q, %v", cut, err)
		}
	}
	_, failed, err := post(t, client, url+"/chat/completions", chatBody("sim-midstream-error", streamed))
	all := events(failed)
	if err != nil || !strings.HasPrefix(all[len(all)-1], `{"error":`) {
		t.Errorf("error within: %q, %v", failed, err)
	}
	if _, _, err := post(t, client, url+"/chat/completions", chatBody("sim-reset", "")); err == nil {
		t.Error("reset: there was an answer")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, url, client := start(t, simulator.Options{})
	for _, test := range []struct {
		path, body string
		status     int
		part       string
	}{
		{"/chat/completions", chatBody("sim-err-503", ""), 503, `"service_unavailable_error"`},
		{"/chat/completions", chatBody("sim-err-html", ""), 502, "<h1>"},
		{"/chat/completions", chatBody("sim-err-detail", ""), 422, `{"detail":[`},
		{"/chat/completions", chatBody("sim-bad-json", ""), 200, `{"id":"chatcmpl-`},
		{"/chat/completions", chatBody("sim-err-200", ""), 404, "model_not_found"},
		{"/chat/completions", chatBody("sim-chunks-0", ""), 404, "model_not_found"},
		{"/chat/completions", chatBody("sim-slow-first-byte-fast", ""), 404, "model_not_found"},
		{"/chat/completions", chatBody("sim-reasoner", `,"max_tokens":5`), 400, `"unsupported_parameter"`},
		{"/chat/completions", `{"model":"m"`, 400, "could not parse"},
		{"/chat/completions", `{"model":"m"}`, 400, `"missing_required_parameter"`},
		{"/chat/completions", `{"model":"m","messages":"hi"}`, 400, `"invalid_type"`},
		{"/chat/completions", `{"model":"m","messages":[ ]}`, 400, `"empty_array"`},
		{"/chat/completions", `{"messages":[{}]}`, 400, "model parameter"},
		{"/chat/completions", chatBody("m", `,"stream_options":{"include_usage":true}`), 400, "stream_options"},
		{"/chat/completions", chatBody("m", `,"stream":true,"stream_options":7`), 400, "stream_options"},
		{"/chat/completions", chatBody("m", `,"n":500`), 400, `"n"`},
		{"/chat/completions", `{"model":"m","messages":[{"role":"tool","tool_call_id":"x"}]}`, 400, "must be a response"},
		{"/embeddings", `{"model":"sim-err-500","input":"a"}`, 500, `"server_error"`},
		{"/embeddings", `{"model":"m","input":["a",""]}`, 400, `"input"`},
		{"/embeddings", `{"model":"m","input":"a","dimensions":0}`, 400, `"dimensions"`},
		{"/embeddings", `{"model":"m","input":"a","encoding_format":"hex"}`, 400, `"encoding_format"`},
		{"/embeddings", `{"model":"m","input":[[1,2],[3]],"dimensions":2}`, 200, `"index":1`},
		{"/models", `{}`, 405, "Not allowed"},
		{"/unknown", `{}`, 404, "Invalid URL"},
	} {
		resp, reply, err := post(t, client, url+test.path, test.body)
		if err != nil || resp.StatusCode != test.status || !strings.Contains(reply, test.part) {
			t.Errorf("%s: %v %s %v", test.body, resp, reply, err)
			continue
		}
		if retry := resp.Header.Get("Retry-After") != ""; retry != (test.status == 503) {
			t.Errorf("%s: retry-after %v", test.body, retry)
		}
	}
}

func TestScriptForAllModels(t *testing.T) {
	t.Parallel()
	sim, url, client := start(t, simulator.Options{Script: "sim-err-500"})
	status := func() int {
		resp, _, err := post(t, client, url+"/chat/completions", chatBody("gpt-4o", ""))
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	if got := status(); got != http.StatusInternalServerError {
		t.Error(got)
	}
	if err := sim.SetScript("sim-nonsense"); err == nil {
		t.Error("an unknown script was taken")
	}
	if err := sim.SetScript(""); err != nil || status() != http.StatusOK {
		t.Errorf("the script did not end: %v", err)
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	sim, url, client := start(t, simulator.Options{Record: 2})
	for _, model := range []string{"a", "b", "c"} {
		if _, _, err := post(t, client, url+"/chat/completions?x=1", chatBody(model, "")); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the end of the handlers", func() bool {
		all := sim.Requests()
		return len(all) == 2 && all[0].Done && all[1].Done
	})
	last := sim.Requests()[1]
	if last.Path != "/v1/chat/completions" || last.Query != "x=1" || last.Method != http.MethodPost ||
		!bytes.Contains(last.Body, []byte(`"c"`)) || last.Header.Get("Content-Type") == "" || !last.CanceledAt.IsZero() {
		t.Errorf("got %+v", last)
	}
}

func TestCancellationIsRecorded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ model, more string }{
		{"sim-hang", ""},
		{"sim-hang-midstream", ""},
		{"sim-hang-midstream", streamed},
		{"sim-slow-first-byte-1h", ""},
		{"sim-slow-stream-1h", streamed},
	} {
		t.Run(test.model+test.more, func(t *testing.T) {
			t.Parallel()
			sim, url, client := start(t, simulator.Options{Record: 1})
			ctx, cancel := context.WithCancel(t.Context())
			gone := make(chan error, 1)
			go func() {
				_, _, err := postWith(ctx, t, client, url+"/chat/completions", chatBody(test.model, test.more))
				gone <- err
			}()
			waitFor(t, "the request", func() bool { return len(sim.Requests()) == 1 })
			before := time.Now()
			cancel()
			if err := <-gone; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			waitFor(t, "the handler", func() bool { return sim.Requests()[0].Done })
			if at := sim.Requests()[0].CanceledAt; at.Before(before) {
				t.Errorf("canceled at %v, not after %v", at, before)
			}
		})
	}
}
