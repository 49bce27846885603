package dialect

func (c openAIResponses) usageFromReply(body []byte) (Usage, bool) {
	v, err := openValue(body)
	if err != nil {
		return Usage{}, false
	}
	return c.usage(v.get("usage"))
}

// usageFromData serves the events that hold the whole answer. It is null in all but the last.
func (c openAIResponses) usageFromData(data []byte) (Usage, bool) {
	v, err := openValue(data)
	if err != nil {
		return Usage{}, false
	}
	return c.usage(v.get("response").get("usage"))
}

// usage reads a usage object, whose totals already include cached and reasoning tokens.
func (openAIResponses) usage(v value) (Usage, bool) {
	if !v.isObject() {
		return Usage{}, false
	}
	var u Usage
	err := v.members(func(name []byte, told value) error {
		switch string(name) {
		case "input_tokens":
			u.Input = count(told)
		case "output_tokens":
			u.Output = count(told)
		case "input_tokens_details":
			u.CachedInput = count(told.get("cached_tokens"))
			u.CacheWrite = count(told.get("cache_write_tokens"))
			u.InputAudio = count(told.get("audio_tokens"))
		case "output_tokens_details":
			u.Reasoning = count(told.get("reasoning_tokens"))
			u.OutputAudio = count(told.get("audio_tokens"))
		}
		return nil
	})
	return u, err == nil
}

// responsesWriteUsage appends the usage. Some clients cannot read one without both details.
func responsesWriteUsage(w *writer, u *Usage) {
	w.openObject("usage")
	w.int("input_tokens", u.Input)
	w.openObject("input_tokens_details")
	w.int("cached_tokens", u.CachedInput)
	if u.CacheWrite > 0 {
		w.int("cache_write_tokens", u.CacheWrite)
	}
	w.close('}')
	w.int("output_tokens", u.Output)
	w.openObject("output_tokens_details")
	w.int("reasoning_tokens", u.Reasoning)
	w.close('}')
	w.int("total_tokens", u.Total())
	w.close('}')
}
