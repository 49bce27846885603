package dialect

// DecodeResponse implements Codec.
func (c openAIChat) DecodeResponse(body []byte, x *Exchange) (*Response, error) {
	root, err := openValue(body)
	if err != nil {
		return nil, err
	}
	r := &Response{}
	err = root.members(func(name []byte, v value) error {
		switch string(name) {
		case "id":
			r.ID = v.text()
		case "model":
			r.Model = v.text()
		case "created":
			r.Created, _ = v.integer()
		case "service_tier":
			r.ServiceTier = v.text()
		case "system_fingerprint":
			r.Fingerprint = v.text()
		case "usage":
			r.Usage, r.Counted = c.usage(v)
		case "choices":
			return v.elements(func(_ int, v value) error {
				choice, err := chatChoice(v)
				r.Choices = append(r.Choices, choice)
				return err
			})
		}
		return nil
	})
	if err == nil && len(r.Choices) == 0 {
		err = &FieldError{Field: "choices", Reason: "is missing in the answer"}
	}
	return r, err
}

func chatChoice(v value) (Choice, error) {
	var c Choice
	message := v.get("message")
	parts, err := chatAnswer("choices.message", message)
	if err != nil {
		return c, err
	}
	c.Parts = parts
	c.LogProbs = chatLogProbs(v.get("logprobs").get("content"))
	c.Stop.Reason = chatStop(v.get("finish_reason").text())
	for i := range c.Parts {
		switch c.Parts[i].Kind {
		case PartToolCall:
			if c.Stop.Reason == StopEnd || c.Stop.Reason == StopUnknown {
				c.Stop.Reason = StopToolUse
			}
		case PartText:
			if c.Parts[i].Citations == nil {
				c.Parts[i].Citations = chatCitations(message.get("annotations"))
			}
		}
	}
	return c, nil
}

// chatStop reads a finish_reason.
func chatStop(word string) StopReason {
	switch word {
	case "":
		return StopUnknown
	case "length":
		return StopMaxTokens
	case "tool_calls", "function_call":
		return StopToolUse
	case "content_filter":
		return StopFilter
	default:
		return StopEnd
	}
}

// chatFinish is the finish_reason of an answer.
func chatFinish(reason StopReason, calls bool) string {
	switch reason {
	case StopMaxTokens, StopContext:
		return "length"
	case StopFilter, StopRefusal:
		return "content_filter"
	case StopToolUse:
		return "tool_calls"
	}
	if calls {
		return "tool_calls"
	}
	return "stop"
}

func chatCitations(v value) []Citation {
	var list []Citation
	_ = v.elements(func(_ int, v value) error {
		if c := v.get("url_citation"); c.isObject() {
			start, _ := c.get("start_index").integer()
			end, _ := c.get("end_index").integer()
			list = append(list, Citation{
				Start: int(start), End: int(end), URL: c.get("url").text(), Title: c.get("title").text(), Document: -1,
			})
		}
		return nil
	})
	return list
}

func chatLogProbs(v value) []LogProb {
	var list []LogProb
	_ = v.elements(func(_ int, v value) error {
		p := LogProb{Token: v.get("token").text(), Top: chatLogProbs(v.get("top_logprobs"))}
		p.LogProb, _ = v.get("logprob").number()
		_ = v.get("bytes").elements(func(_ int, v value) error {
			b, _ := v.integer()
			p.Bytes = append(p.Bytes, int(b))
			return nil
		})
		list = append(list, p)
		return nil
	})
	return list
}

// EncodeResponse implements Codec.
func (openAIChat) EncodeResponse(dst []byte, r *Response, x *Exchange) []byte {
	w := writer{dst}
	w.open('{')
	w.str("id", chatAnswerID(r.ID, x))
	w.str("object", "chat.completion")
	w.int("created", chatCreated(r.Created, x))
	w.str("model", chatModel(r.Model, x))
	w.openArray("choices")
	for i := range r.Choices {
		chatWriteChoice(&w, i, &r.Choices[i])
	}
	w.close(']')
	if r.Counted {
		chatWriteUsage(&w, &r.Usage)
	}
	w.optStr("service_tier", chatTier(r.ServiceTier))
	w.optStr("system_fingerprint", r.Fingerprint)
	w.close('}')
	return w.buf
}

func chatAnswerID(id string, x *Exchange) string {
	if id == "" {
		return x.MintID("chatcmpl", 0)
	}
	return id
}

func chatCreated(created int64, x *Exchange) int64 {
	if created == 0 {
		return x.Now
	}
	return created
}

func chatModel(model string, x *Exchange) string {
	if model == "" {
		return x.Target.Model
	}
	return model
}

func chatWriteChoice(w *writer, index int, c *Choice) {
	w.open('{')
	w.int("index", int64(index))
	calls := chatWriteMessage(w, c)
	if len(c.LogProbs) > 0 {
		chatWriteLogProbs(w, c.LogProbs)
	} else {
		w.null("logprobs")
	}
	w.str("finish_reason", chatFinish(c.Stop.Reason, calls))
	w.close('}')
}

