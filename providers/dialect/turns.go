package dialect

import (
	"encoding/json"
	"strings"
)

// SplitSystem returns the parts of the system and developer messages that come before anything else, and the
// messages after them, for dialects that have a place apart for the system's text. The slices are the request's.
func SplitSystem(messages []Message) (system []Part, rest []Message) {
	for i := range messages {
		if m := &messages[i]; m.Role == RoleSystem || m.Role == RoleDeveloper {
			system = append(system, m.Parts...)
			continue
		}
		return system, messages[i:]
	}
	return system, nil
}

// FoldSystem returns the messages with those of the system that stand among them said by the user, in tags, for
// dialects that know no system text there. To move them to the top would change what every turn before them has been
// an answer to, and spoil the upstream's cache.
func FoldSystem(messages []Message) []Message {
	out := make([]Message, 0, len(messages))
	for _, m := range messages {
		if m.Role == RoleSystem || m.Role == RoleDeveloper {
			m = Message{Role: RoleUser, At: m.At, Parts: []Part{{Text: "<system>\n" + JoinText(m.Parts, "\n") + "\n</system>"}}}
		}
		out = append(out, m)
	}
	return out
}

// MergeTurns returns the messages with neighbours of one role joined, the results of tools before anything else of
// a turn, and turns without parts left out. The parts are shared with messages.
func MergeTurns(messages []Message) []Message {
	out := make([]Message, 0, len(messages))
	for _, m := range messages {
		if len(m.Parts) == 0 {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Role == m.Role {
			joined := make([]Part, 0, len(out[n-1].Parts)+len(m.Parts))
			out[n-1].Parts = append(append(joined, out[n-1].Parts...), m.Parts...)
			continue
		}
		out = append(out, m)
	}
	for i := range out {
		if out[i].Role == RoleUser {
			out[i].Parts = resultsFirst(out[i].Parts)
		}
	}
	return out
}

func resultsFirst(parts []Part) []Part {
	other, results := false, false
	for i := range parts {
		switch {
		case parts[i].Kind != PartToolResult:
			other = true
		case other:
			results = true
		}
	}
	if !results {
		return parts
	}
	out := make([]Part, 0, len(parts))
	for _, wanted := range []bool{true, false} {
		for i := range parts {
			if (parts[i].Kind == PartToolResult) == wanted {
				out = append(out, parts[i])
			}
		}
	}
	return out
}

// SettleCalls returns the messages such that each call is answered in the next turn of the user and each result has
// its call there, which upstreams demand: a call without a result gets one that says so, of two results of one call
// the last stays, and a result without a call becomes text. It expects merged turns.
func SettleCalls(messages []Message) []Message {
	out := make([]Message, 0, len(messages)+1)
	var open []*ToolCall
	for i := range messages {
		m := messages[i]
		if m.Role == RoleUser {
			m.Parts = settle(m.Parts, open)
			open = nil
		} else if len(open) > 0 {
			out = append(out, Message{Role: RoleUser, At: m.At, Parts: settle(nil, open)})
			open = nil
		}
		if m.Role == RoleAssistant {
			for j := range m.Parts {
				if m.Parts[j].Kind == PartToolCall {
					open = append(open, m.Parts[j].Call)
				}
			}
		}
		out = append(out, m)
	}
	if len(open) > 0 {
		out = append(out, Message{Role: RoleUser, Parts: settle(nil, open)})
	}
	return out
}

// settle returns the parts of a user's turn after the calls, their results first and in the order of the calls.
func settle(parts []Part, calls []*ToolCall) []Part {
	if len(calls) == 0 && (len(parts) == 0 || parts[0].Kind != PartToolResult) {
		return parts
	}
	out := make([]Part, 0, len(parts)+len(calls))
	answered := make(map[string]bool, len(calls))
	for _, call := range calls {
		result := ToolResult{
			CallID: call.ID, Name: call.Name, Failed: true, Custom: call.Custom,
			Parts: []Part{{Text: "The call was interrupted and has no result."}},
		}
		part := Part{Kind: PartToolResult, Result: &result}
		for i := range parts {
			if parts[i].Kind == PartToolResult && parts[i].Result.CallID == call.ID {
				part = parts[i]
			}
		}
		answered[call.ID] = true
		out = append(out, part)
	}
	for i := range parts {
		p := parts[i]
		if p.Kind != PartToolResult {
			out = append(out, p)
		} else if !answered[p.Result.CallID] {
			out = append(out, Part{Text: "Result of an earlier call: " + p.Result.Text()})
		}
	}
	return out
}

// NameResults returns, for each call in the messages, its id and the tool that it calls. Gemini's results need the
// name and other dialects' have only the id.
func NameResults(messages []Message) map[string]ToolRef {
	names := make(map[string]ToolRef)
	for i := range messages {
		for j := range messages[i].Parts {
			if call := messages[i].Parts[j].Call; call != nil {
				names[call.ID] = call.Ref()
			}
		}
	}
	return names
}

// Ref names the tool that is called.
func (c *ToolCall) Ref() ToolRef {
	return ToolRef{Namespace: c.Namespace, Name: c.Name, Custom: c.Custom}
}

// Text is what a result says in words: its texts, or its JSON.
func (r *ToolResult) Text() string {
	if len(r.Data) > 0 {
		return string(r.Data)
	}
	return JoinText(r.Parts, "\n")
}

// JoinText joins the texts of the parts, and of nothing else among them.
func JoinText(parts []Part, between string) string {
	texts := make([]string, 0, len(parts))
	for i := range parts {
		if parts[i].Kind == PartText && parts[i].Text != "" {
			texts = append(texts, parts[i].Text)
		}
	}
	return strings.Join(texts, between)
}

// argumentsRaw is the member that holds what was no object.
const argumentsRaw = "_raw"

// Arguments returns the arguments of a call as a JSON object, whatever text a client or an upstream gave for them:
// nothing is {}, and what is no object is wrapped, so that it is neither lost nor refused by the next upstream.
func Arguments(text string) json.RawMessage {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return json.RawMessage("{}")
	case trimmed[0] == '{' && json.Valid([]byte(trimmed)):
		return json.RawMessage(trimmed)
	default:
		var w writer
		w.open('{')
		w.str(argumentsRaw, text)
		w.close('}')
		return w.buf
	}
}
