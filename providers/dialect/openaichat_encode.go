package dialect

import (
	"slices"
	"strings"
)

// chatNames is what OpenAI takes for the name of a tool.
func chatNames(t *Target) NameRule {
	rule := NameRule{}
	if t.Vendor == VendorQwen {
		rule.Reserved = []string{"search"}
	}
	return rule
}

// chatEncoding is a request for OpenAI Chat while it is being written.
type chatEncoding struct {
	writer
	x      *Exchange
	req    *Request
	report *Report
	names  NameRule
}

// EncodeRequest implements Codec.
func (openAIChat) EncodeRequest(dst []byte, x *Exchange, report *Report) []byte {
	e := chatEncoding{writer: writer{dst}, x: x, req: x.Request, report: report, names: chatNames(&x.Target)}
	e.open('{')
	e.str("model", x.Target.Model)
	if x.Target.Stream {
		e.bool("stream", true)
		e.openObject("stream_options")
		e.bool("include_usage", true)
		e.close('}')
	}
	e.messages()
	e.tools()
	e.format()
	e.reasoning()
	e.sampling()
	e.notes()
	e.close('}')
	return e.buf
}

func (e *chatEncoding) qwen() bool { return e.x.Target.Vendor == VendorQwen }

func (e *chatEncoding) sampling() {
	q := e.req
	limit := "max_completion_tokens"
	if e.x.Target.OldMaxTokens {
		limit = "max_tokens"
	}
	e.optInt(limit, q.MaxTokens)
	e.drawing()
	if q.TopK != nil && e.qwen() {
		e.int("top_k", *q.TopK)
	} else if q.TopK != nil {
		e.report.Drop(FieldTopK)
	}
	e.optInt("seed", q.Seed)
	const mostStops = 4
	if len(q.Stop) > mostStops {
		e.report.Refuse(FieldStop, "has more than 4 sequences, which is the most that this upstream takes")
	} else if len(q.Stop) > 0 {
		e.strs("stop", q.Stop)
	}
	e.optInt("n", q.N)
	e.optBool("logprobs", q.LogProbs)
	e.optInt("top_logprobs", q.TopLogProbs)
	e.optRaw("logit_bias", q.LogitBias)
}

// drawing writes how tokens are drawn, to models that leave that to the client.
func (e *chatEncoding) drawing() {
	q := e.req
	if chatSamples(e.x.Target.Model, q.Reasoning.Word()) {
		e.optFloat("temperature", q.Temperature)
		e.optFloat("top_p", q.TopP)
		e.optFloat("frequency_penalty", q.FrequencyPenalty)
		e.optFloat("presence_penalty", q.PresencePenalty)
		return
	}
	e.dropTuned(q.Temperature, 1, FieldTemperature)
	e.dropTuned(q.TopP, 1, FieldTopP)
	e.dropTuned(q.FrequencyPenalty, 0, FieldFrequencyPenalty)
	e.dropTuned(q.PresencePenalty, 0, FieldPresencePenalty)
}

// dropTuned reports a number that is left out, unless it is what the upstream takes anyway.
func (e *chatEncoding) dropTuned(n *float64, usual float64, f Field) {
	if n != nil && *n != usual {
		e.report.Drop(f)
	}
}

// notes writes what is about the request. Servers that are compatible with OpenAI often refuse what they do not know,
// so that some of it goes to OpenAI alone.
func (e *chatEncoding) notes() {
	q := e.req
	own := e.x.Target.Vendor == VendorOpenAI
	e.optStr("user", shortUser(q.User))
	e.optOwn(own, q.ServiceTier != "", FieldServiceTier, func() { e.str("service_tier", chatTier(q.ServiceTier)) })
	e.optOwn(own, q.Verbosity != "", FieldVerbosity, func() { e.str("verbosity", q.Verbosity) })
	e.optOwn(own, q.CacheKey != "", FieldCacheKey, func() { e.str("prompt_cache_key", q.CacheKey) })
	e.optOwn(own, q.Store != nil && *q.Store, FieldStore, func() { e.bool("store", true) })
	e.optOwn(own, len(q.Metadata) > 0, FieldMetadata, func() {
		e.openObject("metadata")
		for _, note := range q.Metadata {
			e.comma()
			e.buf = appendQuoted(e.buf, note.Key)
			e.buf = append(e.buf, ':')
			e.buf = appendQuoted(e.buf, note.Value)
		}
		e.close('}')
	})
	e.report.DropExtras(q.Extra, func(extra *Extra) bool {
		if extra.Vendor != e.x.Target.Vendor || !slices.Contains(chatExtras(), extra.Name) {
			return false
		}
		e.raw(extra.Name, extra.Value)
		return true
	})
}

