package dialect

// DecodeResponse implements Codec. An answer that has failed is an *Error.
func (c openAIResponses) DecodeResponse(body []byte, x *Exchange) (*Response, error) {
	root, err := openValue(body)
	if err != nil {
		return nil, err
	}
	output := root.get("output")
	if !output.isArray() {
		return nil, &FieldError{Field: "output", Reason: "is missing in the answer"}
	}
	if fault := responsesFailed(root); fault != nil {
		return nil, fault
	}
	r := &Response{ID: root.get("id").text(), Model: root.get("model").text(), ServiceTier: root.get("service_tier").text()}
	r.Created, _ = root.get("created_at").integer()
	r.Usage, r.Counted = c.usage(root.get("usage"))
	var choice Choice
	reader := responsesReader{vendor: x.Target.Vendor}
	err = output.elements(func(i int, item value) error {
		kind := item.get("type").text()
		parts, _, err := reader.outputItem(indexed("output", i), kind, item)
		choice.Parts = append(choice.Parts, parts...)
		if kind == "message" {
			choice.LogProbs = append(choice.LogProbs, responsesProbs(item)...)
		}
		return err
	})
	choice.Stop = responsesStop(root, hasCalls(choice.Parts))
	r.Choices = []Choice{choice}
	return r, err
}

func hasCalls(parts []Part) bool {
	for i := range parts {
		if parts[i].Kind == PartToolCall {
			return true
		}
	}
	return false
}

// responsesProbs reads the likelihoods in a message.
func responsesProbs(item value) []LogProb {
	var list []LogProb
	_ = item.get("content").elements(func(_ int, part value) error {
		list = append(list, chatLogProbs(part.get("logprobs"))...)
		return nil
	})
	return list
}

// responsesStop tells why an answer ended. There is no word for calls.
func responsesStop(response value, calls bool) Stop {
	if response.get("status").text() == "incomplete" {
		switch reason := response.get("incomplete_details").get("reason").text(); reason {
		case "content_filter":
			return Stop{Reason: StopFilter}
		default: // max_output_tokens, and what cut it off for reasons that are not known yet
			return Stop{Reason: StopMaxTokens}
		}
	}
	if calls {
		return Stop{Reason: StopToolUse}
	}
	return Stop{Reason: StopEnd}
}

// responsesFailed is the fault of an answer that has failed or was cancelled, nil for others.
func responsesFailed(response value) *Error {
	told := response.get("error")
	switch response.get("status").text() {
	case "failed", "cancelled":
	default:
		if !told.isObject() {
			return nil
		}
	}
	return responsesFault(told)
}

// responsesFault reads a fault within an answer: a code and a message, no status.
func responsesFault(told value) *Error {
	e := &Error{
		Code: clipWord(told.get("code").text()), Type: clipWord(told.get("type").text()), Message: clipForeign(told.get("message").text()),
		Param: clipWord(told.get("param").text()),
	}
	if e.Type == "error" {
		e.Type = "" // that of the event
	}
	if e.Message == "" {
		e.Message = "the upstream's answer failed"
	}
	e.Kind = responsesKind(e)
	e.Status = statusOf(e.Kind)
	return e
}

// EncodeResponse implements Codec. The items are those which a stream of the answer would end with. Of several
// answers it is the first: requests of this dialect ask for one.
func (openAIResponses) EncodeResponse(dst []byte, r *Response, x *Exchange) []byte {
	e := responsesEncoder{x: x, quiet: true}
	Replay(r, func(ev *Event) { e.Encode(nil, ev) })
	w := writer{dst}
	e.response(&w, e.outcome())
	return w.buf
}
