package relay_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// discard is a client that costs nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Flush()                      {}

// repeat serves the same bytes to one reply after another.
type repeat struct {
	strings.Reader
	text string
}

func (r *repeat) Close() error {
	r.Reset(r.text)
	return nil
}

func benchRelay(b *testing.B, do doFunc, model string) {
	b.Helper()
	openai := &quiet{fake{name: "openai-custom", do: do}}
	r := relay.New(relay.Config{Router: newRouter(b, view(at("a", ""), at("b", "")), openai)})
	body := providers.NewBody([]byte(`{"model":"` + model + `","messages":[{"role":"user","content":"` + strings.Repeat("x", 900) + `"}]}`))
	defer body.Release()
	envelope, err := dialect.Peek(body.Bytes())
	if err != nil {
		b.Fatal(err)
	}
	req := &relay.Request{ID: "request-1", Operation: providers.Chat, Dialect: dialect.OpenAIChat, Envelope: envelope, Header: http.Header{}, Body: body}
	w := &discard{header: make(http.Header)}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		r.Serve(ctx, w, req)
	}
}

// quiet is a fake that notes nothing.
type quiet struct{ fake }

func (q *quiet) Do(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
	return q.do(ctx, in, call)
}

func BenchmarkExchange(b *testing.B) {
	answer := `{"id":"chatcmpl-1","choices":[{"message":{"content":"` + strings.Repeat("y", 900) + `"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`
	body := &repeat{text: answer}
	body.Reset(answer)
	reply := &providers.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"1000"}, "X-Request-Id": {"x"}}, Body: body}
	do := func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
		return reply, nil
	}
	b.Run("1KB", func(b *testing.B) { benchRelay(b, do, "gpt-4o") })
	b.Run("1KB/spliced", func(b *testing.B) { benchRelay(b, do, "openai/gpt-4o") })
}

// events serves a stream, one event a read.
type events struct {
	event string
	left  int
}

func (e *events) Read(p []byte) (int, error) {
	e.left--
	switch {
	case e.left > 0:
		return copy(p, e.event), nil
	case e.left == 0:
		return copy(p, done+"\n\n"), nil
	}
	return 0, io.EOF
}

func (e *events) Close() error { return nil }

// BenchmarkEvent is one event of a stream of 1,000.
func BenchmarkEvent(b *testing.B) {
	const count = 1000
	event := `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}` + "\n\n"
	body := new(events)
	reply := &providers.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body}
	openai := &quiet{fake{name: "openai-custom", do: func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
		return reply, nil
	}}}
	r := relay.New(relay.Config{Router: newRouter(b, view(at("a", "")), openai)})
	req := &relay.Request{ID: "request-1", Operation: providers.Chat, Dialect: dialect.OpenAIChat, Header: http.Header{}, Body: providers.NewBody([]byte(streamBody))}
	defer req.Body.Release()
	w := &discard{header: make(http.Header)}
	b.ReportAllocs()
	for n := 0; n < b.N; n += count {
		clear(w.header)
		*body = events{event: event, left: count}
		r.Serve(b.Context(), w, req)
	}
}
