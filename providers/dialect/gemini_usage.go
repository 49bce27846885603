package dialect

func (c gemini) usageFromReply(body []byte) (Usage, bool) {
	v, err := openValue(body)
	if err != nil {
		return Usage{}, false
	}
	return c.usage(v.get("usageMetadata"))
}

// usageFromData serves chunks: each tells all that is known by then.
func (c gemini) usageFromData(data []byte) (Usage, bool) { return c.usageFromReply(data) }

// usage reads usageMetadata, in which thoughts are beside the answer's tokens, and results of the upstream's own tools
// beside the prompt's.
func (gemini) usage(v value) (Usage, bool) {
	if !v.isObject() {
		return Usage{}, false
	}
	var u Usage
	err := v.members(func(name []byte, told value) error {
		switch string(name) {
		case "promptTokenCount", "toolUsePromptTokenCount":
			u.Input += count(told)
		case "cachedContentTokenCount":
			u.CachedInput = count(told)
		case "candidatesTokenCount":
			u.Output += count(told)
		case "thoughtsTokenCount":
			u.Reasoning = count(told)
			u.Output += u.Reasoning
		case "promptTokensDetails":
			u.InputAudio = geminiAudio(told)
		case "candidatesTokensDetails":
			u.OutputAudio = geminiAudio(told)
		}
		return nil
	})
	return u, err == nil
}

// geminiAudio is the number of tokens that are audio.
func geminiAudio(details value) int64 {
	var n int64
	// The chunk has been read as a whole: its arrays are well-formed.
	_ = details.elements(func(_ int, d value) error {
		if d.get("modality").text() == "AUDIO" {
			n += count(d.get("tokenCount"))
		}
		return nil
	})
	return n
}

// writeUsage appends usageMetadata as Gemini counts.
func (gemini) writeUsage(w *writer, u *Usage) {
	w.openObject("usageMetadata")
	w.int("promptTokenCount", u.Input)
	if u.CachedInput > 0 {
		w.int("cachedContentTokenCount", u.CachedInput)
	}
	w.int("candidatesTokenCount", max(0, u.Output-u.Reasoning))
	if u.Reasoning > 0 {
		w.int("thoughtsTokenCount", u.Reasoning)
	}
	w.int("totalTokenCount", u.Total())
	w.close('}')
}
