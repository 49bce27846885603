package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"google.golang.org/genai"
)

// googleClient is Google's.
type googleClient struct{ client *genai.Client }

func newGoogleClient(t *testing.T, url string, c *http.Client) vendorClient {
	t.Helper()
	client, err := genai.NewClient(t.Context(), &genai.ClientConfig{
		APIKey: "k", Backend: genai.BackendGeminiAPI, HTTPClient: c, HTTPOptions: genai.HTTPOptions{BaseURL: url},
	})
	if err != nil {
		t.Fatal(err)
	}
	return googleClient{client}
}

func (c googleClient) params(q query) ([]*genai.Content, *genai.GenerateContentConfig) {
	parts := []*genai.Part{genai.NewPartFromText(q.text)}
	if q.image != nil {
		parts = append(parts, genai.NewPartFromBytes(q.image, "image/png"))
	}
	contents := []*genai.Content{genai.NewContentFromParts(parts, "user")}
	config := &genai.GenerateContentConfig{}
	if q.think {
		config.ThinkingConfig = &genai.ThinkingConfig{IncludeThoughts: true}
	}
	if q.tools {
		config.Tools = []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{Name: "weather", Parameters: &genai.Schema{
			Type: genai.TypeObject, Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString}}, Required: []string{"city"},
		}}}}}
	}
	if q.schema {
		config.ResponseMIMEType, config.ResponseJsonSchema = "application/json", answerSchema()
	}
	if q.first != nil {
		parts, _ := q.first.native.([]*genai.Part)
		var results []*genai.Part
		for _, call := range q.first.calls {
			result := genai.NewPartFromFunctionResponse(call.name, map[string]any{"output": "rain"})
			result.FunctionResponse.ID = call.id
			results = append(results, result)
		}
		contents = append(contents, genai.NewContentFromParts(parts, "model"), genai.NewContentFromParts(results, "user"))
	}
	return contents, config
}

func (c googleClient) send(ctx context.Context, q query) (*reply, error) {
	contents, config := c.params(q)
	got := new(reply)
	var parts []*genai.Part
	var finish genai.FinishReason
	take := func(r *genai.GenerateContentResponse) {
		for _, candidate := range r.Candidates {
			if candidate.Content != nil {
				parts = append(parts, candidate.Content.Parts...)
			}
			if candidate.FinishReason != "" {
				finish = candidate.FinishReason
			}
		}
		if u := r.UsageMetadata; u != nil {
			got.input, got.output = int64(u.PromptTokenCount), int64(u.CandidatesTokenCount+u.ThoughtsTokenCount)
		}
	}
	if q.stream {
		for chunk, err := range c.client.Models.GenerateContentStream(ctx, q.model, contents, config) {
			if err != nil {
				return nil, err
			}
			take(chunk)
		}
		if finish == "" {
			return nil, errors.New("the stream has no end")
		}
	} else {
		whole, err := c.client.Models.GenerateContent(ctx, q.model, contents, config)
		if err != nil {
			return nil, err
		}
		take(whole)
	}
	got.stop = map[genai.FinishReason]string{"STOP": "stop", "MAX_TOKENS": "length"}[finish]
	got.native = parts
	for _, p := range parts {
		switch {
		case p.FunctionCall != nil:
			arguments, _ := json.Marshal(p.FunctionCall.Args) // it was JSON before
			got.calls = append(got.calls, toolCall{p.FunctionCall.ID, p.FunctionCall.Name, cityOf(arguments)})
			got.stop = "tool_calls"
		case p.Thought:
			got.thought += p.Text
		default:
			got.text += p.Text
		}
	}
	return got, nil
}

func (googleClient) class(err error) (int, string) {
	if told, ok := errors.AsType[genai.APIError](err); ok {
		return told.Code, told.Status
	}
	return 0, ""
}
