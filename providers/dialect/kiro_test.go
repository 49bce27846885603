package dialect

import (
	"encoding/json"
	"errors"
	"strconv"
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

// FuzzKiroDecoder checks that whatever frames come, the events keep the order that encoders rely on.
func FuzzKiroDecoder(f *testing.F) {
	f.Add("assistantResponseEvent\n{\"content\":\"<thinking>a</thin\"}\nassistantResponseEvent\n{\"content\":\"king>b\"}")
	f.Add("toolUseEvent\n{\"name\":\"f\",\"toolUseId\":\"1\",\"input\":\"{\"}\ntoolUseEvent\n{\"toolUseId\":\"2\",\"stop\":true}\n" +
		"assistantResponseEvent\n{\"content\":\"x\"}\ntoolUseEvent\n{\"toolUseId\":\"1\",\"input\":\"}\",\"stop\":true}")
	f.Add("reasoningContentEvent\n{\"text\":\"a\",\"signature\":\"s\"}\nreasoningContentEvent\n{\"redactedContent\":\"s\"}\nmetadataEvent\n{\"tokenUsage\":{}}")
	f.Add("exception.ContentLengthExceededException\n{}\ncontextUsageEvent\n{\"contextUsagePercentage\":1e3}")
	f.Add("invalidStateEvent\n{\"reason\":\"x\"}")
	f.Fuzz(func(t *testing.T, text string) {
		d := kiro{}.NewDecoder(kiroExchange("claude-sonnet-4.5"))
		var order eventOrder
		lines := strings.Split(text, "\n")
		for i := 0; i+1 < len(lines); i += 2 {
			events, err := d.Decode(nil, Frame{Name: []byte(lines[i]), Data: []byte(lines[i+1])})
			order.check(t, events)
			if err != nil {
				return
			}
		}
		events, err := d.Close(nil)
		order.check(t, events)
		if (err == nil) != order.over {
			t.Errorf("closed with %v, and the stream is over: %v", err, order.over)
		}
	})
}

// eventOrder follows a stream of one choice.
type eventOrder struct {
	started, open, finished, over bool
	blocks                        int
}

func (o *eventOrder) check(t *testing.T, events []Event) {
	t.Helper()
	for i := range events {
		e := &events[i]
		if fault := o.fault(e); fault != "" {
			t.Fatalf("event %d (kind %d): %s", i, e.Kind, fault)
		}
	}
}

func (o *eventOrder) fault(e *Event) string {
	switch {
	case o.over:
		return "after the end"
	case e.Kind != EventStart && e.Kind != EventError && !o.started:
		return "before the start"
	}
	switch e.Kind {
	case EventStart:
		if o.started {
			return "a second start"
		}
		o.started = true
	case EventBlock:
		if o.open || o.finished || e.Block != o.blocks {
			return "a block out of order: " + strconv.Itoa(e.Block)
		}
		o.open = true
		o.blocks++
	case EventDelta:
		if !o.open || len(e.Text) == 0 || e.Block != o.blocks-1 {
			return "a fragment of nothing"
		}
	case EventSignature, EventCitation, EventBlockEnd:
		if !o.open {
			return "no block is open"
		}
		o.open = e.Kind != EventBlockEnd
	case EventFinish:
		if o.open || o.finished {
			return "finished at the wrong time"
		}
		o.finished = true
	case EventEnd:
		o.over = true
		if !o.finished {
			return "the end of an answer that is not finished"
		}
	case EventError:
		o.over = true
	}
	return ""
}
