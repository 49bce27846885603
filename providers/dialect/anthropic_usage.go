package dialect

func (c anthropic) usageFromReply(body []byte) (Usage, bool) {
	v, err := openValue(body)
	if err != nil {
		return Usage{}, false
	}
	return c.usage(v.get("usage"), Usage{})
}

// usageFromData serves message_start, where the usage is within the message, and message_delta, which repeats of it
// what has changed.
func (c anthropic) usageFromData(data []byte) (Usage, bool) {
	v, err := openValue(data)
	if err != nil {
		return Usage{}, false
	}
	if u, ok := c.usage(v.get("message").get("usage"), Usage{}); ok {
		return u, true
	}
	return c.usage(v.get("usage"), Usage{})
}

// usage reads a usage object on top of what was told before: members that are missing or null keep their figures.
// Anthropic's input_tokens leave out what was read from the cache or written to it.
func (anthropic) usage(v value, before Usage) (Usage, bool) {
	if !v.isObject() {
		return before, false
	}
	u := before
	fresh := before.Fresh()
	set := func(to *int64, told value) {
		if !told.isNull() {
			*to = count(told)
		}
	}
	err := v.members(func(name []byte, told value) error {
		switch string(name) {
		case "input_tokens":
			set(&fresh, told)
		case "output_tokens":
			set(&u.Output, told)
		case "cache_read_input_tokens":
			set(&u.CachedInput, told)
		case "cache_creation_input_tokens":
			set(&u.CacheWrite, told)
		case "cache_creation":
			set(&u.CacheWrite1h, told.get("ephemeral_1h_input_tokens"))
		case "output_tokens_details":
			set(&u.Reasoning, told.get("thinking_tokens"))
		case "server_tool_use":
			set(&u.Searches, told.get("web_search_requests"))
		}
		return nil
	})
	u.Input = fresh + u.CachedInput + u.CacheWrite
	return u, err == nil
}

// writeUsage appends a usage object as Anthropic counts.
func (anthropic) writeUsage(w *writer, u *Usage, tier string) {
	w.openObject("usage")
	w.int("input_tokens", u.Fresh())
	w.int("cache_creation_input_tokens", u.CacheWrite)
	w.int("cache_read_input_tokens", u.CachedInput)
	if u.CacheWrite > 0 {
		w.openObject("cache_creation")
		w.int("ephemeral_5m_input_tokens", max(0, u.CacheWrite-u.CacheWrite1h))
		w.int("ephemeral_1h_input_tokens", u.CacheWrite1h)
		w.close('}')
	}
	w.int("output_tokens", u.Output)
	if u.Reasoning > 0 {
		w.openObject("output_tokens_details")
		w.int("thinking_tokens", u.Reasoning)
		w.close('}')
	}
	if u.Searches > 0 {
		w.openObject("server_tool_use")
		w.int("web_search_requests", u.Searches)
		w.close('}')
	}
	w.optStr("service_tier", tier)
	w.close('}')
}
