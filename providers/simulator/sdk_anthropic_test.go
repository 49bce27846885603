package simulator_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"aiproxy/providers/simulator"
)

// claude returns Anthropic's client for a simulator.
func claude(t *testing.T, o simulator.Options, key string) anthropic.Client {
	t.Helper()
	_, url, client := start(t, o)
	return anthropic.NewClient(option.WithBaseURL(strings.TrimSuffix(url, "/v1")), option.WithAPIKey(key),
		option.WithHTTPClient(client), option.WithMaxRetries(0))
}

func tell(model string, blocks ...anthropic.ContentBlockParamUnion) anthropic.MessageNewParams {
	if len(blocks) == 0 {
		blocks = []anthropic.ContentBlockParamUnion{anthropic.NewTextBlock("Hello there.")}
	}
	return anthropic.MessageNewParams{
		Model: model, MaxTokens: 4096, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(blocks...)},
	}
}

// both asks for the answer whole and as a stream, and demands that they are the same but for their ids.
func both(t *testing.T, client anthropic.Client, params anthropic.MessageNewParams) *anthropic.Message {
	t.Helper()
	whole, err := client.Messages.New(t.Context(), params)
	if err != nil {
		t.Fatalf("%s: %v", params.Model, err)
	}
	var streamed anthropic.Message
	stream := client.Messages.NewStreaming(t.Context(), params)
	for stream.Next() {
		if err := streamed.Accumulate(stream.Current()); err != nil {
			t.Fatalf("%s: %v", params.Model, err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatalf("%s: %v", params.Model, err)
	}
	if streamed.StopReason != whole.StopReason || len(streamed.Content) != len(whole.Content) ||
		streamed.Usage.OutputTokens != whole.Usage.OutputTokens {
		t.Fatalf("%s: streamed %s %d blocks, whole %s %d blocks", params.Model, streamed.StopReason, len(streamed.Content),
			whole.StopReason, len(whole.Content))
	}
	for i, block := range streamed.Content {
		if other := whole.Content[i]; block.Type != other.Type || block.Text != other.Text || block.Thinking != other.Thinking ||
			block.Signature != other.Signature || block.Name != other.Name || len(block.Citations) != len(other.Citations) {
			t.Errorf("%s: block %d: streamed %+v, whole %+v", params.Model, i, block, other)
		}
	}
	return whole
}

func TestClaudeClientReadsAnswers(t *testing.T) {
	t.Parallel()
	client := claude(t, simulator.Options{APIKeys: []string{"k"}}, "k")
	for model, want := range map[string]struct {
		stop  anthropic.StopReason
		kinds string
	}{
		"claude-sonnet-4-5":  {"end_turn", "text"},
		"sim-think":          {"end_turn", "thinking text"},
		"sim-think-redacted": {"end_turn", "redacted_thinking text"},
		"sim-think-tools":    {"tool_use", "thinking tool_use tool_use"},
		"sim-tool-empty":     {"tool_use", "tool_use"},
		"sim-max-tokens":     {"max_tokens", "text"},
		"sim-refusal":        {"refusal", "text"},
		"sim-pause":          {"pause_turn", "server_tool_use web_search_tool_result text"},
		"sim-search":         {"end_turn", "server_tool_use web_search_tool_result text"},
		"sim-code":           {"end_turn", "server_tool_use code_execution_tool_result text"},
		"sim-cite":           {"end_turn", "text"},
		"sim-unicode-split":  {"end_turn", "text"},
		"sim-comments":       {"end_turn", "text"},
		"sim-json":           {"end_turn", "text"},
	} {
		message := both(t, client, tell(model))
		var kinds []string
		for _, block := range message.Content {
			kinds = append(kinds, block.Type)
		}
		if got := strings.Join(kinds, " "); got != want.kinds || message.StopReason != want.stop {
			t.Errorf("%s: %s, %s", model, got, message.StopReason)
		}
		if message.Usage.InputTokens == 0 || message.ID == "" {
			t.Errorf("%s: %s", model, message.RawJSON())
		}
	}
}

func TestClaudeClientCallsTools(t *testing.T) {
	t.Parallel()
	client := claude(t, simulator.Options{}, "k")
	for _, model := range []string{"sim-tool-call", "sim-tools-parallel", "sim-think-tools", "sim-tool-unicode"} {
		params := tell(model)
		params.Tools = []anthropic.ToolUnionParam{anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
			Properties: map[string]any{"city": map[string]any{"type": "string"}},
		}, "weather")}
		if model == "sim-think-tools" {
			params.Thinking = anthropic.ThinkingConfigParamOfEnabled(1024)
		}
		message := both(t, client, params)
		params.Messages = append(params.Messages, message.ToParam())
		_, err := client.Messages.New(t.Context(), params)
		wantClaudeFault(t, err, 400, "invalid_request_error", "`tool_use` ids were found without `tool_result` blocks")
		var results []anthropic.ContentBlockParamUnion
		for _, block := range message.Content {
			if use := block.AsToolUse(); block.Type == "tool_use" {
				if !strings.HasPrefix(string(use.Input), `{"city"`) || use.Name != "weather" {
					t.Errorf("%s: %s", model, block.RawJSON())
				}
				results = append(results, anthropic.NewToolResultBlock(use.ID, "rain", false))
			}
		}
		params.Messages = append(params.Messages, anthropic.NewUserMessage(results...))
		if last := both(t, client, params); last.StopReason != "end_turn" {
			t.Errorf("%s: %s", model, last.RawJSON())
		}
		if model != "sim-think-tools" {
			continue
		}
		params.Messages[1].Content = params.Messages[1].Content[1:]
		_, err = client.Messages.New(t.Context(), params)
		wantClaudeFault(t, err, 400, "invalid_request_error", "Expected `thinking` or `redacted_thinking`, but found `tool_use`")
	}
}

