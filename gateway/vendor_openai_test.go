package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

func newOpenAIClient(url string, c *http.Client) openai.Client {
	return openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey("k"), option.WithHTTPClient(c), option.WithMaxRetries(0))
}

func openAIClass(err error) (int, string) {
	if told, ok := errors.AsType[*openai.Error](err); ok {
		return told.StatusCode, told.Type
	}
	return 0, ""
}

func dataURL(image []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(image)
}

var weatherParameters = map[string]any{
	"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"},
}

// chatClient is OpenAI's for Chat Completions.
type chatClient struct{ client openai.Client }

func newChatClient(_ *testing.T, url string, c *http.Client) vendorClient {
	return chatClient{newOpenAIClient(url, c)}
}

func (c chatClient) params(q query) openai.ChatCompletionNewParams {
	p := openai.ChatCompletionNewParams{Model: q.model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(q.text)}}
	if q.image != nil {
		p.Messages[0] = openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
			openai.TextContentPart(q.text), openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: dataURL(q.image)}),
		})
	}
	if q.think {
		p.ReasoningEffort = "medium"
	}
	if q.tools {
		p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: "weather", Parameters: weatherParameters,
		})}
	}
	if q.schema {
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
			Name: "weather", Schema: answerSchema(), Strict: openai.Bool(true),
		}}
	}
	if q.first != nil {
		message, _ := q.first.native.(openai.ChatCompletionMessage)
		p.Messages = append(p.Messages, message.ToParam())
		for _, call := range q.first.calls {
			p.Messages = append(p.Messages, openai.ToolMessage("rain", call.id))
		}
	}
	if q.stream {
		p.StreamOptions.IncludeUsage = openai.Bool(true)
	}
	return p
}

func (c chatClient) send(ctx context.Context, q query) (*reply, error) {
	got := new(reply)
	var whole *openai.ChatCompletion
	if q.stream {
		stream := c.client.Chat.Completions.NewStreaming(ctx, c.params(q))
		defer stream.Close()
		var all openai.ChatCompletionAccumulator
		for stream.Next() {
			chunk := stream.Current()
			if !all.AddChunk(chunk) {
				return nil, errors.New("a chunk does not fit: " + chunk.RawJSON())
			}
			for _, choice := range chunk.Choices {
				got.thought += thoughtOf(choice.Delta.RawJSON())
			}
		}
		if err := stream.Err(); err != nil {
			return nil, err
		}
		whole = &all.ChatCompletion
	} else {
		var err error
		if whole, err = c.client.Chat.Completions.New(ctx, c.params(q)); err != nil {
			return nil, err
		}
		got.thought = thoughtOf(whole.Choices[0].Message.RawJSON())
	}
	if len(whole.Choices) == 0 || whole.Choices[0].FinishReason == "" {
		return nil, errors.New("the answer has no end")
	}
	message := whole.Choices[0].Message
	got.text, got.stop, got.native = message.Content, whole.Choices[0].FinishReason, message
	got.input, got.output = whole.Usage.PromptTokens, whole.Usage.CompletionTokens
	for _, call := range message.ToolCalls {
		got.calls = append(got.calls, toolCall{call.ID, call.Function.Name, cityOf([]byte(call.Function.Arguments))})
	}
	return got, nil
}

// thoughtOf reads what the client has no field for.
func thoughtOf(message string) string {
	var more struct {
		Reasoning string `json:"reasoning_content"`
	}
	_ = json.Unmarshal([]byte(message), &more) // a message without one has no thought
	return more.Reasoning
}

func (chatClient) class(err error) (int, string) { return openAIClass(err) }

// responsesClient is OpenAI's for Responses, without state at the server.
type responsesClient struct{ client openai.Client }

func newResponsesClient(_ *testing.T, url string, c *http.Client) vendorClient {
	return responsesClient{newOpenAIClient(url, c)}
}

func (c responsesClient) params(q query) responses.ResponseNewParams {
	content := responses.ResponseInputMessageContentListParam{responses.ResponseInputContentParamOfInputText(q.text)}
	if q.image != nil {
		content = append(content, responses.ResponseInputContentUnionParam{OfInputImage: &responses.ResponseInputImageParam{
			ImageURL: openai.String(dataURL(q.image)), Detail: "auto",
		}})
	}
	items := responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage(content, "user")}
	p := responses.ResponseNewParams{
		Model: q.model, Store: openai.Bool(false), Include: []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent},
	}
	if q.think {
		p.Reasoning = shared.ReasoningParam{Effort: "medium", Summary: shared.ReasoningSummaryAuto}
	}
	if q.tools {
		p.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction("weather", weatherParameters, false)}
	}
	if q.schema {
		p.Text.Format = responses.ResponseFormatTextConfigParamOfJSONSchema("weather", answerSchema())
	}
	if q.first != nil {
		items = append(items, followUp(q.first)...)
	}
	p.Input.OfInputItemList = items
	return p
}

// followUp is what was said, and the results of its calls.
func followUp(first *reply) responses.ResponseInputParam {
	var items responses.ResponseInputParam
	output, _ := first.native.([]responses.ResponseOutputItemUnion)
	for _, item := range output {
		switch item.Type {
		case "reasoning":
			thought := item.AsReasoning().ToParam()
			items = append(items, responses.ResponseInputItemUnionParam{OfReasoning: &thought})
		case "function_call":
			call := item.AsFunctionCall().ToParam()
			items = append(items, responses.ResponseInputItemUnionParam{OfFunctionCall: &call})
		}
	}
	for _, call := range first.calls {
		items = append(items, responses.ResponseInputItemUnionParam{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
			CallID: openai.String(call.id), Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("rain")},
		}})
	}
	return items
}

func (c responsesClient) send(ctx context.Context, q query) (*reply, error) {
	var whole *responses.Response
	if q.stream {
		stream := c.client.Responses.NewStreaming(ctx, c.params(q))
		defer stream.Close()
		for stream.Next() {
			switch event := stream.Current(); event.Type {
			case "response.completed", "response.incomplete":
				whole = &event.Response
			case "response.failed", "error":
				return nil, errors.New("the stream failed: " + event.RawJSON())
			}
		}
		if err := stream.Err(); err != nil {
			return nil, err
		}
		if whole == nil {
			return nil, errors.New("the stream has no end")
		}
	} else {
		var err error
		if whole, err = c.client.Responses.New(ctx, c.params(q)); err != nil {
			return nil, err
		}
	}
	got := &reply{text: whole.OutputText(), native: whole.Output, input: whole.Usage.InputTokens, output: whole.Usage.OutputTokens}
	got.stop = map[responses.ResponseStatus]string{"completed": "stop", "incomplete": "length"}[whole.Status]
	for _, item := range whole.Output {
		switch item.Type {
		case "reasoning":
			for _, part := range item.Summary {
				got.thought += part.Text
			}
		case "function_call":
			got.calls = append(got.calls, toolCall{item.CallID, item.Name, cityOf([]byte(item.Arguments.OfString))})
			got.stop = "tool_calls"
		}
	}
	return got, nil
}

func (responsesClient) class(err error) (int, string) { return openAIClass(err) }
