package simulator_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"

	"aiproxy/providers/simulator"
)

// sdk returns the official client for a simulator.
func sdk(t *testing.T, o simulator.Options, key string) openai.Client {
	t.Helper()
	_, url, client := start(t, o)
	return openai.NewClient(option.WithBaseURL(url), option.WithAPIKey(key), option.WithHTTPClient(client),
		option.WithMaxRetries(0))
}

func ask(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hello there.")},
	}
}

func TestOfficialClientChats(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{APIKeys: []string{"k"}, Chunks: 5}, "k")
	whole, err := client.Chat.Completions.New(t.Context(), ask("gpt-4o"))
	if err != nil {
		t.Fatal(err)
	}
	choice := whole.Choices[0]
	if choice.FinishReason != "stop" || whole.Usage.CompletionTokens != 5 || whole.Model != "gpt-4o" {
		t.Errorf("got %s", whole.RawJSON())
	}

	params := ask("gpt-4o")
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var all openai.ChatCompletionAccumulator
	for stream.Next() {
		if !all.AddChunk(stream.Current()) {
			t.Errorf("chunk does not fit: %s", stream.Current().RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if got := all.Choices[0].Message.Content; got != choice.Message.Content {
		t.Errorf("streamed %q, whole %q", got, choice.Message.Content)
	}
	if all.Usage.CompletionTokens != 5 || all.Usage.TotalTokens != whole.Usage.TotalTokens {
		t.Errorf("streamed usage %s", all.Usage.RawJSON())
	}
}

func TestOfficialClientCallsTools(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{}, "k")
	for _, test := range []struct {
		model string
		calls int
	}{{"sim-tool-call", 1}, {"sim-parallel-tools", 2}} {
		params := ask(test.model)
		params.Tools = []openai.ChatCompletionToolUnionParam{
			openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "weather"}),
		}
		stream := client.Chat.Completions.NewStreaming(t.Context(), params)
		var all openai.ChatCompletionAccumulator
		for stream.Next() {
			all.AddChunk(stream.Current())
		}
		if err := stream.Err(); err != nil {
			t.Fatal(err)
		}
		message := all.Choices[0].Message
		if len(message.ToolCalls) != test.calls || all.Choices[0].FinishReason != "tool_calls" {
			t.Fatalf("%s: %d calls, finish %q", test.model, len(message.ToolCalls), all.Choices[0].FinishReason)
		}
		for _, call := range message.ToolCalls {
			if call.Function.Name != "weather" || call.Function.Arguments != `{"city":"Oslo"}` || call.ID == "" {
				t.Errorf("%s: call %+v", test.model, call)
			}
		}
		params.Messages = append(params.Messages, message.ToParam())
		if _, err := client.Chat.Completions.New(t.Context(), params); err == nil {
			t.Errorf("%s: calls may be left without an answer", test.model)
		}
		for _, call := range message.ToolCalls {
			params.Messages = append(params.Messages, openai.ToolMessage("rain", call.ID))
		}
		last, err := client.Chat.Completions.New(t.Context(), params)
		if err != nil || last.Choices[0].FinishReason != "stop" {
			t.Errorf("%s: after the tools' answers: %v", test.model, err)
		}
	}
}

func TestOfficialClientEmbeds(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{}, "k")
	for _, format := range []openai.EmbeddingNewParamsEncodingFormat{"", "float"} {
		reply, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
			Model: "text-embedding-3-small", EncodingFormat: format, Dimensions: openai.Int(16),
			Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b", "a"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(reply.Data) != 3 || len(reply.Data[0].Embedding) != 16 {
			t.Fatalf("format %q: %d embeddings", format, len(reply.Data))
		}
		var square, same, other float64
		for i, v := range reply.Data[0].Embedding {
			square += v * v
			same += v * reply.Data[2].Embedding[i]
			other += v * reply.Data[1].Embedding[i]
		}
		if math.Abs(square-1) > 1e-5 || math.Abs(same-1) > 1e-5 || other > 0.99 {
			t.Errorf("format %q: length² %v, with the same text %v, with another %v", format, square, same, other)
		}
	}
}

func TestOfficialClientListsModels(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{Models: []string{"a", "org/b"}}, "k")
	page, err := client.Models.List(t.Context())
	if err != nil || len(page.Data) != 2 || page.Data[1].ID != "org/b" {
		t.Errorf("got %v, %v", page, err)
	}
	one, err := client.Models.Get(t.Context(), "a")
	if err != nil || one.ID != "a" || one.Object != "model" {
		t.Errorf("got %v, %v", one, err)
	}
	_, err = client.Models.Get(t.Context(), "c")
	wantFault(t, err, 404, "model_not_found")
}

func TestOfficialClientMeetsFaults(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{APIKeys: []string{"k"}}, "k")
	for model, want := range map[string]struct {
		status int
		code   string
	}{
		"sim-err-429": {429, "rate_limit_exceeded"}, "sim-err-500": {500, ""}, "sim-err-401": {401, "invalid_api_key"},
		"sim-err-529": {529, ""}, "sim-quota": {429, "insufficient_quota"}, "sim-no-such": {404, "model_not_found"},
	} {
		_, err := client.Chat.Completions.New(t.Context(), ask(model))
		wantFault(t, err, want.status, want.code)
	}
	stream := client.Chat.Completions.NewStreaming(t.Context(), ask("sim-midstream-error"))
	chunks := 0
	for stream.Next() {
		chunks++
	}
	if stream.Err() == nil || !strings.Contains(stream.Err().Error(), "had an error") || chunks == 0 {
		t.Errorf("%d chunks, then %v", chunks, stream.Err())
	}
	stranger := sdk(t, simulator.Options{APIKeys: []string{"k"}}, "other")
	_, err := stranger.Chat.Completions.New(t.Context(), ask("gpt-4o"))
	wantFault(t, err, 401, "invalid_api_key")
}

func wantFault(t *testing.T, err error, status int, code string) {
	t.Helper()
	fault, ok := errors.AsType[*openai.Error](err)
	if !ok || fault.StatusCode != status || fault.Code != code {
		t.Errorf("got %v, want %d %q", err, status, code)
	}
}
