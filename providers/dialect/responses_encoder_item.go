package dialect

// responsesOpen is the item that is being written. Its buffers are used again for the next one.
type responsesOpen struct {
	// kind is its type, empty for none.
	kind string
	id   string
	// part is what the open block began with, block its kind.
	part  Part
	block PartKind
	// head and tail are what a delta of the block begins with, before and after its number.
	head, tail []byte
	// content holds the parts of a message that are whole, and count counts them.
	content []byte
	count   int
	// text, notes and probs are of the open block.
	text, notes, probs []byte
	// cited counts the annotations. summed tells that the summary of a thought has begun.
	cited  int
	summed bool
	// result is that of a server tool.
	result *ServerResult
}

// block begins a block: within the open item if that is a message and the block a part of one, else with an item.
func (e *responsesEncoder) block(dst []byte, p *Part) []byte {
	i := &e.item
	if p.Kind == PartServerResult {
		return e.serverResult(dst, p.ServerResult)
	}
	said := p.Kind == PartText || p.Kind == PartRefusal || p.Media != nil && responsesPicture(p) == ""
	if !said || i.kind != "message" {
		dst = e.closeItem(dst)
	}
	i.part, i.block = *p, p.Kind
	i.text, i.notes, i.probs, i.cited = i.text[:0], i.notes[:0], i.probs[:0], 0
	switch {
	case said:
		return e.beginText(dst, p)
	case p.Kind == PartThinking:
		return e.open(dst, "reasoning", e.thoughtID(p))
	case p.Kind == PartToolCall && p.Call.Custom:
		dst = e.open(dst, "custom_tool_call", e.itemID("ctc"))
		e.deltas("response.custom_tool_call_input.delta", "")
		return dst
	case p.Kind == PartToolCall:
		dst = e.open(dst, "function_call", e.itemID("fc"))
		e.deltas("response.function_call_arguments.delta", "")
		return dst
	case p.Kind == PartServerCall:
		return e.serverCall(dst, p.ServerCall)
	case p.Media != nil:
		return e.open(dst, "image_generation_call", e.itemID("ig"))
	default:
		return dst
	}
}

// responsesPicture is the data of an image, for which there is an item of its own; other media are links in a text.
func responsesPicture(p *Part) string {
	if p.Kind != PartImage {
		return ""
	}
	return p.Media.Data
}

// thoughtID is the id of a thought, which OpenAI's signature is bound to.
func (e *responsesEncoder) thoughtID(p *Part) string {
	if id, _ := responsesSeal(p); id != "" {
		return id
	}
	if p.ID != "" {
		return p.ID
	}
	return e.itemID("rs")
}

func (e *responsesEncoder) itemID(prefix string) string { return e.x.MintID(prefix, e.items+1) }

// open begins an item.
func (e *responsesEncoder) open(dst []byte, kind, id string) []byte {
	i := &e.item
	i.kind, i.id, i.count, i.content, i.summed, i.result = kind, id, 0, i.content[:0], false, nil
	i.head, i.tail = i.head[:0], i.tail[:0]
	return e.frame(dst, "response.output_item.added", func(w *writer) {
		w.int("output_index", int64(e.items))
		w.key("item")
		e.writeItem(w, "in_progress")
	})
}

// deltas notes what the deltas of the open block look like. Index is the name of the index within the item, empty for
// items without parts.
func (e *responsesEncoder) deltas(name, index string) {
	i := &e.item
	i.head = append(append(append(i.head[:0], "event: "...), name...), "\ndata: {\"type\":\""...)
	i.head = append(append(i.head, name...), `","sequence_number":`...)
	w := writer{append(i.tail[:0], ',')}
	e.place(&w, index)
	w.key("delta")
	i.tail = w.buf
}

// place appends where the open block is.
func (e *responsesEncoder) place(w *writer, index string) {
	w.str("item_id", e.item.id)
	w.int("output_index", int64(e.items))
	if index != "" {
		w.int(index, int64(e.item.count))
	}
}

// beginText begins a part of a message. What is a link is told at once.
func (e *responsesEncoder) beginText(dst []byte, p *Part) []byte {
	i := &e.item
	if i.kind == "" {
		dst = e.open(dst, "message", e.itemID("msg"))
	}
	if p.Media != nil {
		i.block = PartText
	}
	if i.block == PartRefusal {
		e.deltas("response.refusal.delta", "content_index")
	} else {
		e.deltas("response.output_text.delta", "content_index")
	}
	dst = e.frame(dst, "response.content_part.added", func(w *writer) {
		e.place(w, "content_index")
		w.key("part")
		e.writePart(w)
	})
	if p.Media != nil {
		return e.delta(dst, &Event{Text: []byte(anthropicLink(p.Media))})
	}
	return dst
}

// beginSummary begins the text of a thought: one that has none to show has no summary.
func (e *responsesEncoder) beginSummary(dst []byte) []byte {
	e.item.summed = true
	e.deltas("response.reasoning_summary_text.delta", "summary_index")
	return e.frame(dst, "response.reasoning_summary_part.added", func(w *writer) {
		e.place(w, "summary_index")
		w.raw("part", []byte(`{"type":"summary_text","text":""}`))
	})
}

