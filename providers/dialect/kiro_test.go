package dialect

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kiroExchange is one with a client that wants thoughts.
func kiroExchange(model string) *Exchange {
	return &Exchange{
		ID:      "req1",
		Request: &Request{Messages: []Message{{Parts: []Part{{Text: "hi"}}}}, Reasoning: Reasoning{Effort: EffortHigh}},
		Target:  Target{Dialect: Kiro, Vendor: VendorKiro, Model: model},
	}
}

func TestKiroThoughtsCutAnywhere(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, thought, answer string }{
		{"<thinking>a`</thinking>`b</thinking>\n\nanswer", "a`</thinking>`b", "answer"},
		{" \n<thinking>é</thinking></thinking>", "é", "</thinking>"},
		{"no <thinking>x</thinking>", "", "no <thinking>x</thinking>"},
		{"<thinkin", "", "<thinkin"},
		{"<thinking>never ends</thin", "never ends</thin", ""},
		{"<thinking></thinking>x", "", "x"},
		{"  ", "", ""},
	} {
		for cut := range len(test.text) + 1 {
			for again := cut; again <= len(test.text); again++ {
				thoughts := kiroThoughts{state: kiroBefore}
				var told [2]string
				tell := func(kind PartKind, text []byte) {
					if kind == PartThinking {
						told[0] += string(text)
					} else {
						told[1] += string(text)
					}
				}
				for _, piece := range []string{test.text[:cut], test.text[cut:again], test.text[again:]} {
					thoughts.feed([]byte(piece), tell)
				}
				thoughts.end(tell)
				if diff := cmp.Diff([2]string{test.thought, test.answer}, told); diff != "" {
					t.Fatalf("%q cut at %d and %d: -want +got:\n%s", test.text, cut, again, diff)
				}
			}
		}
	}
}

func TestKiroThinkingWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		model string
		r     Reasoning
		want  string
	}{
		"not asked":              {"claude-sonnet-4.5", Reasoning{}, ""},
		"off":                    {"claude-sonnet-4.5", Reasoning{Effort: EffortNone}, ""},
		"effort, older model":    {"claude-sonnet-4.5", Reasoning{Effort: EffortLow}, "<thinking_mode>enabled</thinking_mode><max_thinking_length>1024</max_thinking_length>"},
		"effort, newer model":    {"claude-opus-4.6", Reasoning{Effort: EffortMinimal}, "<thinking_mode>adaptive</thinking_mode><thinking_effort>low</thinking_effort>"},
		"budget below the least": {"claude-opus-4.6", Reasoning{Budget: new(int64(5))}, "<thinking_mode>enabled</thinking_mode><max_thinking_length>1024</max_thinking_length>"},
		"the model decides":      {"claude-sonnet-4.5", Reasoning{Adaptive: true}, "<thinking_mode>adaptive</thinking_mode><thinking_effort>high</thinking_effort>"},
	} {
		x := kiroExchange(test.model)
		x.Request.Reasoning = test.r
		if got := kiroThinking(x); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestKiroLongDescriptions(t *testing.T) {
	t.Parallel()
	x := kiroExchange("claude-sonnet-4.5")
	x.Request.Reasoning = Reasoning{}
	long := strings.Repeat("word ", 3000)
	x.Request.Tools = []Tool{{Name: "f", Description: long, Schema: json.RawMessage(`{"type":["object"],"properties":null}`)}}
	body := value(kiro{}.EncodeRequest(nil, x, &Report{}))
	message := body.get("conversationState").get("currentMessage").get("userInputMessage")
	if got := message.get("content").text(); got != "# Tool: f\n\n"+long+"\n\nhi" {
		t.Errorf("the description is not with the system's text: %.80q", got)
	}
	tool := raws(message.get("userInputMessageContext").get("tools"))[0].get("toolSpecification")
	if got := tool.get("description").text(); got == "" || len(got) > kiroLongestDescription {
		t.Errorf("the tool has a description of %d bytes", len(got))
	}
	if got := string(tool.get("inputSchema").get("json")); got != `{"type":"object","properties":{}}` {
		t.Errorf("schema %s", got)
	}
}

func TestKiroConversationIsTheSameOnEveryTurn(t *testing.T) {
	t.Parallel()
	user := func(text string) Message { return Message{Parts: []Part{{Text: text}}} }
	first := &Request{User: "u", Messages: []Message{{Role: RoleSystem, Parts: []Part{{Text: "s"}}}, user("a")}}
	second := &Request{User: "u", Messages: append(first.Messages[:2:2], Message{Role: RoleAssistant}, user("b"))}
	other := &Request{User: "u", Messages: []Message{first.Messages[0], user("c")}}
	id := kiroConversation(first)
	if id != kiroConversation(second) || id == kiroConversation(other) || len(id) != 36 {
		t.Errorf("%s, then %s; another is %s", id, kiroConversation(second), kiroConversation(other))
	}
}

func TestKiroWindow(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]int64{
		"claude-sonnet-4.5": 200_000, "claude-haiku-5": 200_000, "claude-opus-4.6": 1_000_000, "claude-opus-5": 1_000_000, "auto": 200_000,
	} {
		if got := kiroWindow(model); got != want {
			t.Errorf("%s: %d, want %d", model, got, want)
		}
	}
}

func TestKiroGivesNoWholeAnswers(t *testing.T) {
	t.Parallel()
	if _, err := (kiro{}).DecodeResponse([]byte("{}"), kiroExchange("m")); !errors.Is(err, errKiroWhole) {
		t.Errorf("got %v", err)
	}
	if _, ok := Lookup(Kiro); ok {
		t.Error("Kiro is offered to clients")
	}
}
