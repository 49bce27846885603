package dialect

func (r *chatRequest) messages(v value) error {
	if !v.isArray() {
		return &FieldError{Field: "messages", Reason: "must be an array"}
	}
	return v.elements(func(i int, v value) error {
		at := indexed("messages", i)
		m := Message{At: i, Name: v.get("name").text()}
		var err error
		switch role := v.get("role").text(); role {
		case "system", "developer", "user":
			m.Role = chatRole(role)
			m.Parts, err = chatParts(at+".content", v.get("content"))
		case "assistant":
			m.Role = RoleAssistant
			m.Parts, err = chatAnswer(at, v)
		case "tool", "function":
			return r.toolMessage(at, i, v)
		default:
			return &FieldError{Field: at + ".role", Reason: "must be system, developer, user, assistant or tool"}
		}
		r.req.Messages = append(r.req.Messages, m)
		return err
	})
}

func chatRole(word string) Role {
	switch word {
	case "system":
		return RoleSystem
	case "developer":
		return RoleDeveloper
	default:
		return RoleUser
	}
}

// toolMessage reads a result. Results that follow each other are one turn.
func (r *chatRequest) toolMessage(at string, i int, v value) error {
	parts, err := chatParts(at+".content", v.get("content"))
	if err != nil {
		return err
	}
	id, _, _ := OpenID(v.get("tool_call_id").text())
	if v.get("role").text() == "function" {
		id = v.get("name").text()
	}
	if id == "" {
		return &FieldError{Field: at + ".tool_call_id", Reason: "must be a string that is not empty"}
	}
	result := Part{Kind: PartToolResult, Result: &ToolResult{CallID: id, Name: v.get("name").text(), Parts: parts}}
	if n := len(r.req.Messages); n > 0 {
		if last := &r.req.Messages[n-1]; last.Role == RoleUser && len(last.Parts) > 0 && last.Parts[0].Kind == PartToolResult {
			last.Parts = append(last.Parts, result)
			return nil
		}
	}
	r.req.Messages = append(r.req.Messages, Message{Role: RoleUser, At: i, Parts: []Part{result}})
	return nil
}

// chatParts reads a content, which is a string, an array of parts, or nothing.
func chatParts(at string, v value) ([]Part, error) {
	switch {
	case v.isNull():
		return nil, nil
	case v.isString():
		if len(v) == 2 {
			return nil, nil
		}
		return []Part{{Text: v.text()}}, nil
	case !v.isArray():
		return nil, &FieldError{Field: at, Reason: "must be a string or an array of parts"}
	}
	var parts []Part
	err := v.elements(func(i int, v value) error {
		p, err := chatPart(indexed(at, i), v)
		if p.Kind != PartText || p.Text != "" {
			parts = append(parts, p)
		}
		return err
	})
	return parts, err
}

func chatPart(at string, v value) (Part, error) {
	p := Part{Cache: chatCache(v)}
	switch kind := v.get("type").text(); kind {
	case "text", "input_text", "output_text":
		return p, readString(at+".text", v.get("text"), &p.Text)
	case "refusal":
		p.Kind = PartRefusal
		return p, readString(at+".refusal", v.get("refusal"), &p.Text)
	case "image_url":
		p.Kind = PartImage
		image := v.get("image_url")
		url := image.get("url")
		if image.isString() { // a habit of some clients
			url = image
		}
		if !url.isString() {
			return p, &FieldError{Field: at + ".image_url.url", Reason: "must be a string"}
		}
		p.Media = mediaOf(url.text())
		p.Media.Detail = image.get("detail").text()
		return p, nil
	case "input_audio":
		p.Kind = PartAudio
		audio := v.get("input_audio")
		p.Media = &Media{Type: "audio/" + audio.get("format").text(), Data: audio.get("data").text()}
		return p, nil
	case "file":
		p.Kind = PartFile
		file := v.get("file")
		if id := file.get("file_id").text(); id != "" {
			p.Media = &Media{FileID: id, Vendor: VendorOpenAI}
		} else {
			p.Media = mediaOf(file.get("file_data").text())
		}
		p.Media.Name = file.get("filename").text()
		return p, nil
	default:
		return p, &FieldError{Field: at + ".type", Reason: "is " + clipWord(kind) + ", which is not known"}
	}
}

// chatAnswer reads what the assistant has said before: thoughts, texts, calls, in the order in which a model says them.
func chatAnswer(at string, v value) ([]Part, error) {
	var parts, calls []Part
	for _, name := range []string{"reasoning_content", "reasoning"} {
		if text := v.get(name).text(); text != "" {
			parts = append(parts, Part{Kind: PartThinking, Text: text})
			break
		}
	}
	content, err := chatParts(at+".content", v.get("content"))
	if err != nil {
		return nil, err
	}
	if refusal := v.get("refusal").text(); refusal != "" {
		content = append(content, Part{Kind: PartRefusal, Text: refusal})
	}
	err = v.get("tool_calls").elements(func(i int, v value) error {
		call, thought, err := chatCall(indexed(at+".tool_calls", i), v)
		calls = append(calls, call)
		if thought != nil {
			parts = signThought(parts, thought)
		}
		return err
	})
	if old := v.get("function_call"); old.isObject() {
		name := old.get("name").text()
		calls = append(calls, Part{Kind: PartToolCall, Call: &ToolCall{
			ID: name, Name: name, Args: Arguments(old.get("arguments").text()),
		}})
	}
	return append(append(parts, content...), calls...), err
}

// signThought gives the thought that a call has carried to the one of the turn, or puts it there.
func signThought(parts []Part, thought *Part) []Part {
	if len(parts) == 1 && parts[0].Signature.Empty() && !thought.Encrypted {
		parts[0].Signature = thought.Signature
		return parts
	}
	return append(parts, *thought)
}

// chatCall reads a call, and the thought before it whose signature is in the id. Google signs the call itself.
func chatCall(at string, v value) (call Part, thought *Part, err error) {
	id, signature, encrypted := OpenID(v.get("id").text())
	c := &ToolCall{ID: id}
	call = Part{Kind: PartToolCall, Call: c}
	if custom := v.get("custom"); custom.isObject() {
		c.Name, c.Input, c.Custom = custom.get("name").text(), custom.get("input").text(), true
	} else {
		function := v.get("function")
		c.Name, c.Args = function.get("name").text(), Arguments(function.get("arguments").text())
	}
	if c.Name == "" {
		return call, nil, &FieldError{Field: at + ".function.name", Reason: "must be a string that is not empty"}
	}
	google := v.get("extra_content").get("google").get("thought_signature").text()
	switch {
	case google != "":
		call.Signature = Signature{Origin: VendorGoogle, Value: google}
	case signature.Origin == VendorGoogle:
		call.Signature = signature
	case !signature.Empty():
		thought = &Part{Kind: PartThinking, Signature: signature, Encrypted: encrypted}
	}
	return call, thought, nil
}