func (e *responsesEncoder) citation(dst []byte, c *Citation) []byte {
	i := &e.item
	if i.kind != "message" || i.block != PartText {
		return dst
	}
	w := writer{i.notes}
	if i.cited > 0 {
		w.buf = append(w.buf, ',')
	}
	begin := len(w.buf)
	responsesWriteCitation(&w, c)
	i.notes = w.buf
	i.cited++
	return e.frame(dst, "response.output_text.annotation.added", func(w *writer) {
		e.place(w, "content_index")
		w.int("annotation_index", int64(i.cited-1))
		w.raw("annotation", i.notes[begin:])
	})
}

func responsesWriteCitation(w *writer, c *Citation) {
	if c.Vendor == VendorOpenAI && len(c.Raw) > 0 {
		w.buf = append(w.buf, compact(value(c.Raw))...)
		return
	}
	w.buf = append(w.buf, '{')
	w.str("type", "url_citation")
	w.int("start_index", int64(c.Start))
	w.int("end_index", int64(c.End))
	w.str("url", c.URL)
	w.str("title", c.Title)
	w.close('}')
}

// blockEnd ends a block, and with it an item that is no message and waits for no result.
func (e *responsesEncoder) blockEnd(dst []byte) []byte {
	switch i := &e.item; i.kind {
	case "message":
		return e.endText(dst)
	case "reasoning":
		if i.summed {
			dst = e.endSummary(dst)
		}
		return e.closeItem(dst)
	case "function_call", "custom_tool_call":
		return e.closeItem(e.endCall(dst))
	case "image_generation_call":
		return e.closeItem(dst)
	default: // a server tool's, which its result closes
		return dst
	}
}

func (e *responsesEncoder) endText(dst []byte) []byte {
	i := &e.item
	name, member := "response.output_text.done", "text"
	if i.block == PartRefusal {
		name, member = "response.refusal.done", "refusal"
	}
	dst = e.frame(dst, name, func(w *writer) {
		e.place(w, "content_index")
		w.bytes(member, i.text)
		if i.block != PartRefusal {
			w.openArray("logprobs")
			w.buf = append(w.buf, i.probs...)
			w.close(']')
		}
	})
	w := writer{i.content}
	if i.count > 0 {
		w.buf = append(w.buf, ',')
	}
	begin := len(w.buf)
	e.writePart(&w)
	i.content = w.buf
	dst = e.frame(dst, "response.content_part.done", func(w *writer) {
		e.place(w, "content_index")
		w.raw("part", i.content[begin:])
	})
	i.count++
	i.head = i.head[:0]
	return dst
}

func (e *responsesEncoder) endSummary(dst []byte) []byte {
	dst = e.frame(dst, "response.reasoning_summary_text.done", func(w *writer) {
		e.place(w, "summary_index")
		w.bytes("text", e.item.text)
	})
	return e.frame(dst, "response.reasoning_summary_part.done", func(w *writer) {
		e.place(w, "summary_index")
		w.openObject("part")
		w.str("type", "summary_text")
		w.bytes("text", e.item.text)
		w.close('}')
	})
}

func (e *responsesEncoder) endCall(dst []byte) []byte {
	i := &e.item
	if i.kind == "custom_tool_call" {
		return e.frame(dst, "response.custom_tool_call_input.done", func(w *writer) {
			e.place(w, "")
			w.bytes("input", i.text)
		})
	}
	return e.frame(dst, "response.function_call_arguments.done", func(w *writer) {
		e.place(w, "")
		w.str("name", i.part.Call.Name)
		w.bytes("arguments", i.arguments())
	})
}

// arguments are those of a call: never nothing, which is no JSON.
func (i *responsesOpen) arguments() []byte {
	if len(i.text) == 0 {
		return []byte("{}")
	}
	return i.text
}

// closeItem ends the open item, if there is one.
func (e *responsesEncoder) closeItem(dst []byte) []byte {
	i := &e.item
	if i.kind == "" {
		return dst
	}
	w := writer{e.output}
	if e.items > 0 {
		w.buf = append(w.buf, ',')
	}
	begin := len(w.buf)
	e.writeItem(&w, e.finalStatus())
	e.output = w.buf
	if name, _ := responsesServerName(i.kind); name != "" && responsesStatus(i.result) == "completed" {
		dst = e.progress(dst, name+".completed")
	}
	dst = e.frame(dst, "response.output_item.done", func(w *writer) {
		w.int("output_index", int64(e.items))
		w.raw("item", e.output[begin:])
	})
	e.items++
	i.kind, i.id = "", ""
	i.head = i.head[:0]
	i.part, i.block = Part{}, PartText
	return dst
}

// finalStatus is that of an item which has come to its end. A text that is open at the end of an answer which was cut
// off is not complete, and a call whose arguments were is never.
func (e *responsesEncoder) finalStatus() string {
	i := &e.item
	switch i.kind {
	case "message":
		if e.outcome().status == "incomplete" {
			return "incomplete"
		}
	case "function_call":
		var scan jsonScan
		if scan.feed(i.arguments()); !scan.complete() {
			return "incomplete"
		}
	case "web_search_call", "code_interpreter_call":
		return responsesStatus(i.result)
	}
	return "completed"
}
