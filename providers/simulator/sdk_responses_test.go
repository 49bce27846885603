package simulator_test

import (
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"aiproxy/providers/simulator"
)

func respond(model string) responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Hello there.")}}
}

// answerOf asks whole and streamed, checks the stream's numbers and its end, and demands the same answer.
func answerOf(t *testing.T, client openai.Client, params responses.ResponseNewParams) *responses.Response {
	t.Helper()
	whole, err := client.Responses.New(t.Context(), params)
	if err != nil {
		t.Fatalf("%s: %v", params.Model, err)
	}
	var deltas strings.Builder
	var final *responses.Response
	stream := client.Responses.NewStreaming(t.Context(), params)
	for n := int64(0); stream.Next(); n++ {
		event := stream.Current()
		if event.SequenceNumber != n {
			t.Fatalf("%s: event %d is numbered %d", params.Model, n, event.SequenceNumber)
		}
		switch event.Type {
		case "response.output_text.delta":
			deltas.WriteString(event.Delta)
		case "response.completed", "response.incomplete":
			final = &event.Response
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatalf("%s: %v", params.Model, err)
	}
	if final == nil || itemsOf(final) != itemsOf(whole) || final.OutputText() != whole.OutputText() || deltas.String() != whole.OutputText() ||
		final.Status != whole.Status || final.Usage.OutputTokens != whole.Usage.OutputTokens {
		t.Errorf("%s: the stream said %q, the whole answer is %s %q", params.Model, deltas.String(), itemsOf(whole), whole.OutputText())
	}
	return whole
}

func itemsOf(r *responses.Response) string {
	var kinds []string
	for _, item := range r.Output {
		kinds = append(kinds, item.Type)
	}
	return strings.Join(kinds, " ")
}

func TestResponsesClientReadsAnswers(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{APIKeys: []string{"k"}}, "k")
	for model, want := range map[string]struct {
		status responses.ResponseStatus
		items  string
	}{
		"gpt-5": {"completed", "message"}, "sim-think": {"completed", "reasoning message"}, "sim-refusal": {"completed", "message"},
		"sim-think-tools": {"completed", "reasoning function_call function_call"}, "sim-max-tokens": {"incomplete", "message"},
		"sim-tool-empty": {"completed", "function_call"}, "sim-search": {"completed", "web_search_call message"},
		"sim-code": {"completed", "code_interpreter_call message"}, "sim-cite": {"completed", "message"},
		"sim-unicode-split": {"completed", "message"}, "sim-blocked": {"incomplete", ""},
	} {
		got := answerOf(t, client, respond(model))
		if got.Status != want.status || itemsOf(got) != want.items || got.Usage.InputTokens == 0 {
			t.Errorf("%s: %s, %s", model, got.Status, itemsOf(got))
		}
	}
}

func TestResponsesClientCallsTools(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{}, "k")
	params := respond("sim-think-tools")
	params.Store = openai.Bool(false)
	params.Include = []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent}
	params.Reasoning = shared.ReasoningParam{Summary: shared.ReasoningSummaryAuto}
	params.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction("weather", map[string]any{}, false)}
	first := answerOf(t, client, params)
	items := responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage("Hello there.", "user")}
	var outputs responses.ResponseInputParam
	for _, item := range first.Output {
		switch item.Type {
		case "reasoning":
			if item.EncryptedContent == "" || len(item.Summary) != 1 {
				t.Errorf("thought %s", item.RawJSON())
			}
			thought := responses.ResponseReasoningItemParam{
				ID: item.ID, Summary: []responses.ResponseReasoningItemSummaryParam{}, EncryptedContent: openai.String(item.EncryptedContent),
			}
			items = append(items, responses.ResponseInputItemUnionParam{OfReasoning: &thought})
		case "function_call":
			call := item.AsFunctionCall().ToParam()
			items = append(items, responses.ResponseInputItemUnionParam{OfFunctionCall: &call})
			outputs = append(outputs, outputOf(item.CallID))
		}
	}
	params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: append(items, outputs[0])}
	_, err := client.Responses.New(t.Context(), params)
	wantFault(t, err, 400, "")
	items = append(items, outputs...)
	params.Input.OfInputItemList = items
	if last := answerOf(t, client, params); itemsOf(last) != "reasoning message" {
		t.Errorf("at the end %s", itemsOf(last))
	}
	params.Input.OfInputItemList[1].OfReasoning.EncryptedContent = openai.String("gAAAA")
	_, err = client.Responses.New(t.Context(), params)
	wantFault(t, err, 400, "invalid_encrypted_content")
}

// outputOf answers a call.
func outputOf(id string) responses.ResponseInputItemUnionParam {
	return responses.ResponseInputItemUnionParam{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
		CallID: openai.String(id), Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("rain")},
	}}
}

func TestResponsesAreStored(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{}, "k")
	first, err := client.Responses.New(t.Context(), respond("gpt-5"))
	if err != nil {
		t.Fatal(err)
	}
	next := respond("sim-inspect")
	next.PreviousResponseID = openai.String(first.ID)
	second, err := client.Responses.New(t.Context(), next)
	if err != nil || strings.Count(second.OutputText(), "user text") != 2 || !strings.Contains(second.OutputText(), "assistant text") {
		t.Errorf("got %v, %v", second, err)
	}
	again, err := client.Responses.Get(t.Context(), first.ID, responses.ResponseGetParams{})
	if err != nil || again.OutputText() != first.OutputText() {
		t.Errorf("got %v, %v", again, err)
	}
	items, err := client.Responses.InputItems.List(t.Context(), second.ID, responses.InputItemListParams{})
	if err != nil || len(items.Data) != 3 {
		t.Errorf("got %v, %v", items, err)
	}
	if err := client.Responses.Delete(t.Context(), first.ID); err != nil {
		t.Error(err)
	}
	_, err = client.Responses.Get(t.Context(), first.ID, responses.ResponseGetParams{})
	wantFault(t, err, 404, "")
	_, err = client.Responses.New(t.Context(), next)
	wantFault(t, err, 400, "previous_response_not_found")
}

func TestResponsesClientMeetsFaults(t *testing.T) {
	t.Parallel()
	client := sdk(t, simulator.Options{}, "k")
	small := respond("gpt-5")
	small.MaxOutputTokens = openai.Int(5)
	_, err := client.Responses.New(t.Context(), small)
	wantFault(t, err, 400, "integer_below_min_value")
	odd := respond("gpt-5")
	odd.SetExtraFields(map[string]any{"stop": "x"})
	_, err = client.Responses.New(t.Context(), odd)
	wantFault(t, err, 400, "unknown_parameter")
	_, err = client.Responses.New(t.Context(), respond("sim-err-429"))
	wantFault(t, err, 429, "rate_limit_exceeded")
	stream := client.Responses.NewStreaming(t.Context(), respond("sim-midstream-error"))
	last := ""
	for stream.Next() {
		last = stream.Current().Type
	}
	if stream.Err() == nil && last != "error" {
		t.Errorf("the stream ended with %s", last)
	}
}
