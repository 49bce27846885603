package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"aiproxy/fsm"
	"aiproxy/gateway/metrics"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/openaicustom"
	"aiproxy/providers/simulator"
	"aiproxy/providers/upstream"
)

// still is replicated state that never changes.
type still struct {
	view  *fsm.View
	newer chan struct{}
}

func (s still) Watch() (*fsm.View, <-chan struct{}) { return s.view, s.newer }

// newStack runs a gateway with the real relay in front of two simulated upstreams and returns a client of the vendor
// and the scrape of the gateway's metrics.
func newStack(t *testing.T) (openai.Client, func(prefix string) map[string]string) {
	t.Helper()
	var instances []fsm.Instance
	for _, name := range []string{"sim-a", "sim-b"} {
		sim := serve(t, simulator.New(simulator.Options{Name: name, APIKeys: []string{"upstream-key"}, Models: []string{"gpt-4o", "vendor/model-" + name, "text-embedding-3-small"}}))
		instances = append(instances, fsm.Instance{
			Name: name, Provider: "openai-custom", BaseURL: sim.URL + "/v1", Weight: 1, Enabled: true, APIKey: fsm.Sealed("upstream-key"),
		})
	}
	transport := upstream.NewTransport(upstream.Options{})
	t.Cleanup(transport.CloseIdleConnections)
	registry := providers.NewRegistry(openaicustom.New(transport, slog.New(slog.DiscardHandler)))
	view := &fsm.View{Index: 1, Revision: 1, Instances: instances, Settings: fsm.Settings{
		LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"}, ModelProviders: []string{"openai-custom"},
	}}
	open := func(s fsm.Sealed) (string, error) { return string([]byte(s)), nil }
	router := relay.NewRouter(still{view, nil}, open, registry, slog.New(slog.DiscardHandler))
	counters := metrics.New(metrics.Config{})
	g := newGateway(t, setup{
		relay:     relay.New(relay.Config{Router: router, Recorder: counters, NodeID: "n1", FirstByteTimeout: time.Minute}),
		keys:      []providers.Secret{"client-key"},
		registry:  registry,
		instances: router.Table().Instances(),
		metrics:   counters,
		maxBody:   1 << 20,
	})
	server := serve(t, g)
	client := openai.NewClient(
		option.WithBaseURL(server.URL+"/v1"), option.WithAPIKey("client-key"), option.WithMaxRetries(0), option.WithHTTPClient(server.Client()),
	)
	return client, func(prefix string) map[string]string { return samples(t, g, prefix) }
}

func chat(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("one two three")}}
}

func TestVendorClientChats(t *testing.T) {
	t.Parallel()
	client, scrape := newStack(t)
	var reply *http.Response
	completion, err := client.Chat.Completions.New(t.Context(), chat("sim-echo"), option.WithResponseInto(&reply))
	if err != nil {
		t.Fatal(err)
	}
	if got := completion.Choices[0].Message.Content; got != "one two three" || completion.Usage.TotalTokens == 0 {
		t.Errorf("content %q, usage %d", got, completion.Usage.TotalTokens)
	}
	for _, name := range []string{"X-Aiproxy-Instance", "X-Aiproxy-Cache", "X-Ratelimit-Limit-Requests", "Openai-Processing-Ms"} {
		if reply.Header.Get(name) == "" {
			t.Errorf("the answer has no %s", name)
		}
	}
	wantOwnHeaders(t, reply.Header)
	if upstream, own := reply.Header.Get("X-Request-Id"), reply.Header.Get("X-Aiproxy-Request-Id"); upstream == own {
		t.Errorf("X-Request-Id %q is ours; want the upstream's", upstream)
	}
	waitFor(t, "the call to be counted", func() bool {
		found := false
		for name := range scrape("aiproxy_provider_requests_total") {
			found = found || strings.Contains(name, `model="sim-echo",provider="openai-custom",status="200"`)
		}
		return found && len(scrape("aiproxy_provider_tokens_used_total")) == 2
	})
}