func TestClaudeClientMeetsFaults(t *testing.T) {
	t.Parallel()
	client := claude(t, simulator.Options{APIKeys: []string{"k"}}, "k")
	for model, want := range map[string]struct {
		status  int
		kind    string
		message string
	}{
		"sim-err-400": {400, "invalid_request_error", ""}, "sim-err-401": {401, "authentication_error", ""},
		"sim-err-403": {403, "permission_error", ""}, "sim-err-413": {413, "request_too_large", ""},
		"sim-err-429": {429, "rate_limit_error", ""}, "sim-err-500": {500, "api_error", ""},
		"sim-err-529": {529, "overloaded_error", ""}, "sim-no-such": {404, "not_found_error", "model: sim-no-such"},
		"sim-too-long": {400, "invalid_request_error", "prompt is too long"}, "sim-quota": {429, "rate_limit_error", "spend limit"},
	} {
		_, err := client.Messages.New(t.Context(), tell(model))
		wantClaudeFault(t, err, want.status, want.kind, want.message)
	}
	stream := client.Messages.NewStreaming(t.Context(), tell("sim-midstream-error"))
	events := 0
	for stream.Next() {
		events++
	}
	if stream.Err() == nil || !strings.Contains(stream.Err().Error(), "overloaded_error") || events < 3 {
		t.Errorf("%d events, then %v", events, stream.Err())
	}
	stranger := claude(t, simulator.Options{APIKeys: []string{"k"}}, "other")
	_, err := stranger.Messages.New(t.Context(), tell("claude-sonnet-4-5"))
	wantClaudeFault(t, err, 401, "authentication_error", "invalid x-api-key")
}

func TestClaudeClientCountsAndLists(t *testing.T) {
	t.Parallel()
	client := claude(t, simulator.Options{Models: []string{"a", "b", "c"}}, "k")
	count, err := client.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{
		Model: "a", Messages: tell("a").Messages,
	})
	if err != nil || count.InputTokens == 0 {
		t.Errorf("got %v, %v", count, err)
	}
	var ids []string
	pages := client.Models.ListAutoPaging(t.Context(), anthropic.ModelListParams{Limit: anthropic.Int(2)})
	for pages.Next() {
		ids = append(ids, pages.Current().ID)
	}
	if got := strings.Join(ids, ""); pages.Err() != nil || got != "abc" {
		t.Errorf("models %q, %v", got, pages.Err())
	}
	one, err := client.Models.Get(t.Context(), "b", anthropic.ModelGetParams{})
	if err != nil || one.ID != "b" || one.CreatedAt.IsZero() {
		t.Errorf("got %v, %v", one, err)
	}
	_, err = client.Models.Get(t.Context(), "z", anthropic.ModelGetParams{})
	wantClaudeFault(t, err, 404, "not_found_error", "model: z")
}

func wantClaudeFault(t *testing.T, err error, status int, kind, message string) {
	t.Helper()
	fault, ok := errors.AsType[*anthropic.Error](err)
	if !ok || fault.StatusCode != status || string(fault.Type()) != kind || !strings.Contains(fault.Error(), message) || fault.RequestID == "" {
		t.Errorf("got %v, want %d %s %q", err, status, kind, message)
	}
}
