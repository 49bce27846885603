package dialect_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"aiproxy/providers/dialect"
)

// words are texts that are hard to carry: escapes, other scripts, JSON within JSON. None is blank at an end, which
// some dialects do not allow.
func words() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"hello", "a \"quoted\" word", "back\\slash", "line\nbreak\ttab", "é 漢字 😀", "{\"a\":1}", "data: x\n\nevent: y", "\u2028 end"})
}

func arguments() *rapid.Generator[json.RawMessage] {
	return rapid.Custom(func(t *rapid.T) json.RawMessage {
		text, err := json.Marshal(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b c", "é"}), words(), 0, 3).Draw(t, "args"))
		if err != nil {
			t.Fatal(err)
		}
		return text
	})
}

// drawAnswer draws what a model says: a text, calls, or both.
func drawAnswer(t *rapid.T, label string, turn int) []dialect.Part {
	var parts []dialect.Part
	calls := rapid.IntRange(0, 3).Draw(t, label+"calls")
	if calls == 0 || rapid.Bool().Draw(t, label+"said") {
		parts = append(parts, dialect.Part{Text: words().Draw(t, label+"text")})
	}
	for i := range calls {
		parts = append(parts, dialect.Part{Kind: dialect.PartToolCall, Call: &dialect.ToolCall{
			ID: fmt.Sprintf("call_%d_%d", turn, i), Name: rapid.SampledFrom([]string{"read", "write_file"}).Draw(t, "tool"),
			Args: arguments().Draw(t, "arguments"),
		}})
	}
	return parts
}

func drawResponse(t *rapid.T) *dialect.Response {
	r := &dialect.Response{ID: "id_1", Model: "m", Created: 5, Counted: true}
	parts := drawAnswer(t, "answer ", 1)
	reason := dialect.StopEnd
	if parts[len(parts)-1].Kind == dialect.PartToolCall {
		reason = dialect.StopToolUse
	}
	if rapid.Bool().Draw(t, "cut") {
		reason = dialect.StopMaxTokens
	}
	r.Choices = []dialect.Choice{{Parts: parts, Stop: dialect.Stop{Reason: reason}}}
	cached := rapid.Int64Range(0, 100).Draw(t, "cached")
	r.Usage = dialect.Usage{
		Input: cached + rapid.Int64Range(0, 100).Draw(t, "input"), CachedInput: cached,
		Output: rapid.Int64Range(1, 100).Draw(t, "output"),
	}
	return r
}

// meaning compares what every dialect carries of an answer.
func meaning() cmp.Options {
	return cmp.Options{
		cmpopts.EquateEmpty(),
		cmpopts.IgnoreFields(dialect.Response{}, "ID", "Model", "Created", "Fingerprint", "ServiceTier"),
		cmpopts.IgnoreFields(dialect.Message{}, "At"),
		cmpopts.IgnoreFields(dialect.ToolCall{}, "ID"),
		cmpopts.IgnoreFields(dialect.ToolResult{}, "CallID", "Name"),
		// Responses takes silence for strict, so that its encoder says what silence means everywhere else.
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Strict" }, cmp.Comparer(func(a, b *bool) bool {
			return (a != nil && *a) == (b != nil && *b)
		})),
		cmp.FilterValues(func(a, b json.RawMessage) bool { return len(a)+len(b) > 0 }, cmp.Comparer(func(a, b json.RawMessage) bool {
			var x, y any
			if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
				return string(a) == string(b)
			}
			return cmp.Equal(x, y)
		})),
	}
}

// TestResponseRoundTrip writes an answer in each dialect, whole and as a stream, and reads it again.
func TestResponseRoundTrip(t *testing.T) {
	t.Parallel()
	for _, c := range clientCodecs() {
		t.Run(string(c.Name()), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				want := drawResponse(t)
				x := exchangeFor(c, false)
				whole := c.EncodeResponse(nil, want, x)
				got, err := c.DecodeResponse(whole, x)
				if err != nil {
					t.Fatalf("%v in %s", err, whole)
				}
				dialect.RestoreTools(got, x)
				if diff := cmp.Diff(want, got, meaning()); diff != "" {
					t.Fatalf("whole, -want +got:\n%s\n%s", diff, whole)
				}
				stream := dialect.EncodeAsStream(nil, want, c, exchangeFor(c, true))
				gatherer := dialect.NewGatherer(c, exchangeFor(c, true))
				for _, event := range cutEvents(stream, 100) {
					if err := gatherer.Feed(event); err != nil {
						t.Fatalf("%v in %s", err, event)
					}
				}
				if got, err = gatherer.Close(); err != nil {
					t.Fatalf("%v in %s", err, stream)
				}
				if diff := cmp.Diff(want, got, meaning()); diff != "" {
					t.Fatalf("stream, -want +got:\n%s\n%s", diff, stream)
				}
			})
		})
	}
}