// chatWriteMessage writes the answer, and tells whether there are calls in it.
func chatWriteMessage(w *writer, c *Choice) bool {
	var text, thought, refusal string
	var cited []Citation
	said, calls := false, false
	for i := range c.Parts {
		switch p := &c.Parts[i]; p.Kind {
		case PartText:
			cited = append(cited, shifted(p.Citations, text)...)
			text, said = text+p.Text, true
		case PartThinking:
			thought = joinLines(thought, p.Text)
		case PartRefusal:
			refusal += p.Text
		case PartToolCall:
			calls = true
		}
	}
	w.openObject("message")
	w.str("role", "assistant")
	if said || !calls && refusal == "" {
		w.str("content", text)
	} else {
		w.null("content")
	}
	if refusal != "" {
		w.str("refusal", refusal)
	} else {
		w.null("refusal")
	}
	w.optStr("reasoning_content", thought)
	if len(cited) > 0 {
		w.openArray("annotations")
		for i := range cited {
			chatWriteCitation(w, &cited[i])
		}
		w.close(']')
	}
	if calls {
		chatWriteCalls(w, c.Parts)
	}
	w.close('}')
	return calls
}

// shifted moves the citations of a text behind the text before it.
func shifted(list []Citation, before string) []Citation {
	out := make([]Citation, len(list))
	by := len([]rune(before))
	for i, c := range list {
		if c.End > 0 {
			c.Start, c.End = c.Start+by, c.End+by
		}
		out[i] = c
	}
	return out
}

func chatWriteCitation(w *writer, c *Citation) {
	w.open('{')
	w.str("type", "url_citation")
	w.openObject("url_citation")
	w.int("start_index", int64(c.Start))
	w.int("end_index", int64(c.End))
	w.str("url", c.URL)
	w.str("title", c.Title)
	w.buf = append(w.buf, "}}"...)
}

// chatWriteCalls writes the calls with the signature of the thought before them in the id of the first.
func chatWriteCalls(w *writer, parts []Part) {
	var carried chatCarried
	w.openArray("tool_calls")
	for i := range parts {
		p := &parts[i]
		carried.see(p)
		if p.Kind != PartToolCall {
			continue
		}
		w.open('{')
		w.str("id", carried.id(p))
		chatWriteCall(w, p.Call, true)
		w.close('}')
	}
	w.close(']')
}

// chatWriteCall writes what follows the id of a call.
func chatWriteCall(w *writer, c *ToolCall, whole bool) {
	if c.Custom {
		w.str("type", "custom")
		w.openObject("custom")
		w.str("name", c.Name)
		w.str("input", c.Input)
		w.close('}')
		return
	}
	w.str("type", "function")
	w.openObject("function")
	w.str("name", c.Name)
	args := c.Args
	if whole && len(args) == 0 {
		args = []byte("{}")
	}
	w.bytes("arguments", args)
	w.close('}')
}

// chatCarried is the signature that the next call's id has to carry.
type chatCarried struct {
	signature Signature
	encrypted bool
}

func (c *chatCarried) see(p *Part) {
	if p.Kind == PartThinking && !p.Signature.Empty() {
		c.signature, c.encrypted = p.Signature, p.Encrypted
	}
}

// id is the id of a call. A call's own signature comes before that of a thought, which then waits for no other.
func (c *chatCarried) id(p *Part) string {
	s, encrypted := c.signature, c.encrypted
	if !p.Signature.Empty() {
		s, encrypted = p.Signature, false
	}
	*c = chatCarried{}
	return CarryID(p.Call.ID, s, encrypted)
}

func chatWriteLogProbs(w *writer, list []LogProb) {
	w.openObject("logprobs")
	w.openArray("content")
	chatWriteProbs(w, list, true)
	w.close(']')
	w.null("refusal")
	w.close('}')
}

func chatWriteProbs(w *writer, list []LogProb, top bool) {
	for i := range list {
		p := &list[i]
		w.open('{')
		w.str("token", p.Token)
		w.float("logprob", p.LogProb)
		if p.Bytes == nil {
			w.null("bytes")
		} else {
			w.openArray("bytes")
			for _, b := range p.Bytes {
				w.number(int64(b))
			}
			w.close(']')
		}
		if top {
			w.openArray("top_logprobs")
			chatWriteProbs(w, p.Top, false)
			w.close(']')
		}
		w.close('}')
	}
}

func chatWriteUsage(w *writer, u *Usage) {
	w.openObject("usage")
	w.int("prompt_tokens", u.Input)
	w.int("completion_tokens", u.Output)
	w.int("total_tokens", u.Total())
	w.openObject("prompt_tokens_details")
	w.int("cached_tokens", u.CachedInput)
	w.int("audio_tokens", u.InputAudio)
	if u.CacheWrite > 0 {
		w.int("cache_write_tokens", u.CacheWrite)
	}
	w.close('}')
	w.openObject("completion_tokens_details")
	w.int("reasoning_tokens", u.Reasoning)
	w.int("audio_tokens", u.OutputAudio)
	w.buf = append(w.buf, "}}"...)
}
