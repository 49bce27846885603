package dialect

import "slices"

// anthropicReader reads blocks of content: those of a client's request or those of an upstream's answer.
type anthropicReader struct {
	// report is nil for answers.
	report *Report
	// vendor is the origin of signatures.
	vendor Vendor
}

// sign reads a signature. A client may give back one of another vendor that the gateway has put there.
func (r *anthropicReader) sign(text string) Signature {
	if r.report != nil {
		return OpenSignature(text, VendorAnthropic)
	}
	return Signature{Origin: r.vendor, Value: text}
}

// callID reads the id of a call, in which a client may give back a signature.
func (r *anthropicReader) callID(id string) (string, Signature) {
	if r.report != nil {
		id, signature, _ := OpenID(id)
		return id, signature
	}
	return id, Signature{}
}

// DecodeRequest reads the body of POST /v1/messages or /v1/messages/count_tokens.
func (c anthropic) DecodeRequest(body []byte, report *Report) (*Request, error) {
	v, err := openValue(body)
	if err != nil {
		return nil, err
	}
	d := anthropicRequest{reader: anthropicReader{report: report}, request: &Request{Body: body}}
	if err := v.members(d.member); err != nil {
		return nil, err
	}
	d.request.Messages = slices.Concat(d.system, d.messages)
	if d.messages == nil {
		return nil, &FieldError{Field: "messages", Reason: "is missing: an array of the conversation's turns is required"}
	}
	d.chooseParallel()
	return d.request, nil
}

// anthropicRequest is a request while it is read.
type anthropicRequest struct {
	reader   anthropicReader
	request  *Request
	system   []Message
	messages []Message
	alone    *bool
}

// member reads one member of the request's object.
func (d *anthropicRequest) member(name []byte, v value) error {
	r := d.request
	if v.isNull() {
		return nil
	}
	switch string(name) {
	case "model", "stream":
	case "messages":
		return d.readMessages(v)
	case "system":
		parts, err := d.reader.content(v, "system")
		if err != nil || len(parts) == 0 {
			return err
		}
		d.system = []Message{{Role: RoleSystem, Parts: parts}}
	case "max_tokens":
		return readInt("max_tokens", v, &r.MaxTokens)
	case "temperature":
		return readFloat("temperature", v, &r.Temperature)
	case "top_p":
		return readFloat("top_p", v, &r.TopP)
	case "top_k":
		return readInt("top_k", v, &r.TopK)
	case "stop_sequences":
		return readStrings("stop_sequences", v, &r.Stop)
	case "thinking":
		return d.thinking(v)
	case "output_config":
		return d.output(v)
	case "output_format":
		return d.format(v, "output_format")
	case "tools":
		return d.tools(v)
	case "tool_choice":
		return d.choice(v)
	case "metadata":
		return d.metadata(v)
	case "service_tier":
		r.ServiceTier = v.text()
	default:
		r.Extra = append(r.Extra, Extra{
			Vendor: VendorAnthropic, Name: string(name), Value: v.raw(), Essential: anthropicEssential(string(name)),
		})
	}
	return nil
}

// anthropicEssential tells whether an extension decides what the model can do or where its data goes.
func anthropicEssential(name string) bool {
	switch name {
	case "mcp_servers", "container", "inference_geo":
		return true
	default:
		return false
	}
}

func (d *anthropicRequest) readMessages(v value) error {
	if !v.isArray() {
		return &FieldError{Field: "messages", Reason: "must be an array"}
	}
	d.messages = []Message{}
	return v.elements(func(i int, turn value) error {
		at := indexed("messages", i)
		m := Message{At: i}
		switch role := turn.get("role").text(); role {
		case "user":
		case "assistant":
			m.Role = RoleAssistant
		case "system":
			m.Role = RoleSystem
		default:
			return &FieldError{Field: at + ".role", Reason: "must be user, assistant or system"}
		}
		var err error
		m.Parts, err = d.reader.content(turn.get("content"), at+".content")
		d.messages = append(d.messages, m)
		return err
	})
}

// thinking reads how much the model shall think: {"type":"enabled","budget_tokens"}, adaptive or disabled.
func (d *anthropicRequest) thinking(v value) error {
	r := &d.request.Reasoning
	switch v.get("type").text() {
	case "enabled":
		budget := v.get("budget_tokens")
		if budget.isNull() {
			return &FieldError{Field: "thinking.budget_tokens", Reason: "is missing: thinking of type enabled needs it"}
		}
		if err := readInt("thinking.budget_tokens", budget, &r.Budget); err != nil {
			return err
		}
	case "adaptive":
		r.Adaptive = true
	case "disabled":
		r.Budget = new(int64)
	default:
		return &FieldError{Field: "thinking.type", Reason: "must be enabled, adaptive or disabled"}
	}
	switch v.get("display").text() {
	case "summarized":
		r.Show = new(true)
	case "omitted":
		r.Show = new(false)
	}
	return nil
}

// output reads effort and format.
func (d *anthropicRequest) output(v value) error {
	return v.members(func(name []byte, v value) error {
		switch string(name) {
		case "effort":
			d.request.Reasoning.Effort = Effort(v.text())
		case "format":
			return d.format(v, "output_config.format")
		default:
			d.reader.report.DropName("output_config." + string(name))
		}
		return nil
	})
}

func (d *anthropicRequest) format(v value, at string) error {
	if v.isNull() {
		return nil
	}
	if v.get("type").text() != "json_schema" || !v.get("schema").isObject() {
		return &FieldError{Field: at, Reason: `must be {"type":"json_schema","schema":{...}}`}
	}
	schema := v.get("schema")
	d.request.Format = Format{Kind: FormatSchema, Schema: schema.raw(), Strict: new(closedSchema(schema, 0))}
	return nil
}

// metadata has user_id; everything else in it is an unknown note.
func (d *anthropicRequest) metadata(v value) error {
	return v.members(func(name []byte, v value) error {
		if string(name) == "user_id" {
			d.request.User = v.text()
		} else {
			d.request.Metadata = append(d.request.Metadata, Note{Key: string(name), Value: v.text()})
		}
		return nil
	})
}

// chooseParallel takes over disable_parallel_tool_use, which stands in the choice of a tool.
func (d *anthropicRequest) chooseParallel() {
	if d.alone != nil {
		d.request.ParallelTools = new(!*d.alone)
	}
}

// cacheMark reads cache_control.
func (r *anthropicReader) cacheMark(v value) *CacheMark {
	if !v.isObject() {
		return nil
	}
	return &CacheMark{TTL: v.get("ttl").text()}
}
