package relay_test

import (
	"context"
	"net/http"
	"testing"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// BenchmarkTranslatedEvent is one event of a stream of 1,000 of OpenAI Chat, for a client of Anthropic Messages.
// BenchmarkEvent is the same stream passed through.
func BenchmarkTranslatedEvent(b *testing.B) {
	const count = 1000
	event := `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}` + "\n\n"
	body := new(events)
	reply := &providers.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body}
	openai := &quiet{fake{
		name: "openai-custom",
		do: func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
			return reply, nil
		},
		target: func(_ dialect.Name, model string) dialect.Target {
			return dialect.Target{Dialect: dialect.OpenAIChat, Vendor: dialect.VendorOpenAI, Model: model}
		},
	}}
	r := relay.New(relay.Config{Router: newRouter(b, view(at("a", "")), openai)})
	text := []byte(`{"model":"gpt-4o","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hello"}]}`)
	envelope, err := dialect.Peek(text)
	if err != nil {
		b.Fatal(err)
	}
	req := &relay.Request{
		ID: "request-1", Operation: providers.Chat, Dialect: dialect.Anthropic, Envelope: envelope,
		Header: http.Header{}, Body: providers.NewBody(text),
	}
	defer req.Body.Release()
	w := &discard{header: make(http.Header)}
	b.ReportAllocs()
	for n := 0; n < b.N; n += count {
		clear(w.header)
		*body = events{event: event, left: count}
		r.Serve(b.Context(), w, req)
	}
}
