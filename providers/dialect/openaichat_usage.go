package dialect

import "strconv"

func (c openAIChat) usageFromReply(body []byte) (Usage, bool) {
	var m member
	if !findMember(body, "usage", &m) {
		return Usage{}, false
	}
	return c.usage(m.value.of(body))
}

// usageFromData serves chunks: servers that tell the usage more than once tell it cumulated.
func (c openAIChat) usageFromData(data []byte) (Usage, bool) { return c.usageFromReply(data) }

// usage reads a usage object, whose totals already include cached and reasoning tokens.
func (openAIChat) usage(data []byte) (Usage, bool) {
	obj, err := openObject(data)
	if err != nil {
		return Usage{}, false // null, in all chunks but the last
	}
	var u Usage
	var m member
	for {
		more, err := obj.next(&m)
		if err != nil {
			return Usage{}, false
		}
		if !more {
			return u, true
		}
		value := m.value.of(data)
		switch string(m.key) {
		case "prompt_tokens":
			u.Input = count(value)
		case "completion_tokens":
			u.Output = count(value)
		case "prompt_tokens_details":
			u.CachedInput = countMember(value, "cached_tokens")
			u.CacheWrite = countMember(value, "cache_write_tokens")
			u.InputAudio = countMember(value, "audio_tokens")
		case "completion_tokens_details":
			u.Reasoning = countMember(value, "reasoning_tokens")
			u.OutputAudio = countMember(value, "audio_tokens")
		}
	}
}

// findMember looks for the first member of that name in the object that data is.
func findMember(data []byte, key string, m *member) bool {
	obj, err := openObject(data)
	if err != nil {
		return false
	}
	for {
		more, err := obj.next(m)
		if err != nil || !more {
			return false
		}
		if string(m.key) == key {
			return true
		}
	}
}

// countMember reads a number of tokens from a member of the object that data is, 0 where there is none.
func countMember(data []byte, key string) int64 {
	var m member
	if !findMember(data, key, &m) {
		return 0
	}
	return count(m.value.of(data))
}

// count reads a number of tokens. What is no whole number, or less than 0, counts as 0: the figures are an
// upstream's word and go into counters that must not fall.
func count(value []byte) int64 {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
