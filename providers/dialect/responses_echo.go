package dialect

// responsesEchoed are the members of a request that its answer repeats, with what they are where the request leaves
// them out. Typed clients need most of them.
var responsesEchoed = [...]struct{ name, usual string }{
	{"background", "false"},
	{"instructions", "null"},
	{"max_output_tokens", "null"},
	{"max_tool_calls", "null"},
	{"metadata", "{}"},
	{"parallel_tool_calls", "true"},
	{"prompt_cache_key", "null"},
	{"reasoning", `{"effort":null,"summary":null}`},
	{"safety_identifier", "null"},
	{"temperature", "1"},
	{"text", `{"format":{"type":"text"}}`},
	{"tool_choice", `"auto"`},
	{"tools", "[]"},
	{"top_logprobs", "0"},
	{"top_p", "1"},
	{"truncation", `"disabled"`},
	{"user", "null"},
}

// responsesEcho returns the members of an answer that repeat the request. The answer of an upstream of another dialect
// is kept nowhere, so that it continues none and is not stored, whatever the request has asked for.
func responsesEcho(x *Exchange) []byte {
	var said [len(responsesEchoed)]value
	if x.Request != nil {
		// A body that cannot be read has been refused.
		root, _ := openValue(x.Request.Body)
		_ = root.members(func(name []byte, v value) error {
			for i := range responsesEchoed {
				if string(name) == responsesEchoed[i].name && !v.isNull() {
					said[i] = v
				}
			}
			return nil
		})
	}
	w := writer{make([]byte, 0, 512)}
	w.raw("previous_response_id", nil)
	w.bool("store", false)
	for i, v := range said {
		if v == nil {
			v = value(responsesEchoed[i].usual)
		}
		w.raw(responsesEchoed[i].name, compact(v))
	}
	return w.buf
}

// compact returns JSON without line ends, which would break an event in two.
func compact(v value) value {
	for _, c := range v {
		if c == '\n' || c == '\r' {
			return compacted(v)
		}
	}
	return v
}

// compacted turns line ends into spaces: within a string they are always escaped.
func compacted(v value) value {
	out := make(value, len(v))
	for i, c := range v {
		if c == '\n' || c == '\r' {
			c = ' '
		}
		out[i] = c
	}
	return out
}
