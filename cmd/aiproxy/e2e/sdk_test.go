//go:build e2e

package e2e

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"aiproxy/providers/simulator"
)

// TestOfficialSDK drives every node with OpenAI's own Go client.
func TestOfficialSDK(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	for _, n := range c.nodes {
		t.Run(n.id, func(t *testing.T) {
			client := n.sdk()
			t.Run("chat", func(t *testing.T) { sdkChat(t, client) })
			t.Run("stream", func(t *testing.T) { sdkStream(t, client) })
			t.Run("embeddings", func(t *testing.T) { sdkEmbeddings(t, client) })
			t.Run("models", func(t *testing.T) { sdkModels(t, client) })
			t.Run("errors", func(t *testing.T) { sdkErrors(t, client) })
		})
	}
	for _, sim := range []*simulator.Simulator{c.upstreams.a, c.upstreams.b} {
		for _, r := range sim.Requests() {
			if keys := r.Header.Values("Authorization"); len(keys) != 1 || keys[0] != "Bearer "+upstreamKey {
				t.Errorf("an upstream saw the keys %q", keys)
			}
		}
	}
}

func chatParams(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Say this is a test")},
	}
}

func sdkChat(t *testing.T, client openai.Client) {
	t.Helper()
	for _, model := range []string{"sim-echo", "openai-custom/sim-echo"} {
		answer, err := client.Chat.Completions.New(t.Context(), chatParams(model))
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.Choices[0].Message.Content; got != "Say this is a test" {
			t.Errorf("%s: answered %q", model, got)
		}
		if answer.Usage.TotalTokens == 0 {
			t.Errorf("%s: no usage", model)
		}
	}
}

func sdkStream(t *testing.T, client openai.Client) {
	t.Helper()
	params := chatParams("sim-echo")
	params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var whole openai.ChatCompletionAccumulator
	for stream.Next() {
		whole.AddChunk(stream.Current())
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if got := whole.Choices[0].Message.Content; got != "Say this is a test" {
		t.Errorf("streamed %q", got)
	}
	if whole.Usage.TotalTokens == 0 {
		t.Error("no usage at the end of the stream")
	}
}

func sdkEmbeddings(t *testing.T, client openai.Client) {
	t.Helper()
	answer, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "text-embedding-3-small",
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Data) != 2 || len(answer.Data[1].Embedding) == 0 {
		t.Errorf("embeddings %+v", answer.Data)
	}
}

func sdkModels(t *testing.T, client openai.Client) {
	t.Helper()
	page, err := client.Models.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range page.Data {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	if unique := slices.Compact(slices.Clone(ids)); len(ids) == 0 || len(unique) != len(ids) {
		t.Errorf("models %v", ids)
	}
	model, err := client.Models.Get(t.Context(), ids[0])
	if err != nil || model.ID != ids[0] {
		t.Errorf("model %s: %+v, %v", ids[0], model, err)
	}
}

func sdkErrors(t *testing.T, client openai.Client) {
	t.Helper()
	_, err := client.Chat.Completions.New(t.Context(), chatParams("gpt-4o"), option.WithAPIKey("wrong"))
	var failure *openai.Error
	if !errors.As(err, &failure) || failure.StatusCode != http.StatusUnauthorized || failure.Code != "invalid_api_key" {
		t.Errorf("wrong key: %v", err)
	}
	if failure != nil && failure.Response.Header.Get("X-Request-Id") == "" {
		t.Error("an error without X-Request-Id")
	}
	_, err = client.Models.Get(t.Context(), "missing/model")
	if !errors.As(err, &failure) || failure.StatusCode != http.StatusNotFound || failure.Code != "model_not_found" {
		t.Errorf("unknown model: %v", err)
	}
	_, err = client.Chat.Completions.New(t.Context(), chatParams("sim-err-429"))
	if !errors.As(err, &failure) || failure.StatusCode != http.StatusTooManyRequests || failure.Response.Header.Get("Retry-After") == "" {
		t.Errorf("upstream's 429: %v", err)
	}
}
