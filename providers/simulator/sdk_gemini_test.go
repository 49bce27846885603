package simulator_test

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/genai"

	"aiproxy/providers/simulator"
)

// google returns Google's client for a simulator.
func google(t *testing.T, o simulator.Options, key string) *genai.Client {
	t.Helper()
	_, url, client := start(t, o)
	g, err := genai.NewClient(t.Context(), &genai.ClientConfig{
		APIKey: key, Backend: genai.BackendGeminiAPI, HTTPClient: client,
		HTTPOptions: genai.HTTPOptions{BaseURL: strings.TrimSuffix(url, "/v1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// kindsOf tells what the parts are, those of a kind in a row as one.
func kindsOf(parts []*genai.Part) string {
	var kinds []string
	for _, p := range parts {
		kind := "text"
		switch {
		case p.Thought:
			kind = "thought"
		case p.FunctionCall != nil:
			kind = "call:" + p.FunctionCall.Name
		case p.ExecutableCode != nil:
			kind = "code"
		case p.CodeExecutionResult != nil:
			kind = "output"
		case p.Text == "":
			continue
		}
		if n := len(kinds); n == 0 || kinds[n-1] != kind || p.FunctionCall != nil {
			kinds = append(kinds, kind)
		}
	}
	return strings.Join(kinds, " ")
}

// textOf joins the texts, thoughts included.
func textOf(parts []*genai.Part) string {
	var all strings.Builder
	for _, p := range parts {
		all.WriteString(p.Text)
	}
	return all.String()
}

// generate asks whole and streamed, and demands the same answer.
func generate(t *testing.T, g *genai.Client, model string, contents []*genai.Content, config *genai.GenerateContentConfig) *genai.GenerateContentResponse {
	t.Helper()
	whole, err := g.Models.GenerateContent(t.Context(), model, contents, config)
	if err != nil {
		t.Fatalf("%s: %v", model, err)
	}
	var parts []*genai.Part
	var finish genai.FinishReason
	var last *genai.GenerateContentResponse
	for chunk, err := range g.Models.GenerateContentStream(t.Context(), model, contents, config) {
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		last = chunk
		for _, c := range chunk.Candidates {
			if c.Content != nil {
				parts = append(parts, c.Content.Parts...)
			}
			finish = c.FinishReason
		}
	}
	if len(whole.Candidates) == 0 {
		return whole
	}
	var wholeParts []*genai.Part
	if c := whole.Candidates[0].Content; c != nil {
		wholeParts = c.Parts
	}
	if kindsOf(parts) != kindsOf(wholeParts) || textOf(parts) != textOf(wholeParts) || finish != whole.Candidates[0].FinishReason ||
		last.UsageMetadata.TotalTokenCount != whole.UsageMetadata.TotalTokenCount {
		t.Errorf("%s: streamed %s %q %s, whole %s %q %s", model, kindsOf(parts), textOf(parts), finish,
			kindsOf(wholeParts), textOf(wholeParts), whole.Candidates[0].FinishReason)
	}
	return whole
}

func TestGoogleClientReadsAnswers(t *testing.T) {
	t.Parallel()
	g := google(t, simulator.Options{APIKeys: []string{"k"}}, "k")
	for model, want := range map[string]struct {
		finish genai.FinishReason
		kinds  string
	}{
		"gemini-2.5-pro": {"STOP", "text"}, "sim-think": {"STOP", "thought text"}, "sim-unicode-split": {"STOP", "text"},
		"sim-think-tools": {"STOP", "thought call:lookup call:lookup"}, "sim-tools-parallel": {"STOP", "call:lookup call:lookup"},
		"sim-tool-empty": {"STOP", "call:lookup"}, "sim-tool-malformed": {"MALFORMED_FUNCTION_CALL", ""},
		"sim-tool-max-tokens": {"MAX_TOKENS", ""}, "sim-max-tokens": {"MAX_TOKENS", "text"}, "sim-refusal": {"SAFETY", ""},
		"sim-code": {"STOP", "code output text"}, "sim-cite": {"STOP", "text"}, "sim-search": {"STOP", "text"},
	} {
		reply := generate(t, g, model, genai.Text("hello"), nil)
		c := reply.Candidates[0]
		var kinds string
		if c.Content != nil {
			kinds = kindsOf(c.Content.Parts)
		}
		if kinds != want.kinds || c.FinishReason != want.finish || reply.UsageMetadata.PromptTokenCount == 0 {
			t.Errorf("%s: %q, %s", model, kinds, c.FinishReason)
		}
		if cites := model == "sim-cite" || model == "sim-search"; cites != (c.GroundingMetadata != nil) {
			t.Errorf("%s: grounding %v", model, c.GroundingMetadata)
		}
	}
	blocked := generate(t, g, "sim-blocked", genai.Text("hello"), nil)
	if blocked.PromptFeedback == nil || blocked.PromptFeedback.BlockReason != genai.BlockedReasonProhibitedContent {
		t.Errorf("blocked: %+v", blocked)
	}
}

func TestGoogleClientCallsTools(t *testing.T) {
	t.Parallel()
	g := google(t, simulator.Options{}, "k")
	config := &genai.GenerateContentConfig{Tools: []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{
		Name: "weather", Parameters: &genai.Schema{Type: genai.TypeObject, Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString}}},
	}}}}}
	for _, model := range []string{"sim-tools-parallel", "sim-think-tools"} {
		contents := genai.Text("the weather?")
		reply := generate(t, g, model, contents, config)
		contents = append(contents, reply.Candidates[0].Content)
		var results []*genai.Part
		for _, call := range reply.FunctionCalls() {
			if call.Args["city"] != "Oslo" {
				t.Errorf("%s: %v", model, call.Args)
			}
			result := genai.NewPartFromFunctionResponse(call.Name, map[string]any{"output": "rain"})
			result.FunctionResponse.ID = call.ID
			results = append(results, result)
		}
		_, err := g.Models.GenerateContent(t.Context(), model, append(contents, genai.NewContentFromParts(results[:1], "user")), config)
		wantGoogleFault(t, err, 400, "INVALID_ARGUMENT", "number of function response parts is equal")
		contents = append(contents, genai.NewContentFromParts(results, "user"))
		if last := generate(t, g, model, contents, config); kindsOf(last.Candidates[0].Content.Parts) == "" {
			t.Errorf("%s: no answer at the end", model)
		}
		for _, p := range contents[1].Parts {
			p.ThoughtSignature = nil
		}
		if model == "sim-think-tools" {
			_, err = g.Models.GenerateContent(t.Context(), model, contents, config)
			wantGoogleFault(t, err, 400, "INVALID_ARGUMENT", "Function call is missing a thought_signature")
		}
	}
}

