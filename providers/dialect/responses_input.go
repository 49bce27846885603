package dialect

import "strings"

// input reads a text of the user's, or the items of a conversation.
func (r *responsesRequest) input(v value) error {
	r.begun = true
	if v.isString() {
		r.req.Messages = append(r.req.Messages, Message{Parts: textParts(v.text())})
		return nil
	}
	if !v.isArray() {
		return &FieldError{Field: "input", Reason: "must be a string or an array of items"}
	}
	return v.elements(r.item)
}

func (r *responsesRequest) item(i int, v value) error {
	at := indexed("input", i)
	switch kind := v.get("type").text(); kind {
	case "message", "":
		return r.message(at, i, v)
	case "function_call_output", "custom_tool_call_output":
		return r.result(at, i, v, kind == "custom_tool_call_output")
	case "item_reference":
		r.report.RefuseName(at, "refers to an item that this upstream does not keep: send the item itself")
		return nil
	default:
		parts, known, err := r.outputItem(at, kind, v)
		if !known {
			r.report.RefuseName(at, "is of type "+clipWord(kind)+", which the gateway can't translate")
			return nil
		}
		r.answered(i, parts)
		return err
	}
}

// answered adds to what the assistant has said. The items of one answer are one turn.
func (r *responsesRequest) answered(i int, parts []Part) {
	if n := len(r.req.Messages); n > 0 && r.req.Messages[n-1].Role == RoleAssistant {
		r.req.Messages[n-1].Parts = append(r.req.Messages[n-1].Parts, parts...)
		return
	}
	r.req.Messages = append(r.req.Messages, Message{Role: RoleAssistant, At: i, Parts: parts})
}

func (r *responsesRequest) message(at string, i int, v value) error {
	m := Message{At: i}
	switch role := v.get("role").text(); role {
	case "user":
	case "assistant":
		m.Role = RoleAssistant
	case "system", "developer":
		m.Role = chatRole(role)
	default:
		return &FieldError{Field: at + ".role", Reason: "must be user, assistant, system or developer"}
	}
	parts, err := r.content(at+".content", v.get("content"))
	if err != nil {
		return err
	}
	if m.Role == RoleAssistant {
		r.answered(i, parts)
		return nil
	}
	m.Parts = parts
	r.req.Messages = append(r.req.Messages, m)
	return nil
}

// result reads what a tool has yielded. Results that follow each other are one turn.
func (r *responsesRequest) result(at string, i int, v value, custom bool) error {
	parts, err := r.content(at+".output", v.get("output"))
	if err != nil {
		return err
	}
	id, _, _ := OpenID(v.get("call_id").text())
	if id == "" {
		return &FieldError{Field: at + ".call_id", Reason: "must be a string that is not empty"}
	}
	result := Part{Kind: PartToolResult, Result: &ToolResult{CallID: id, Parts: parts, Custom: custom}}
	if n := len(r.req.Messages); n > 0 {
		if last := &r.req.Messages[n-1]; last.Role == RoleUser && len(last.Parts) > 0 && last.Parts[0].Kind == PartToolResult {
			last.Parts = append(last.Parts, result)
			return nil
		}
	}
	r.req.Messages = append(r.req.Messages, Message{Role: RoleUser, At: i, Parts: []Part{result}})
	return nil
}

// content reads a string or an array of parts. At names it for messages to the client.
func (r *responsesReader) content(at string, v value) ([]Part, error) {
	switch {
	case v.isNull():
		return nil, nil
	case v.isString():
		return textParts(v.text()), nil
	case !v.isArray():
		return nil, &FieldError{Field: at, Reason: "must be a string or an array of parts"}
	}
	var parts []Part
	err := v.elements(func(i int, v value) error {
		p, err := r.part(indexed(at, i), v)
		if p.Kind != PartText || p.Text != "" {
			parts = append(parts, p)
		}
		return err
	})
	return parts, err
}

func (r *responsesReader) part(at string, v value) (Part, error) {
	var p Part
	switch kind := v.get("type").text(); kind {
	case "input_text", "output_text", "text":
		p.Citations = responsesCitations(v.get("annotations"))
		return p, readString(at+".text", v.get("text"), &p.Text)
	case "refusal":
		p.Kind = PartRefusal
		return p, readString(at+".refusal", v.get("refusal"), &p.Text)
	case "input_image":
		p.Kind = PartImage
		p.Media = mediaOf(v.get("image_url").text())
		if id := v.get("file_id").text(); id != "" {
			p.Media = &Media{FileID: id, Vendor: VendorOpenAI}
		} else if p.Media.URL == "" && p.Media.Data == "" {
			return p, &FieldError{Field: at + ".image_url", Reason: "must be a string that is not empty"}
		}
		p.Media.Detail = v.get("detail").text()
		return p, nil
	case "input_audio":
		p.Kind = PartAudio
		audio := v.get("input_audio")
		p.Media = &Media{Type: "audio/" + audio.get("format").text(), Data: audio.get("data").text()}
		return p, nil
	case "input_file":
		p.Kind = PartFile
		p.Media = responsesFile(v)
		return p, nil
	default:
		if r.report == nil {
			return p, nil // An upstream's part that nobody knows tells nothing.
		}
		return p, &FieldError{Field: at + ".type", Reason: "is " + clipWord(kind) + ", which is not known"}
	}
}

// responsesFile reads a file. Its data is an address or, from some clients, base64 alone.
func responsesFile(v value) *Media {
	m := &Media{}
	data := v.get("file_data").text()
	switch id, url := v.get("file_id").text(), v.get("file_url").text(); {
	case id != "":
		m.FileID, m.Vendor = id, VendorOpenAI
	case url != "":
		m.URL = url
	case strings.HasPrefix(data, "data:"):
		m = mediaOf(data)
	default:
		m.Data = data
	}
	m.Name = v.get("filename").text()
	return m
}

// responsesCitations reads the annotations of a text. Those that name no address are kept in OpenAI's words.
func responsesCitations(v value) []Citation {
	var list []Citation
	_ = v.elements(func(_ int, v value) error {
		list = append(list, responsesCitation(v))
		return nil
	})
	return list
}

func responsesCitation(v value) Citation {
	start, _ := v.get("start_index").integer()
	end, _ := v.get("end_index").integer()
	c := Citation{
		Start: int(start), End: int(end), URL: v.get("url").text(), Title: v.get("title").text(), Document: -1,
	}
	if v.get("type").text() != "url_citation" {
		c.Raw, c.Vendor = append([]byte(nil), v...), VendorOpenAI
		c.Title = v.get("filename").text()
	}
	return c
}
