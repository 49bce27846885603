package simulator

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// responsesWriter writes one answer as Responses does, whole or as a stream. It belongs to the handler's goroutine.
type responsesWriter struct {
	x      *exchange
	req    *responsesRequest
	sc     *script
	answer *answer
	id     string
	at     int64

	w *wire
	// serial is the next event's number.
	serial int
	// custom are the names of the tools whose input is no JSON.
	custom map[string]bool
}

func newResponsesWriter(x *exchange, req *responsesRequest, sc *script, a *answer) *responsesWriter {
	r := &responsesWriter{x: x, req: req, sc: sc, answer: a, id: x.id("resp_"), at: time.Now().Unix(), custom: make(map[string]bool)}
	for _, t := range req.Tools {
		r.custom[t.Name] = t.Type == "custom"
	}
	return r
}

// whole returns the answer as one body, and keeps it unless the client does not want that.
func (r *responsesWriter) whole() []byte {
	var output []raw
	for i := range r.answer.blocks {
		output = append(output, r.item(i, "completed"))
	}
	r.keep(output)
	return r.response(r.status(), output)
}

// keep stores the response for those that build on it.
func (r *responsesWriter) keep(output []raw) {
	if r.req.Store != nil && !*r.req.Store {
		return
	}
	all := slices.Clone(r.req.items)
	for _, text := range output {
		item := responsesItem{text: text}
		_ = json.Unmarshal(text, &item) // it has just been made
		all = append(all, item)
	}
	r.x.sim.stored.put(r.id, &storedResponse{body: r.response(r.status(), output), items: all, input: len(r.req.items)})
}

func (r *responsesWriter) status() string {
	switch r.answer.stop {
	case reachedLimit, blockedPrompt:
		return "incomplete"
	default:
		return "completed"
	}
}

// response is the object as it is while the answer has that status.
func (r *responsesWriter) response(status string, output []raw) raw {
	var details, completed, usage any
	switch {
	case status == "in_progress":
	case r.answer.stop == reachedLimit:
		details = object("reason", "max_output_tokens")
	case r.answer.stop == blockedPrompt:
		details = object("reason", "content_filter")
	default:
		completed = r.at
	}
	if status != "in_progress" {
		usage = r.usage()
	}
	tools, format := raw("[]"), object("type", "text")
	if len(r.req.Tools) > 0 {
		var members struct {
			Tools raw `json:"tools"`
			Text  struct {
				Format raw `json:"format"`
			} `json:"text"`
		}
		_ = json.Unmarshal(r.x.body, &members) // it has been read before
		tools = members.Tools
	}
	return object("id", r.id, "object", "response", "created_at", r.at, "completed_at", completed, "status", status,
		"background", false, "error", nil, "incomplete_details", details, "instructions", orNull(r.req.Instructions),
		"max_output_tokens", r.req.MaxOutputTokens, "model", r.req.Model, "output", orNone(output),
		"parallel_tool_calls", r.req.ParallelToolCalls == nil || *r.req.ParallelToolCalls,
		"previous_response_id", orNull(r.req.PreviousResponseID), "reasoning", object("effort", nil, "summary", nil),
		"store", r.req.Store == nil || *r.req.Store, "temperature", orOne(r.req.Temperature), "text", object("format", format),
		"tool_choice", orDefault(r.req.ToolChoice, `"auto"`), "tools", tools, "top_p", orOne(r.req.TopP),
		"truncation", "disabled", "usage", usage, "user", nil, "metadata", orDefault(r.req.Metadata, "{}"))
}

func orOne(v *float64) float64 {
	if v == nil {
		return 1
	}
	return *v
}

func orDefault(v raw, otherwise string) raw {
	if isSet(v) {
		return v
	}
	return raw(otherwise)
}

func (r *responsesWriter) usage() raw {
	prompt, cached := (len(r.x.body)+3)/4, 0
	if r.sc.cached {
		cached = prompt / 2
	}
	all, thoughts := r.answer.tokens()
	return object("input_tokens", prompt, "input_tokens_details", object("cached_tokens", cached, "cache_write_tokens", 0),
		"output_tokens", all, "output_tokens_details", object("reasoning_tokens", thoughts), "total_tokens", prompt+all)
}

// itemID is the nth item's, callID that of its call.
func (r *responsesWriter) itemID(n int) string {
	prefix := map[kind]string{thought: "rs_", redactedThought: "rs_", call: "fc_", search: "ws_", execution: "ci_"}[r.answer.blocks[n].kind]
	if prefix == "" {
		prefix = "msg_"
	}
	return r.x.id(prefix) + "-" + strconv.Itoa(n)
}

func (r *responsesWriter) callID(n int) string { return r.x.id("call_") + "-" + strconv.Itoa(n) }

// item is the nth block as an item; while it is in progress, without its content.
func (r *responsesWriter) item(n int, status string) raw {
	b := &r.answer.blocks[n]
	begun := status == "in_progress"
	if !begun && n == len(r.answer.blocks)-1 {
		status = r.status()
	}
	head := object("id", r.itemID(n))
	switch b.kind {
	case thought, redactedThought:
		o := with(head, "type", "reasoning", "summary", r.summary(b, begun))
		if !begun && slices.Contains(r.req.Include, "reasoning.encrypted_content") {
			o = with(o, "encrypted_content", sign(openAISigner, b.whole()))
		}
		return o
	case call:
		arguments := ""
		if !begun {
			arguments = orEmptyObject(b.whole())
		}
		if r.custom[b.name] {
			return with(head, "type", "custom_tool_call", "status", status, "call_id", r.callID(n), "name", b.name, "input", arguments)
		}
		return with(head, "type", "function_call", "status", status, "call_id", r.callID(n), "name", b.name, "arguments", arguments)
	case search:
		return with(head, "type", "web_search_call", "status", status, "action", object("type", "search", "query", b.name,
			"sources", []raw{object("type", "url", "url", source.url)}))
	case execution:
		return with(head, "type", "code_interpreter_call", "status", status, "container_id", r.x.id("cntr_"), "code", executed,
			"outputs", []raw{object("type", "logs", "logs", printed)})
	default:
		content := []raw{}
		if !begun {
			content = []raw{r.part(b, b.whole(), r.annotations(b))}
		}
		return with(head, "type", "message", "status", status, "role", "assistant", "content", content)
	}
}

// summary is a thought's, if the client asked for one.
func (r *responsesWriter) summary(b *block, begun bool) []raw {
	if begun || !r.summarizes(b) {
		return []raw{}
	}
	return []raw{object("type", "summary_text", "text", b.whole())}
}

func (r *responsesWriter) summarizes(b *block) bool {
	if r.req.EnableThinking {
		return true
	}
	return b.kind == thought && r.req.Reasoning != nil && r.req.Reasoning.Summary != nil
}

// part is a message's content part.
func (r *responsesWriter) part(b *block, text string, notes []raw) raw {
	if b.kind == refusal {
		return object("type", "refusal", "refusal", text)
	}
	return object("type", "output_text", "text", text, "annotations", orNone(notes), "logprobs", []raw{})
}

func (r *responsesWriter) annotations(b *block) []raw {
	var notes []raw
	for _, at := range b.citations {
		notes = append(notes, object("type", "url_citation", "start_index", at.start, "end_index", at.end, "url", at.url, "title", at.title))
	}
	return notes
}
