package relay_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// translating returns the body of a request that is translated although both sides speak OpenAI Chat, because the id of
// a call carries another vendor's signature.
func translating(members string) string {
	return `{"model":"gpt-4o",` + members + `"messages":[{"role":"user","content":"hello"},
{"role":"assistant","tool_calls":[{"id":"call_1_aiproxy1bgAAEC","type":"function","function":{"name":"f","arguments":"{}"}}]},
{"role":"tool","tool_call_id":"call_1_aiproxy1bgAAEC","content":"ok"}]}`
}

func chunk(delta, finish string) string {
	return `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + finish + "}]}\n\n"
}

const wholeChat = `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`

func serveFake(t *testing.T, f *fake, c relay.Config, names ...string) string {
	t.Helper()
	f.name = providers.OpenAICustom
	v := view()
	for i, name := range names {
		in := at(name, "http://unused")
		in.Priority = i
		v.Instances = append(v.Instances, in)
	}
	v.Settings.LoadBalancer.Enabled = false
	c.Router = newRouter(t, v, f)
	return serve(t, c).URL
}

func TestTranslatedWhole(t *testing.T) {
	t.Parallel()
	f := &fake{do: answering(http.StatusOK, wholeChat)}
	got := post(t, serveFake(t, f, relay.Config{}, "a"), translating(`"strange":1,`))
	if got.status != http.StatusOK || !strings.Contains(got.body, `"content":"Hi"`) || got.header.Get("X-Aiproxy-Dropped") != "strange" {
		t.Errorf("got %d %v %s", got.status, got.header, got.body)
	}
	calls := f.made()
	if len(calls) != 1 || strings.Contains(calls[0].body, "aiproxy1") || !strings.Contains(calls[0].body, `"tool_call_id":"call_1"`) {
		t.Errorf("the upstream got %v", calls)
	}
}

func TestTranslatedStrictly(t *testing.T) {
	t.Parallel()
	v := view(at("a", "http://unused"))
	v.Settings.Translation = fsm.TranslationStrict
	url := serve(t, relay.Config{Router: newRouter(t, v, &fake{name: providers.OpenAICustom})}).URL
	got := post(t, url, translating(`"strange":1,`))
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, `"param":"strange"`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got = post(t, url, translating(`"strange":1,`), "X-Aiproxy-Translation", "lenient"); got.status == http.StatusBadRequest {
		t.Errorf("a lenient client got %d %s", got.status, got.body)
	}
}

func TestUntranslatableNamesTheField(t *testing.T) {
	t.Parallel()
	f := &fake{}
	got := post(t, serveFake(t, f, relay.Config{}, "a", "b"), translating(`"modalities":["audio"],`))
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, `"param":"modalities"`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if calls := f.made(); len(calls) != 0 {
		t.Errorf("the upstream was called: %v", calls)
	}
	got = post(t, serveFake(t, f, relay.Config{}, "a"), translating(`"temperature":"hot",`))
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, `"param":"temperature"`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestTranslatedStreamComesEventByEvent reads each event while the upstream has not sent the next one.
func TestTranslatedStreamComesEventByEvent(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	f := &fake{do: func(ctx context.Context, _ *providers.Instance, _ *providers.Call) (*providers.Reply, error) {
		r, w := io.Pipe()
		context.AfterFunc(ctx, func() { w.CloseWithError(context.Cause(ctx)) })
		go func() {
			for text := range next {
				if _, err := io.WriteString(w, text); err != nil {
					return
				}
			}
			w.Close()
		}()
		return streamReply(r), nil
	}}
	url := serveFake(t, f, relay.Config{}, "a")
	first := chunk(`{"content":"Hel"}`, "null")
	go func() { next <- first }()
	resp := open(t, url, translating(`"stream":true,`))
	buf := make([]byte, 4096)
	read := func(want string) {
		t.Helper()
		text := ""
		for !strings.Contains(text, want) {
			n, err := resp.Body.Read(buf)
			text += string(buf[:n])
			if err != nil && !strings.Contains(text, want) {
				t.Fatalf("after %q: %v", text, err)
			}
		}
	}
	read("Hel")
	half := chunk(`{"content":"lo"}`, "null")
	next <- half[:20]
	next <- half[20:]
	read("lo")
	next <- chunk(`{}`, `"stop"`)
	read(`"finish_reason":"stop"`)
	close(next)
	read("[DONE]")
}

func TestTranslatedStreamEnds(t *testing.T) {
	t.Parallel()
	hello := chunk(`{"content":"Hi"}`, "null")
	for _, test := range []struct {
		name  string
		steps []step
		want  string
		done  bool
	}{
		{"whole", []step{{data: hello + chunk(`{}`, `"stop"`) + "data: [DONE]\n\n", err: io.EOF}}, `"stop"`, true},
		{"no end mark", []step{{data: hello + chunk(`{}`, `"stop"`), err: io.EOF}}, `"stop"`, true},
		{"truncated", []step{{data: hello, err: io.EOF}}, `"code":"upstream_truncated"`, false},
		{"broken off", []step{{data: hello, err: io.ErrUnexpectedEOF}}, `"code":"upstream_connection_error"`, false},
		{"error", []step{{data: hello + "data: {\"error\":{\"message\":\"too busy\"}}\n\n", err: io.EOF}}, `too busy`, false},
		{"no JSON", []step{{data: hello + "data: <html>\n\n", err: io.EOF}}, `what is not openai-chat`, false},
		{"after keep-alive", []step{{data: hello}, {pause: 60 * time.Millisecond, data: chunk(`{}`, `"stop"`), err: io.EOF}}, ": keep-alive", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{do: playing(test.steps...)}
			got := post(t, serveFake(t, f, relay.Config{KeepAlive: 10 * time.Millisecond}, "a"), translating(`"stream":true,`))
			if got.status != http.StatusOK || !strings.Contains(got.body, test.want) || strings.Contains(got.body, "[DONE]") != test.done {
				t.Errorf("got %d %s", got.status, got.body)
			}
			if contentType := got.header.Get("Content-Type"); contentType != "text/event-stream" {
				t.Errorf("content type %q", contentType)
			}
		})
	}
}

// TestTranslatedStreamFailsOver sees another instance answer where the first one's stream begins with its error.
func TestTranslatedStreamFailsOver(t *testing.T) {
	t.Parallel()
	f := &fake{do: byInstance(map[string]doFunc{
		"a": playing(step{data: "data: {\"error\":{\"message\":\"busy\",\"code\":\"rate_limit_exceeded\"}}\n\n", err: io.EOF}),
		"b": playing(step{data: chunk(`{"content":"Hi"}`, `"stop"`), err: io.EOF}),
	})}
	got := post(t, serveFake(t, f, relay.Config{}, "a", "b"), translating(`"stream":true,`))
	if got.status != http.StatusOK || got.header.Get("X-Aiproxy-Instance") != "b" || !strings.Contains(got.body, "Hi") {
		t.Errorf("got %d %v %s", got.status, got.header, got.body)
	}
	got = post(t, serveFake(t, f, relay.Config{}, "a"), translating(`"stream":true,`))
	if got.status != http.StatusTooManyRequests || !strings.Contains(got.body, "busy") {
		t.Errorf("alone it got %d %s", got.status, got.body)
	}
}

func TestTranslatedErrors(t *testing.T) {
	t.Parallel()
	refuse := func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
		r := jsonReply(http.StatusTooManyRequests, `{"error":{"message":"slow","type":"requests","code":null}}`)
		r.Header.Set("Retry-After", "7")
		r.Header.Set("Openai-Version", "1")
		return r, nil
	}
	got := post(t, serveFake(t, &fake{do: refuse}, relay.Config{}, "a", "b"), translating(""))
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "7" || !strings.Contains(got.body, "slow") {
		t.Errorf("got %d %v %s", got.status, got.header, got.body)
	}
	if got.header.Get("Openai-Version") != "" {
		t.Error("the upstream's own fields came through")
	}
	got = post(t, serveFake(t, &fake{do: answering(529, `{}`)}, relay.Config{}, "a"), translating(""))
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "did not say why") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	got = post(t, serveFake(t, &fake{do: answering(200, `[]`)}, relay.Config{}, "a"), translating(""))
	if got.status != http.StatusBadGateway {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestTranslatedBetweenKinds has an upstream that streams unasked, and one that does not although asked.
func TestTranslatedBetweenKinds(t *testing.T) {
	t.Parallel()
	streams := &fake{
		do: playing(step{data: chunk(`{"content":"Hi"}`, `"stop"`), err: io.EOF}),
		target: func(d dialect.Name, model string) dialect.Target {
			return dialect.Target{Dialect: d, Vendor: dialect.VendorQwen, Model: model, Stream: true}
		},
	}
	got := post(t, serveFake(t, streams, relay.Config{}, "a"), translating(""))
	if got.status != http.StatusOK || !strings.Contains(got.body, `"object":"chat.completion"`) || !strings.Contains(got.body, `"content":"Hi"`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if calls := streams.made(); !strings.Contains(calls[0].body, `"stream":true`) {
		t.Errorf("the upstream got %s", calls[0].body)
	}
	whole := &fake{do: answering(http.StatusOK, wholeChat)}
	got = post(t, serveFake(t, whole, relay.Config{}, "a"), translating(`"stream":true,`))
	if got.status != http.StatusOK || !strings.Contains(got.body, `"delta":{"content":"Hi"}`) || !strings.HasSuffix(got.body, "data: [DONE]\n\n") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	truncated := &fake{do: playing(step{data: chunk(`{"content":"Hi"}`, "null"), err: io.EOF}), target: streams.target}
	got = post(t, serveFake(t, truncated, relay.Config{}, "a"), translating(""))
	if diff := cmp.Diff(http.StatusBadGateway, got.status); diff != "" {
		t.Errorf("%s %s", diff, got.body)
	}
}