// chatExtras are the members that OpenAI's two dialects share and that have no other place.
func chatExtras() []string {
	return []string{"prompt_cache_retention", "prompt_cache_options", "moderation"}
}

// optOwn writes what only OpenAI itself takes, if it is there, or reports that it was dropped.
func (e *chatEncoding) optOwn(own, there bool, f Field, write func()) {
	switch {
	case !there:
	case own:
		write()
	default:
		e.report.Drop(f)
	}
}

// chatTier takes Anthropic's words for the usual tier.
func chatTier(tier string) string {
	if tier == "standard_only" || tier == "standard" {
		return "default"
	}
	return strings.ToLower(tier)
}

func (e *chatEncoding) format() {
	f := &e.req.Format
	switch f.Kind {
	case FormatText:
	case FormatJSON:
		e.openObject("response_format")
		e.str("type", "json_object")
		e.close('}')
	case FormatSchema:
		e.openObject("response_format")
		e.str("type", "json_schema")
		e.openObject("json_schema")
		name := f.Name
		if name == "" {
			name = "response"
		}
		e.str("name", NameRule{}.apply(name))
		e.optStr("description", f.Description)
		e.raw("schema", f.Schema)
		e.optBool("strict", f.Strict)
		e.buf = append(e.buf, "}}"...)
	}
}

func (e *chatEncoding) reasoning() {
	r := &e.req.Reasoning
	if e.qwen() {
		e.qwenThinking(r)
		return
	}
	word := r.Word()
	switch {
	case word == "":
	case chatThinks(e.x.Target.Model):
		e.str("reasoning_effort", string(e.report.effort(e.x.Target.Model, word)))
	case word != EffortNone:
		e.report.Drop(FieldReasoning)
	}
}

// qwenThinking writes Qwen's switches. The code interpreter runs only while thinking, and no tool can be forced then.
// The highest effort is as much as the model can: a number above its bound would be refused.
func (e *chatEncoding) qwenThinking(r *Reasoning) {
	if slices.ContainsFunc(e.req.Tools, func(t Tool) bool { return t.Server == ServerCodeInterpreter }) {
		e.bool("enable_thinking", true)
		return
	}
	tokens, said := r.Tokens()
	forced := e.req.ToolChoice.Mode == ChoiceRequired || e.req.ToolChoice.Mode == ChoiceTool && e.req.ToolChoice.Server == ""
	switch {
	case !said:
	case tokens == 0:
		e.bool("enable_thinking", false)
	case forced:
		e.report.Drop(FieldReasoning)
		e.bool("enable_thinking", false)
	default:
		e.bool("enable_thinking", true)
		if tokens > 0 && (r.Budget != nil || r.Effort != EffortMax) {
			e.int("thinking_budget", tokens)
		}
	}
}

// chatThinks tells whether a model can be told how much to think. OpenAI's older models refuse the field; of a name
// that is not known the newer habit is expected.
func chatThinks(model string) bool {
	for _, old := range []string{"gpt-3.5", "gpt-4", "chatgpt-4o"} {
		if strings.HasPrefix(model, old) {
			return false
		}
	}
	return true
}

// chatSamples tells whether a model lets its sampling be tuned. OpenAI's models that think refuse even the usual
// temperature, but for those whose thinking can be switched off while it is.
func chatSamples(model string, effort Effort) bool {
	name := model[strings.LastIndexByte(model, '/')+1:]
	if strings.HasPrefix(name, "gpt-5-chat") {
		return true
	}
	for _, thinking := range []string{"o1", "o3", "o4", "gpt-5", "codex"} {
		if strings.HasPrefix(name, thinking) {
			return effort == EffortNone
		}
	}
	return true
}
