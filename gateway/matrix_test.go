package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"aiproxy/fsm"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/claudecustom"
	"aiproxy/providers/dialect"
	"aiproxy/providers/geminicli"
	"aiproxy/providers/kiroapi"
	"aiproxy/providers/openaicustom"
	"aiproxy/providers/qwenapi"
	"aiproxy/providers/simulator"
	"aiproxy/providers/upstream"
)

// The vendors' own clients, each against each provider. What is asked and what comes back is said in the same terms for
// all; vendor_*_test.go say it to a vendor's client.

// query is what a test asks.
type query struct {
	model  string
	text   string
	stream bool
	// image is sent as a PNG with the text.
	image []byte
	// tools declares the function weather(city).
	tools bool
	think bool
	// schema wants an answer with the members city and degrees.
	schema bool
	// first is the answer whose calls are now answered.
	first *reply
}

// reply is what came back.
type reply struct {
	text, thought string
	calls         []toolCall
	// stop is OpenAI's word for why the answer ended.
	stop          string
	input, output int64
	// native is the client's own form, to be sent back.
	native any
}

type toolCall struct{ id, name, city string }

// vendorClient is a vendor's client.
type vendorClient interface {
	send(ctx context.Context, q query) (*reply, error)
	// class is the status and the kind of an error of the client's own type; 0 for others.
	class(err error) (int, string)
}

// vendors are the clients by their dialect.
var vendors = map[dialect.Name]func(t *testing.T, url string, http *http.Client) vendorClient{
	dialect.OpenAIChat: newChatClient, dialect.OpenAIResponses: newResponsesClient,
	dialect.Anthropic: newClaudeClient, dialect.Gemini: newGoogleClient,
}

// upstreams are the providers, with what follows the simulator's address in the base URL.
var upstreams = map[string]string{
	"openai-custom": "/v1", "claude-custom": "/v1", "gemini-cli": "/v1beta", "qwen-api": "/compatible-mode/v1",
	"kiro-api": "",
}

// each runs a test for each client against each provider, whole and streamed.
func each(t *testing.T, test func(t *testing.T, c vendorClient, at place)) {
	t.Helper()
	for name, connect := range vendors {
		for provider, path := range upstreams {
			for _, stream := range []bool{false, true} {
				at := place{client: name, provider: provider, stream: stream}
				t.Run(at.String(), func(t *testing.T) {
					t.Parallel()
					var url string
					url, at.sim = newFront(t, provider, path)
					transport := &http.Transport{}
					t.Cleanup(transport.CloseIdleConnections)
					test(t, connect(t, url, &http.Client{Transport: transport}), at)
				})
			}
		}
	}
}

// place is one cell of the matrix.
type place struct {
	client   dialect.Name
	provider string
	stream   bool
	sim      *simulator.Simulator
}

func (at place) String() string {
	if at.stream {
		return string(at.client) + "_" + at.provider + "_streamed"
	}
	return string(at.client) + "_" + at.provider
}

// newFront runs a gateway over one simulated upstream.
func newFront(t *testing.T, provider, path string) (string, *simulator.Simulator) {
	t.Helper()
	sim := simulator.New(simulator.Options{APIKeys: []string{"upstream-key"}, Record: 10})
	server := serve(t, sim)
	transport := upstream.NewTransport(upstream.Options{})
	t.Cleanup(transport.CloseIdleConnections)
	logger := slog.New(slog.DiscardHandler)
	registry := providers.NewRegistry(openaicustom.New(transport, logger), claudecustom.New(transport, logger),
		geminicli.New(transport, logger), qwenapi.New(transport, logger), kiroapi.New(transport, logger))
	view := &fsm.View{Index: 1, Revision: 1, Instances: []fsm.Instance{{
		Name: "up", Provider: provider, BaseURL: server.URL + path, Weight: 1, Enabled: true, APIKey: fsm.Sealed("upstream-key"),
	}}, Settings: fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"}, ModelProviders: []string{provider}}}
	open := func(s fsm.Sealed) (string, error) { return string([]byte(s)), nil }
	router := relay.NewRouter(still{view, nil}, open, registry, logger)
	relayed := relay.New(relay.Config{Router: router, NodeID: "n1", FirstByteTimeout: time.Minute})
	g := newGateway(t, setup{
		relay: relayed, keys: []providers.Secret{"k"}, registry: registry, instances: router.Table().Instances(), maxBody: 32 << 20,
	})
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/responses" {
			relayResponses(t, relayed, w, r)
			return
		}
		g.ServeHTTP(w, r)
	})).URL, sim
}

