package dialect

import "slices"

// responsesReader reads items: those of a client's request or those of an upstream's answer.
type responsesReader struct {
	// report is nil for answers.
	report *Report
	// vendor is the origin of signatures.
	vendor Vendor
}

// responsesRequest is a request while it is read.
type responsesRequest struct {
	responsesReader
	req          *Request
	instructions string
	begun        bool
}

// DecodeRequest implements Codec.
func (openAIResponses) DecodeRequest(body []byte, report *Report) (*Request, error) {
	root, err := openValue(body)
	if err != nil {
		return nil, err
	}
	r := responsesRequest{responsesReader: responsesReader{report: report}, req: &Request{Body: body}}
	err = root.members(func(name []byte, v value) error {
		if v.isNull() {
			return nil
		}
		return r.member(string(name), v)
	})
	if err != nil {
		return nil, err
	}
	if !r.begun && !slices.ContainsFunc(r.req.Extra, func(x Extra) bool { return x.Essential }) {
		return nil, &FieldError{Field: "input", Reason: "is missing: a string or an array of items is required"}
	}
	if r.instructions != "" {
		first := Message{Role: RoleSystem, Parts: textParts(r.instructions)}
		r.req.Messages = slices.Insert(r.req.Messages, 0, first)
	}
	return r.req, nil
}

// member reads what the conversation is made of, and passes the rest on.
func (r *responsesRequest) member(name string, v value) error {
	q := r.req
	switch name {
	case "model", "stream":
		return nil // from the route
	case "instructions":
		return readString(name, v, &r.instructions)
	case "input":
		return r.input(v)
	case "tools":
		return r.tools(name, "", v)
	case "tool_choice":
		return r.toolChoice(v)
	case "parallel_tool_calls":
		return readBool(name, v, &q.ParallelTools)
	case "text":
		return r.text(v)
	case "reasoning":
		return r.reasoning(v)
	case "include":
		return r.include(v)
	default:
		return r.setting(name, v)
	}
}

// setting reads what tunes the answer and what is about the request.
func (r *responsesRequest) setting(name string, v value) error {
	q := r.req
	switch name {
	case "max_output_tokens":
		return readInt(name, v, &q.MaxTokens)
	case "temperature":
		return readFloat(name, v, &q.Temperature)
	case "top_p":
		return readFloat(name, v, &q.TopP)
	case "top_logprobs":
		return readInt(name, v, &q.TopLogProbs)
	case "service_tier":
		return readString(name, v, &q.ServiceTier)
	case "metadata":
		return readNotes(name, v, &q.Metadata)
	case "user", "safety_identifier":
		return readString(name, v, &q.User)
	case "prompt_cache_key":
		return readString(name, v, &q.CacheKey)
	case "store":
		return readBool(name, v, &q.Store)
	default:
		r.extension(name, v)
		return nil
	}
}

// extension keeps what only OpenAI's own servers understand. What makes the request depend on something that they
// keep changes its meaning.
func (r *responsesRequest) extension(name string, v value) {
	extra := Extra{Vendor: VendorOpenAI, Name: name, Value: v.raw()}
	switch name {
	case "stream_options":
		if v.get("include_obfuscation").isTrue() {
			r.report.DropName("stream_options.include_obfuscation")
		}
		return
	case "truncation":
		if v.text() == "disabled" {
			return // as it is everywhere else
		}
	case "background":
		if !v.isTrue() {
			return
		}
		extra.Essential, extra.Reason = true, "asks for an answer to be fetched later, which this upstream cannot keep: leave it out"
	case "previous_response_id":
		extra.Essential, extra.Reason = true, "names an answer that this upstream does not keep: send the whole conversation as input"
	case "conversation":
		extra.Essential, extra.Reason = true, "names a conversation that this upstream does not keep: send the whole conversation as input"
	case "prompt":
		extra.Essential, extra.Reason = true, "names a template that this upstream does not keep: send its text as instructions and input"
	}
	r.req.Extra = append(r.req.Extra, extra)
}

// text reads the format of the answer and how much it shall say.
func (r *responsesRequest) text(v value) error {
	if verbosity := v.get("verbosity"); !verbosity.isNull() {
		if err := readString("text.verbosity", verbosity, &r.req.Verbosity); err != nil {
			return err
		}
	}
	format, f := v.get("format"), &r.req.Format
	switch kind := format.get("type").text(); kind {
	case "text", "":
	case "json_object":
		f.Kind = FormatJSON
	case "json_schema":
		if !format.get("schema").isObject() {
			return &FieldError{Field: "text.format.schema", Reason: "must be an object"}
		}
		*f = Format{
			Kind: FormatSchema, Name: format.get("name").text(), Description: format.get("description").text(),
			Schema: format.get("schema").raw(),
		}
		if strict := format.get("strict"); !strict.isNull() {
			return readBool("text.format.strict", strict, &f.Strict)
		}
	default:
		return &FieldError{Field: "text.format.type", Reason: "is " + clipWord(kind) + ", which is not known"}
	}
	return nil
}

func (r *responsesRequest) reasoning(v value) error {
	if !v.isObject() {
		return &FieldError{Field: "reasoning", Reason: "must be an object"}
	}
	q := &r.req.Reasoning
	return v.members(func(name []byte, v value) error {
		if v.isNull() {
			return nil
		}
		switch string(name) {
		case "effort":
			return readString("reasoning.effort", v, (*string)(&q.Effort))
		case "summary", "generate_summary":
			q.Show = new(true)
			return readString("reasoning.summary", v, &q.Summary)
		default:
			r.report.DropName("reasoning." + clipWord(string(name)))
			return nil
		}
	})
}

// include reads what the answer shall hold beside the usual. Sources and outputs of tools are always told.
func (r *responsesRequest) include(v value) error {
	var list []string
	if err := readStrings("include", v, &list); err != nil {
		return err
	}
	for _, wanted := range list {
		switch wanted {
		case responsesWantThoughts:
			r.req.IncludeEncrypted = true
		case responsesWantProbs:
			r.req.LogProbs = new(true)
		case responsesWantSources, responsesWantOutputs, "web_search_call.results":
		default:
			r.report.DropName("include." + clipWord(wanted))
		}
	}
	return nil
}

// What an answer can hold beside the usual.
const (
	responsesWantThoughts = "reasoning.encrypted_content"
	responsesWantProbs    = "message.output_text.logprobs"
	responsesWantSources  = "web_search_call.action.sources"
	responsesWantOutputs  = "code_interpreter_call.outputs"
)
