package dialect

import "encoding/json"

// chatRequest is a request of OpenAI Chat while it is being read.
type chatRequest struct {
	req    *Request
	report *Report
	// limited tells that max_completion_tokens was there, which comes before max_tokens.
	limited bool
}

// DecodeRequest implements Codec.
func (openAIChat) DecodeRequest(body []byte, report *Report) (*Request, error) {
	root, err := openValue(body)
	if err != nil {
		return nil, err
	}
	r := chatRequest{req: &Request{Body: body}, report: report}
	err = root.members(func(name []byte, v value) error {
		if v.isNull() {
			return nil
		}
		return r.member(string(name), v)
	})
	if err != nil {
		return nil, err
	}
	return r.req, nil
}

// member reads what the conversation is made of, and passes the rest on.
func (r *chatRequest) member(name string, v value) error {
	q := r.req
	switch name {
	case "model", "stream":
		return nil // from the route
	case "stream_options":
		q.IncludeUsage = v.get("include_usage").isTrue()
		return nil
	case "messages":
		return r.messages(v)
	case "tools":
		return r.tools(v)
	case "functions":
		return r.functions(v)
	case "tool_choice":
		return r.toolChoice(v)
	case "function_call":
		return r.functionCall(v)
	case "parallel_tool_calls":
		return readBool(name, v, &q.ParallelTools)
	case "response_format":
		return r.format(v)
	case "web_search_options":
		return r.webSearch(v)
	default:
		return r.setting(name, v)
	}
}

// setting reads what tunes the answer.
func (r *chatRequest) setting(name string, v value) error {
	q := r.req
	switch name {
	case "max_completion_tokens":
		r.limited = true
		return readInt(name, v, &q.MaxTokens)
	case "max_tokens":
		if r.limited {
			return nil
		}
		return readInt(name, v, &q.MaxTokens)
	case "temperature":
		return readFloat(name, v, &q.Temperature)
	case "top_p":
		return readFloat(name, v, &q.TopP)
	case "top_k":
		return readInt(name, v, &q.TopK)
	case "frequency_penalty":
		return readFloat(name, v, &q.FrequencyPenalty)
	case "presence_penalty":
		return readFloat(name, v, &q.PresencePenalty)
	case "seed":
		return readInt(name, v, &q.Seed)
	case "stop":
		return readStrings(name, v, &q.Stop)
	case "n":
		return readInt(name, v, &q.N)
	case "logprobs":
		return readBool(name, v, &q.LogProbs)
	case "top_logprobs":
		return readInt(name, v, &q.TopLogProbs)
	case "logit_bias":
		q.LogitBias = v.raw()
		return nil
	default:
		return r.note(name, v)
	}
}

// note reads what is about the request rather than the answer, and what is no member of OpenAI's own.
func (r *chatRequest) note(name string, v value) error {
	q := r.req
	switch name {
	case "reasoning_effort":
		return readString(name, v, (*string)(&q.Reasoning.Effort))
	case "verbosity":
		return readString(name, v, &q.Verbosity)
	case "service_tier":
		return readString(name, v, &q.ServiceTier)
	case "user", "safety_identifier":
		return readString(name, v, &q.User)
	case "prompt_cache_key":
		return readString(name, v, &q.CacheKey)
	case "store":
		return readBool(name, v, &q.Store)
	case "metadata":
		return readNotes(name, v, &q.Metadata)
	case "modalities":
		return r.modalities(v)
	case "enable_thinking", "thinking_budget", "thinking", "reasoning":
		return r.thinking(name, v)
	case "enable_search", "enable_code_interpreter":
		return r.qwenTool(name, v)
	case "prediction", "audio":
		r.report.DropName(name) // audio says how to speak and counts only with the modality
		return nil
	default:
		q.Extra = append(q.Extra, Extra{Vendor: VendorOpenAI, Name: name, Value: v.raw()})
		return nil
	}
}

func (r *chatRequest) modalities(v value) error {
	var list []string
	if err := readStrings("modalities", v, &list); err != nil {
		return err
	}
	for _, m := range list {
		if m != "text" {
			r.report.RefuseName("modalities", "asks for "+clipWord(m)+", and this upstream answers in text only")
		}
	}
	return nil
}

// thinking reads the ways in which servers that are compatible with OpenAI let a client ask for thoughts.
func (r *chatRequest) thinking(name string, v value) error {
	q := &r.req.Reasoning
	switch name {
	case "enable_thinking":
		if !v.isTrue() {
			q.Effort = EffortNone
		} else if q.Effort == "" {
			q.Adaptive = true
		}
		return nil
	case "thinking_budget":
		return readInt(name, v, &q.Budget)
	case "thinking":
		switch v.get("type").text() {
		case "disabled":
			q.Effort = EffortNone
		case "adaptive":
			q.Adaptive = true
		case "enabled":
			return readInt("thinking.budget_tokens", v.get("budget_tokens"), &q.Budget)
		}
		return nil
	default:
		q.Effort = Effort(v.get("effort").text())
		if limit := v.get("max_tokens"); !limit.isNull() {
			return readInt("reasoning.max_tokens", limit, &q.Budget)
		}
		return nil
	}
}

// qwenTool reads the switches by which Qwen's chat turns its own tools on.
func (r *chatRequest) qwenTool(name string, v value) error {
	if !v.isTrue() {
		return nil
	}
	tool := ServerWebSearch
	if name == "enable_code_interpreter" {
		tool = ServerCodeInterpreter
	}
	r.req.Tools = append(r.req.Tools, Tool{Kind: ToolServer, Name: string(tool), Server: tool})
	return nil
}

func (r *chatRequest) webSearch(v value) error {
	options := ServerOptions{ContextSize: v.get("search_context_size").text()}
	if where := v.get("user_location"); where.isObject() {
		var w writer
		w.open('{')
		w.str("type", "approximate")
		err := where.get("approximate").members(func(name []byte, v value) error {
			w.member(string(name), v)
			return nil
		})
		if err != nil {
			return err
		}
		w.close('}')
		options.Location = json.RawMessage(w.buf)
	}
	r.req.Tools = append(r.req.Tools, Tool{
		Kind: ToolServer, Name: string(ServerWebSearch), Server: ServerWebSearch, Options: options,
	})
	return nil
}

func (r *chatRequest) format(v value) error {
	f := &r.req.Format
	switch kind := v.get("type").text(); kind {
	case "text", "":
	case "json_object":
		f.Kind = FormatJSON
	case "json_schema":
		schema := v.get("json_schema")
		if !schema.get("schema").isObject() {
			return &FieldError{Field: "response_format.json_schema.schema", Reason: "must be an object"}
		}
		*f = Format{
			Kind: FormatSchema, Name: schema.get("name").text(), Description: schema.get("description").text(),
			Schema: schema.get("schema").raw(),
		}
		if strict := schema.get("strict"); !strict.isNull() {
			return readBool("response_format.json_schema.strict", strict, &f.Strict)
		}
	default:
		return &FieldError{Field: "response_format.type", Reason: "is " + clipWord(kind) + ", which is not known"}
	}
	return nil
}