func TestVendorClientStreams(t *testing.T) {
	t.Parallel()
	client, _ := newStack(t)
	params := chat("sim-echo")
	params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	defer stream.Close()
	var all openai.ChatCompletionAccumulator
	for stream.Next() {
		if !all.AddChunk(stream.Current()) {
			t.Fatalf("chunk %s does not fit", stream.Current().RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if got := all.Choices[0].Message.Content; got != "one two three" || all.Usage.TotalTokens == 0 {
		t.Errorf("content %q, usage %d", got, all.Usage.TotalTokens)
	}
}

func TestVendorClientEmbeds(t *testing.T) {
	t.Parallel()
	client, _ := newStack(t)
	for _, format := range []openai.EmbeddingNewParamsEncodingFormat{openai.EmbeddingNewParamsEncodingFormatFloat, openai.EmbeddingNewParamsEncodingFormatBase64} {
		got, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
			Model: "text-embedding-3-small", EncodingFormat: format, Dimensions: openai.Int(8),
			Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Data) != 2 {
			t.Errorf("%s: %d embeddings, want 2", format, len(got.Data))
		}
		if format == openai.EmbeddingNewParamsEncodingFormatFloat && len(got.Data[0].Embedding) != 8 {
			t.Errorf("%d dimensions, want 8", len(got.Data[0].Embedding))
		}
	}
}

func TestVendorClientListsModels(t *testing.T) {
	t.Parallel()
	client, _ := newStack(t)
	page, err := client.Models.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, m := range page.Data {
		ids = append(ids, m.ID)
	}
	if want := []string{"gpt-4o", "text-embedding-3-small", "vendor/model-sim-a", "vendor/model-sim-b"}; !slices.Equal(ids, want) {
		t.Errorf("models = %v, want %v", ids, want)
	}
	model, err := client.Models.Get(t.Context(), "vendor/model-sim-b")
	if err != nil || model.ID != "vendor/model-sim-b" || model.OwnedBy != "sim-b" {
		t.Errorf("model = %+v, %v", model, err)
	}
}

func TestVendorClientUnderstandsErrors(t *testing.T) {
	t.Parallel()
	client, _ := newStack(t)
	send := func(model string, opts ...option.RequestOption) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.Chat.Completions.New(ctx, chat(model), opts...)
			return err
		}
	}
	tests := []struct {
		name   string
		send   func(context.Context) error
		status int
		code   string
		param  string
		typ    string
	}{
		{"wrong key", send("gpt-4o", option.WithAPIKey("wrong")), 401, "invalid_api_key", "", "invalid_request_error"},
		{"no model", send(""), 400, "missing_required_parameter", "model", "invalid_request_error"},
		{"unknown provider", send("gpt-4o", option.WithHeader("Model-Provider", "acme")), 400, "unknown_provider", "Model-Provider", "invalid_request_error"},
		{"too large", send("gpt-4o", option.WithJSONSet("filler", strings.Repeat("x", 1<<20))), 413, "request_too_large", "", "invalid_request_error"},
		{"upstream refuses", send("sim-err-400"), 400, "", "", "invalid_request_error"},
		{"unknown model", func(ctx context.Context) error {
			_, err := client.Models.Get(ctx, "none")
			return err
		}, 404, "model_not_found", "model", "invalid_request_error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.send(t.Context())
			var told *openai.Error
			if !errors.As(err, &told) {
				t.Fatalf("error = %v", err)
			}
			if told.StatusCode != tt.status || told.Type != tt.typ || told.Message == "" {
				t.Errorf("status %d, type %q, message %q; want %d %q", told.StatusCode, told.Type, told.Message, tt.status, tt.typ)
			}
			if tt.code != "" && (told.Code != tt.code || told.Param != tt.param) {
				t.Errorf("code %q, param %q; want %q %q", told.Code, told.Param, tt.code, tt.param)
			}
			wantOwnHeaders(t, told.Response.Header)
		})
	}
}