// relayResponses hands a request to the relay in the place of the gateway, which has no route for clients of Responses.
func relayResponses(t *testing.T, to *relay.Relay, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	body, err := providers.ReadBody(r.Body, 32<<20, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer body.Release()
	envelope, err := dialect.Peek(body.Bytes())
	if err != nil {
		t.Error(err)
		return
	}
	to.Serve(r.Context(), w, &relay.Request{
		ID: "request-1", Operation: providers.Chat, Dialect: dialect.OpenAIResponses, Envelope: envelope, Header: r.Header, Body: body,
	})
}

// mustSend fails the test if there is no answer.
func mustSend(t *testing.T, c vendorClient, q query) *reply {
	t.Helper()
	got, err := c.send(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestMatrixText(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c vendorClient, at place) {
		t.Helper()
		for model, want := range map[string]string{"sim-echo": "one two three", "sim-unicode-split": "Grüße, Welt! 世界へ、Привет! 👩‍👩‍👧 é\u2028<&>"} {
			got := mustSend(t, c, query{model: model, text: "one two three", stream: at.stream})
			if got.text != want || got.stop != "stop" || got.input == 0 || got.output == 0 {
				t.Errorf("%s: got %+v", model, got)
			}
		}
		if got := mustSend(t, c, query{model: "sim-max-tokens", text: "x", stream: at.stream}); got.stop != "length" || got.text == "" {
			t.Errorf("at the limit: %+v", got)
		}
	})
}

func TestMatrixTools(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c vendorClient, at place) {
		t.Helper()
		for model, calls := range map[string]int{"sim-tool-call": 1, "sim-tools-parallel": 2, "sim-think-tools": 2} {
			q := query{model: model, text: "the weather?", tools: true, think: model == "sim-think-tools", stream: at.stream}
			first := mustSend(t, c, q)
			if len(first.calls) != calls || first.stop != "tool_calls" {
				t.Fatalf("%s: got %+v", model, first)
			}
			for i, call := range first.calls {
				if call.name != "weather" || call.city != "Oslo" || i > 0 && call.id != "" && call.id == first.calls[0].id {
					t.Errorf("%s: call %+v", model, call)
				}
			}
			q.first = first
			if last := mustSend(t, c, q); last.text == "" || last.stop != "stop" || len(last.calls) > 0 {
				t.Errorf("%s: after the results: %+v", model, last)
			}
		}
	})
}

func TestMatrixThoughts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c vendorClient, at place) {
		t.Helper()
		got := mustSend(t, c, query{model: "sim-think", text: "think", think: true, stream: at.stream})
		if got.text == "" || got.thought != "The user wants words. " {
			t.Errorf("got %+v", got)
		}
	})
}

func TestMatrixImages(t *testing.T) {
	t.Parallel()
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 60)...)
	each(t, func(t *testing.T, c vendorClient, at place) {
		t.Helper()
		got := mustSend(t, c, query{model: "sim-inspect", text: "what is it?", image: png, stream: at.stream})
		if !strings.Contains(got.text, "image/png 68") {
			t.Errorf("the upstream saw %q", got.text)
		}
	})
}

func TestMatrixStructured(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c vendorClient, at place) {
		t.Helper()
		model := "gpt-4o"
		if at.provider == "claude-custom" {
			model = "claude-sonnet-4-5" // Older ones have no structured output.
		}
		q := query{model: model, text: "the weather as json", schema: true, stream: at.stream}
		if at.provider == "kiro-api" {
			_, err := c.send(t.Context(), q)
			if status, _ := c.class(err); status != http.StatusBadRequest {
				t.Errorf("Kiro can't hold its answer to a schema, and the client is told %v", err)
			}
			return
		}
		got := mustSend(t, c, q)
		if !strings.Contains(got.text, `"city":"simulated"`) || !strings.Contains(got.text, `"degrees":1.5`) {
			t.Errorf("got %q", got.text)
		}
	})
}

func TestMatrixErrors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c vendorClient, at place) {
		t.Helper()
		for model, want := range map[string]int{"sim-err-400": 400, "sim-too-long": 400, "sim-err-429": 429, "sim-no-such": 404} {
			_, err := c.send(t.Context(), query{model: model, text: "x", stream: at.stream})
			if status, kind := c.class(err); status != want || kind == "" {
				t.Errorf("%s: got %d %q from %v, want %d", model, status, kind, err, want)
			}
		}
		if at.stream {
			for _, model := range []string{"sim-midstream-error", "sim-truncate"} {
				if got, err := c.send(t.Context(), query{model: model, text: "x", stream: true}); err == nil {
					t.Errorf("%s: no error, but %+v", model, got)
				}
			}
		}
	})
}

func TestMatrixCancellation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c vendorClient, at place) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := c.send(ctx, query{model: "sim-hang", text: "x", stream: at.stream})
			ended <- err
		}()
		waitFor(t, "the request at the upstream", func() bool { return len(at.sim.Requests()) == 1 })
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		waitFor(t, "the upstream to see it", func() bool { return !at.sim.Requests()[0].CanceledAt.IsZero() })
	})
}

func TestMatrixLongPrompt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 1<<18)
	each(t, func(t *testing.T, c vendorClient, at place) {
		t.Helper()
		got := mustSend(t, c, query{model: "sim-inspect", text: long, stream: at.stream})
		if !strings.Contains(got.text, "text 1310720") {
			t.Errorf("the upstream saw %q", got.text)
		}
	})
}
