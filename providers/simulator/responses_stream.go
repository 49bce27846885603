package simulator

// stream sends the answer event by event.
func (r *responsesWriter) stream() {
	r.w = r.x.openWire(r.sc, "\n")
	r.w.play(r.answer, r)
}

// send sends an event whose data begin with its type and its number.
func (r *responsesWriter) send(kind string, members ...any) {
	r.w.event(kind, with(object("type", kind, "sequence_number", r.serial), members...))
	r.serial++
}

func (r *responsesWriter) start() {
	r.send("response.created", "response", r.response("in_progress", nil))
	r.send("response.in_progress", "response", r.response("in_progress", nil))
}

// within sends an event of the nth item.
func (r *responsesWriter) within(n int, kind string, members ...any) {
	r.send(kind, append([]any{"item_id", r.itemID(n), "output_index", n}, members...)...)
}

func (r *responsesWriter) open(n int, b *block) {
	r.send("response.output_item.added", "output_index", n, "item", r.item(n, "in_progress"))
	switch b.kind {
	case thought, redactedThought:
		if r.summarizes(b) {
			r.within(n, "response.reasoning_summary_part.added", "summary_index", 0, "part", object("type", "summary_text", "text", ""))
		}
	case text, refusal:
		r.within(n, "response.content_part.added", "content_index", 0, "part", r.part(b, "", nil))
	case search:
		for _, state := range []string{"in_progress", "searching", "completed"} {
			r.within(n, "response.web_search_call."+state)
		}
	case execution:
		r.within(n, "response.code_interpreter_call.in_progress")
		for _, piece := range split(executed) {
			r.within(n, "response.code_interpreter_call_code.delta", "delta", piece)
		}
		r.within(n, "response.code_interpreter_call_code.done", "code", executed)
		r.within(n, "response.code_interpreter_call.interpreting")
		r.within(n, "response.code_interpreter_call.completed")
	}
}

func (r *responsesWriter) piece(n int, b *block, piece string) {
	switch b.kind {
	case thought, redactedThought:
		if r.summarizes(b) {
			r.within(n, "response.reasoning_summary_text.delta", "summary_index", 0, "delta", piece)
		}
	case text:
		r.within(n, "response.output_text.delta", "content_index", 0, "delta", piece, "logprobs", []raw{})
	case refusal:
		r.within(n, "response.refusal.delta", "content_index", 0, "delta", piece)
	case call:
		r.within(n, r.callEvent(b)+".delta", "delta", piece)
	}
}

// callEvent is the name of the events of a call's arguments, without its last word.
func (r *responsesWriter) callEvent(b *block) string {
	if r.custom[b.name] {
		return "response.custom_tool_call_input"
	}
	return "response.function_call_arguments"
}

func (r *responsesWriter) shut(n int, b *block) {
	switch b.kind {
	case thought, redactedThought:
		if r.summarizes(b) {
			r.within(n, "response.reasoning_summary_text.done", "summary_index", 0, "text", b.whole())
			r.within(n, "response.reasoning_summary_part.done", "summary_index", 0,
				"part", object("type", "summary_text", "text", b.whole()))
		}
	case text:
		for i, note := range r.annotations(b) {
			r.within(n, "response.output_text.annotation.added", "content_index", 0, "annotation_index", i, "annotation", note)
		}
		r.within(n, "response.output_text.done", "content_index", 0, "text", b.whole(), "logprobs", []raw{})
		r.within(n, "response.content_part.done", "content_index", 0, "part", r.part(b, b.whole(), r.annotations(b)))
	case refusal:
		r.within(n, "response.refusal.done", "content_index", 0, "refusal", b.whole())
		r.within(n, "response.content_part.done", "content_index", 0, "part", r.part(b, b.whole(), nil))
	case call:
		if r.custom[b.name] {
			r.within(n, r.callEvent(b)+".done", "input", orEmptyObject(b.whole()))
		} else {
			r.within(n, r.callEvent(b)+".done", "name", b.name, "arguments", orEmptyObject(b.whole()))
		}
	}
	r.send("response.output_item.done", "output_index", n, "item", r.item(n, "completed"))
}

func (r *responsesWriter) finish() {
	var output []raw
	for i := range r.answer.blocks {
		output = append(output, r.item(i, "completed"))
	}
	r.keep(output)
	if !r.sc.noDone {
		r.send("response."+r.status(), "response", r.response(r.status(), output))
	}
}

func (r *responsesWriter) fail() {
	r.send("error", "code", "server_error", "message", "The server had an error while processing your request.", "param", nil)
}