func TestGoogleClientMeetsFaults(t *testing.T) {
	t.Parallel()
	g := google(t, simulator.Options{APIKeys: []string{"k"}}, "k")
	for model, want := range map[string]struct {
		code            int
		status, message string
	}{
		"sim-err-400": {400, "INVALID_ARGUMENT", ""}, "sim-err-401": {401, "UNAUTHENTICATED", ""}, "sim-err-403": {403, "PERMISSION_DENIED", ""},
		"sim-err-500": {500, "INTERNAL", ""}, "sim-err-503": {503, "UNAVAILABLE", ""}, "sim-no-such": {404, "NOT_FOUND", "models/sim-no-such is not found"},
		"sim-too-long": {400, "INVALID_ARGUMENT", "exceeds the maximum number of tokens"}, "sim-quota": {429, "RESOURCE_EXHAUSTED", "quota"},
	} {
		_, err := g.Models.GenerateContent(t.Context(), model, genai.Text("hello"), nil)
		wantGoogleFault(t, err, want.code, want.status, want.message)
	}
	var broken error
	for _, err := range g.Models.GenerateContentStream(t.Context(), "sim-midstream-error", genai.Text("hello"), nil) {
		broken = err
	}
	if broken == nil || !strings.Contains(broken.Error(), "overloaded") {
		t.Errorf("within the stream: %v", broken)
	}
	stranger := google(t, simulator.Options{APIKeys: []string{"k"}}, "other")
	_, err := stranger.Models.GenerateContent(t.Context(), "gemini-2.5-pro", genai.Text("hello"), nil)
	wantGoogleFault(t, err, 400, "INVALID_ARGUMENT", "API key not valid")
}

func TestGoogleClientCountsEmbedsAndLists(t *testing.T) {
	t.Parallel()
	g := google(t, simulator.Options{Models: []string{"a", "b", "c"}}, "k")
	count, err := g.Models.CountTokens(t.Context(), "a", genai.Text("hello"), nil)
	if err != nil || count.TotalTokens == 0 {
		t.Errorf("got %v, %v", count, err)
	}
	size := int32(16)
	vectors, err := g.Models.EmbedContent(t.Context(), "a", genai.Text("hello"), &genai.EmbedContentConfig{OutputDimensionality: &size})
	if err != nil || len(vectors.Embeddings) != 1 || len(vectors.Embeddings[0].Values) != 16 {
		t.Errorf("got %v, %v", vectors, err)
	}
	var names []string
	for model, err := range g.Models.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, model.Name)
	}
	if got := strings.Join(names, " "); got != "models/a models/b models/c" {
		t.Errorf("models %s", got)
	}
	_, err = g.Models.Get(t.Context(), "z", nil)
	wantGoogleFault(t, err, 404, "NOT_FOUND", "models/z is not found")
}

func wantGoogleFault(t *testing.T, err error, code int, status, message string) {
	t.Helper()
	fault, ok := errors.AsType[genai.APIError](err)
	if !ok || fault.Code != code || fault.Status != status || !strings.Contains(fault.Message, message) {
		t.Errorf("got %v, want %d %s %q", err, code, status, message)
	}
}
