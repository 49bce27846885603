package dialect

// writePart appends the open part of a message: at its beginning it is empty.
func (e *responsesEncoder) writePart(w *writer) {
	i := &e.item
	w.open('{')
	if i.block == PartRefusal {
		w.str("type", "refusal")
		w.bytes("refusal", i.text)
		w.close('}')
		return
	}
	w.str("type", "output_text")
	w.bytes("text", i.text)
	w.openArray("annotations")
	w.buf = append(w.buf, i.notes...)
	w.close(']')
	w.openArray("logprobs")
	w.buf = append(w.buf, i.probs...)
	w.close(']')
	w.close('}')
}

// writeItem appends the open item as far as it is.
func (e *responsesEncoder) writeItem(w *writer, status string) {
	i := &e.item
	switch i.kind {
	case "web_search_call", "code_interpreter_call":
		call := *i.part.ServerCall
		call.ID = i.id
		responsesWriteServer(w, &call, i.result, status)
		return
	}
	// The item stands behind a comma of its own or a member's name.
	w.buf = append(w.buf, '{')
	w.str("id", i.id)
	w.str("type", i.kind)
	switch i.kind {
	case "message":
		w.str("status", status)
		w.str("role", "assistant")
		w.openArray("content")
		w.buf = append(w.buf, i.content...)
		w.close(']')
	case "reasoning":
		e.writeThought(w, status)
	case "function_call", "custom_tool_call":
		w.str("status", status)
		e.writeCall(w, status)
	case "image_generation_call":
		w.str("status", status)
		if status == "in_progress" {
			w.null("result")
		} else {
			w.str("result", responsesPicture(&i.part))
		}
	}
	w.close('}')
}

// writeThought appends the members of a thought. Its signature is always told, not only to clients that ask for it:
// nobody else keeps it.
func (e *responsesEncoder) writeThought(w *writer, status string) {
	i := &e.item
	w.openArray("summary")
	if len(i.text) > 0 {
		w.open('{')
		w.str("type", "summary_text")
		w.bytes("text", i.text)
		w.close('}')
	}
	w.close(']')
	if _, encrypted := responsesSeal(&i.part); encrypted != "" {
		w.str("encrypted_content", encrypted)
	} else if v := e.x.Target.Vendor; v != VendorOpenAI && status != "in_progress" {
		w.str("encrypted_content", Unsigned(v))
	}
}

// writeCall appends the members of a call. A signature on the call itself, as Gemini has them, travels in its id,
// which clients return.
func (e *responsesEncoder) writeCall(w *writer, status string) {
	i := &e.item
	call := i.part.Call
	w.str("call_id", CarryID(call.ID, i.part.Signature, false))
	w.str("name", call.Name)
	w.optStr("namespace", call.Namespace)
	switch {
	case call.Custom:
		w.bytes("input", i.text)
	case status == "in_progress":
		w.str("arguments", "")
	default:
		w.bytes("arguments", i.arguments())
	}
}

// responsesServerName is what the events of a server tool's item begin with, and whether the item has code.
func responsesServerName(kind string) (name string, code bool) {
	switch kind {
	case "web_search_call", "code_interpreter_call":
		return "response." + kind, kind == "code_interpreter_call"
	default:
		return "", false
	}
}

// progress appends an event that tells how far a server tool is.
func (e *responsesEncoder) progress(dst []byte, name string) []byte {
	return e.frame(dst, name, func(w *writer) { e.place(w, "") })
}

// serverCall begins the item of a server tool. Tools that the dialect does not have are not told.
func (e *responsesEncoder) serverCall(dst []byte, c *ServerCall) []byte {
	kind, prefix := responsesServerKind(c.Tool)
	if kind == "" {
		return dst
	}
	id := responsesOwnID(c.ID)
	if id == "" {
		id = e.itemID(prefix)
	}
	dst = e.open(dst, kind, id)
	name, code := responsesServerName(kind)
	dst = e.progress(dst, name+".in_progress")
	if !code {
		return e.progress(dst, name+".searching")
	}
	for _, step := range []struct{ name, member string }{
		{"response.code_interpreter_call_code.delta", "delta"}, {"response.code_interpreter_call_code.done", "code"},
	} {
		dst = e.frame(dst, step.name, func(w *writer) {
			e.place(w, "")
			w.str(step.member, c.Code)
		})
	}
	return e.progress(dst, name+".interpreting")
}

// serverResult ends the item of a server tool with what it has yielded.
func (e *responsesEncoder) serverResult(dst []byte, r *ServerResult) []byte {
	kind, _ := responsesServerKind(r.Tool)
	if kind == "" {
		return dst
	}
	if e.item.kind != kind {
		call := &ServerCall{ID: r.CallID, Tool: r.Tool}
		dst = e.closeItem(dst)
		e.item.part, e.item.block = Part{Kind: PartServerCall, ServerCall: call}, PartServerCall
		dst = e.serverCall(dst, call)
	}
	e.item.result = r
	return e.closeItem(dst)
}