func drawRequest(t *rapid.T) *dialect.Request {
	q := &dialect.Request{Model: "m"}
	if rapid.Bool().Draw(t, "system") {
		q.Messages = append(q.Messages, dialect.Message{Role: dialect.RoleSystem, Parts: []dialect.Part{{Text: words().Draw(t, "rules")}}})
	}
	for turn := range rapid.IntRange(0, 3).Draw(t, "turns") {
		said := drawAnswer(t, "turn ", turn)
		q.Messages = append(q.Messages,
			dialect.Message{Role: dialect.RoleUser, Parts: []dialect.Part{{Text: words().Draw(t, "asked")}}},
			dialect.Message{Role: dialect.RoleAssistant, Parts: said})
		var results []dialect.Part
		for i := range said {
			if call := said[i].Call; call != nil {
				results = append(results, dialect.Part{Kind: dialect.PartToolResult, Result: &dialect.ToolResult{
					CallID: call.ID, Parts: []dialect.Part{{Text: words().Draw(t, "result")}},
				}})
			}
		}
		if results != nil {
			q.Messages = append(q.Messages, dialect.Message{Role: dialect.RoleUser, Parts: results})
		}
	}
	q.Messages = append(q.Messages, dialect.Message{Role: dialect.RoleUser, Parts: []dialect.Part{
		{Text: words().Draw(t, "last")},
		{Kind: dialect.PartImage, Media: &dialect.Media{Type: "image/png", Data: "iVBORw0KGgo="}},
	}})
	schema := json.RawMessage(`{"type":"object","properties":{"a":{"type":"string"}}}`)
	q.Tools = []dialect.Tool{{Name: "read", Description: words().Draw(t, "does"), Schema: schema}, {Name: "write_file", Schema: schema}}
	q.ToolChoice.Mode = rapid.SampledFrom([]dialect.ChoiceMode{dialect.ChoiceAuto, dialect.ChoiceNone, dialect.ChoiceRequired}).Draw(t, "choice")
	if rapid.Bool().Draw(t, "one tool") {
		q.ToolChoice = dialect.ToolChoice{Mode: dialect.ChoiceTool, Names: []dialect.ToolRef{{Name: "read"}}}
	}
	q.MaxTokens = new(rapid.Int64Range(16, 4096).Draw(t, "limit"))
	return q
}

// TestRequestRoundTrip writes a request in each dialect and reads it again.
func TestRequestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, c := range clientCodecs() {
		t.Run(string(c.Name()), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				want := drawRequest(t)
				x := exchangeFor(c, false)
				x.Request = want
				report := &dialect.Report{Client: c}
				body := c.EncodeRequest(nil, x, report)
				if len(report.Refused)+len(report.Dropped) > 0 {
					t.Fatalf("reported: %v %v", report.Refused, report.Dropped)
				}
				got, err := c.DecodeRequest(body, report)
				if err != nil {
					t.Fatalf("%v in %s", err, body)
				}
				if diff := cmp.Diff(dialect.MergeTurns(want.Messages), dialect.MergeTurns(got.Messages), meaning()); diff != "" {
					t.Fatalf("-want +got:\n%s\n%s", diff, body)
				}
				if diff := cmp.Diff(want.Tools, got.Tools, meaning()); diff != "" {
					t.Fatalf("-want +got:\n%s\n%s", diff, body)
				}
				if diff := cmp.Diff(want.ToolChoice, got.ToolChoice, meaning()); diff != "" {
					t.Fatalf("-want +got:\n%s\n%s", diff, body)
				}
				if diff := cmp.Diff(want.MaxTokens, got.MaxTokens); diff != "" {
					t.Fatal(diff)
				}
			})
		})
	}
}
