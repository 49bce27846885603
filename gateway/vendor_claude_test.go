package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

// claudeClient is Anthropic's.
type claudeClient struct{ client anthropic.Client }

func newClaudeClient(_ *testing.T, url string, c *http.Client) vendorClient {
	return claudeClient{anthropic.NewClient(option.WithBaseURL(url), option.WithAPIKey("k"), option.WithHTTPClient(c), option.WithMaxRetries(0))}
}

func (c claudeClient) params(q query) anthropic.MessageNewParams {
	blocks := []anthropic.ContentBlockParamUnion{anthropic.NewTextBlock(q.text)}
	if q.image != nil {
		blocks = append(blocks, anthropic.NewImageBlockBase64("image/png", base64.StdEncoding.EncodeToString(q.image)))
	}
	p := anthropic.MessageNewParams{Model: q.model, MaxTokens: 4096, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(blocks...)}}
	if q.think {
		p.Thinking = anthropic.ThinkingConfigParamOfEnabled(1024)
	}
	if q.tools {
		p.Tools = []anthropic.ToolUnionParam{anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
			Properties: map[string]any{"city": map[string]any{"type": "string"}}, Required: []string{"city"},
		}, "weather")}
	}
	if q.schema {
		p.OutputConfig.Format.Schema = answerSchema()
	}
	if q.first != nil {
		message, _ := q.first.native.(*anthropic.Message)
		var results []anthropic.ContentBlockParamUnion
		for _, call := range q.first.calls {
			results = append(results, anthropic.NewToolResultBlock(call.id, "rain", false))
		}
		p.Messages = append(p.Messages, message.ToParam(), anthropic.NewUserMessage(results...))
	}
	return p
}

func (c claudeClient) send(ctx context.Context, q query) (*reply, error) {
	message := new(anthropic.Message)
	if q.stream {
		stream := c.client.Messages.NewStreaming(ctx, c.params(q))
		defer stream.Close()
		for stream.Next() {
			if err := message.Accumulate(stream.Current()); err != nil {
				return nil, err
			}
		}
		if err := stream.Err(); err != nil {
			return nil, err
		}
		if message.StopReason == "" {
			return nil, errors.New("the stream has no end")
		}
	} else {
		var err error
		if message, err = c.client.Messages.New(ctx, c.params(q)); err != nil {
			return nil, err
		}
	}
	got := &reply{input: message.Usage.InputTokens, output: message.Usage.OutputTokens, native: message}
	got.stop = map[anthropic.StopReason]string{"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls"}[message.StopReason]
	for _, b := range message.Content {
		switch b.Type {
		case "text":
			got.text += b.Text
		case "thinking":
			got.thought += b.Thinking
		case "tool_use":
			got.calls = append(got.calls, toolCall{b.ID, b.Name, cityOf(b.Input)})
		}
	}
	return got, nil
}

func (claudeClient) class(err error) (int, string) {
	if told, ok := errors.AsType[*anthropic.Error](err); ok {
		return told.StatusCode, string(told.Type())
	}
	return 0, ""
}

// cityOf reads a call's arguments.
func cityOf(arguments []byte) string {
	var args struct{ City string }
	_ = json.Unmarshal(arguments, &args) // what cannot be read names no city
	return args.City
}

// answerSchema is that of a structured answer.
func answerSchema() map[string]any {
	return map[string]any{
		"type": "object", "additionalProperties": false, "required": []string{"city", "degrees"},
		"properties": map[string]any{"city": map[string]any{"type": "string"}, "degrees": map[string]any{"type": "number"}},
	}
}
