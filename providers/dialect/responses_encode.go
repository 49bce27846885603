package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// responsesEncoding is a request for OpenAI Responses while it is being written.
type responsesEncoding struct {
	writer
	x      *Exchange
	req    *Request
	report *Report
	// custom tells which results answer calls of custom tools, by the id of the call.
	custom map[string]ToolRef
}

// EncodeRequest implements Codec. Nothing is to be kept by the upstream: what the next turn needs of this one, its
// encrypted thoughts, comes with the answer and goes back with the conversation.
func (openAIResponses) EncodeRequest(dst []byte, x *Exchange, report *Report) []byte {
	e := responsesEncoding{writer: writer{dst}, x: x, req: x.Request, report: report}
	e.open('{')
	e.str("model", x.Target.Model)
	if x.Target.Stream {
		e.bool("stream", true)
	}
	e.bool("store", e.req.Store != nil && *e.req.Store && e.own())
	if e.req.Store != nil && *e.req.Store && !e.own() {
		report.Drop(FieldStore)
	}
	e.input()
	e.tools()
	e.text()
	e.reasoning()
	e.include()
	e.sampling()
	e.notes()
	e.close('}')
	return e.buf
}

// own tells whether the upstream is OpenAI's: servers that are compatible with it know less.
func (e *responsesEncoding) own() bool { return e.x.Target.Vendor == VendorOpenAI }

// text writes the format of the answer, and how much it shall say.
func (e *responsesEncoding) text() {
	f := &e.req.Format
	verbosity := e.req.Verbosity
	if verbosity != "" && !e.own() {
		e.report.Drop(FieldVerbosity)
		verbosity = ""
	}
	if f.Kind == FormatText && verbosity == "" {
		return
	}
	e.openObject("text")
	switch f.Kind {
	case FormatText:
	case FormatJSON:
		e.raw("format", []byte(`{"type":"json_object"}`))
	case FormatSchema:
		name := f.Name
		if name == "" {
			name = "response"
		}
		e.openObject("format")
		e.str("type", "json_schema")
		e.str("name", NameRule{}.apply(name))
		e.optStr("description", f.Description)
		e.raw("schema", f.Schema)
		e.bool("strict", f.Strict != nil && *f.Strict)
		e.close('}')
	}
	e.optStr("verbosity", verbosity)
	e.close('}')
}

// reasoning writes how much to think, and whether to tell of it: for clients that want thoughts, in whatever words.
// Others are not asked, as OpenAI gives summaries to verified organizations only.
func (e *responsesEncoding) reasoning() {
	r := &e.req.Reasoning
	word, summary := r.Word(), r.Summary
	thinks := chatThinks(e.x.Target.Model)
	if !thinks {
		if word != "" && word != EffortNone {
			e.report.Drop(FieldReasoning)
		}
		return
	}
	shown := r.Adaptive || r.Budget != nil && *r.Budget != 0
	if r.Show != nil {
		shown = *r.Show
	}
	if summary == "" && shown && word != EffortNone {
		summary = "auto"
	}
	if word == "" && summary == "" {
		return
	}
	e.openObject("reasoning")
	e.optStr("effort", string(e.report.effort(e.x.Target.Model, word)))
	e.optStr("summary", summary)
	e.close('}')
}

// include asks for what the answer must hold so that the client misses nothing. Models that do not think refuse to be
// asked for their thoughts.
func (e *responsesEncoding) include() {
	var wanted []string
	if chatThinks(e.x.Target.Model) {
		wanted = append(wanted, responsesWantThoughts)
	}
	runs := func(tool ServerTool) bool {
		return slices.ContainsFunc(e.req.Tools, func(t Tool) bool { return t.Server == tool })
	}
	if runs(ServerWebSearch) {
		wanted = append(wanted, responsesWantSources)
	}
	if runs(ServerCodeInterpreter) {
		wanted = append(wanted, responsesWantOutputs)
	}
	if e.req.LogProbs != nil && *e.req.LogProbs {
		wanted = append(wanted, responsesWantProbs)
	}
	if len(wanted) > 0 && e.own() {
		e.strs("include", wanted)
	}
}

// responsesLeast is the smallest bound of an answer that OpenAI takes.
const responsesLeast = 16

func (e *responsesEncoding) sampling() {
	q := e.req
	if q.MaxTokens != nil {
		if *q.MaxTokens < responsesLeast {
			e.report.Drop(FieldMaxTokens)
		}
		e.int("max_output_tokens", max(*q.MaxTokens, responsesLeast))
	}
	if chatSamples(e.x.Target.Model, q.Reasoning.Word()) {
		e.optFloat("temperature", q.Temperature)
		e.optFloat("top_p", q.TopP)
	} else {
		e.dropSet(q.Temperature != nil && *q.Temperature != 1, FieldTemperature)
		e.dropSet(q.TopP != nil && *q.TopP != 1, FieldTopP)
	}
	e.optInt("top_logprobs", q.TopLogProbs)
	if len(q.Stop) > 0 {
		e.report.Refuse(FieldStop, "cannot be given to this upstream, which would go on behind it")
	}
	if q.N != nil && *q.N > 1 {
		e.report.Refuse(FieldN, "asks for more than one answer, and this upstream gives one")
	}
	if q.LogProbs != nil && *q.LogProbs && !e.own() {
		e.report.Refuse(FieldLogProbs, "asks for likelihoods, which this upstream does not tell")
	}
	e.dropSet(q.TopK != nil, FieldTopK)
	e.dropSet(q.FrequencyPenalty != nil && *q.FrequencyPenalty != 0, FieldFrequencyPenalty)
	e.dropSet(q.PresencePenalty != nil && *q.PresencePenalty != 0, FieldPresencePenalty)
	e.dropSet(q.Seed != nil, FieldSeed)
	e.dropSet(len(q.LogitBias) > 0, FieldLogitBias)
}

func (e *responsesEncoding) dropSet(set bool, f Field) {
	if set {
		e.report.Drop(f)
	}
}

// notes writes what is about the request. What only OpenAI's own servers know goes to them alone.
func (e *responsesEncoding) notes() {
	q := e.req
	e.optOwn(q.User != "", FieldUser, func() { e.str("user", shortUser(q.User)) })
	e.optOwn(q.ServiceTier != "", FieldServiceTier, func() { e.str("service_tier", chatTier(q.ServiceTier)) })
	e.optOwn(q.CacheKey != "", FieldCacheKey, func() { e.str("prompt_cache_key", q.CacheKey) })
	e.optOwn(len(q.Metadata) > 0, FieldMetadata, func() {
		e.openObject("metadata")
		for _, note := range q.Metadata {
			e.comma()
			e.buf = append(appendQuoted(e.buf, note.Key), ':')
			e.buf = appendQuoted(e.buf, note.Value)
		}
		e.close('}')
	})
	e.optBool("parallel_tool_calls", e.parallel())
	e.report.DropExtras(q.Extra, func(extra *Extra) bool {
		if extra.Vendor != VendorOpenAI || !e.own() || !slices.Contains(responsesExtras(), extra.Name) {
			return false
		}
		e.raw(extra.Name, extra.Value)
		return true
	})
}

// parallel tells whether calls may be parallel, nil where there are none or nothing was said.
func (e *responsesEncoding) parallel() *bool {
	if len(e.req.Tools) == 0 {
		return nil
	}
	return e.req.ParallelTools
}

// responsesExtras are the members without a place in Request that OpenAI takes.
func responsesExtras() []string {
	return append(chatExtras(), "truncation", "max_tool_calls", "context_management", "previous_response_id",
		"conversation", "prompt", "background", "client_metadata")
}

// optOwn writes what only OpenAI itself takes, if it is there, or reports that it was dropped.
func (e *responsesEncoding) optOwn(there bool, f Field, write func()) {
	switch {
	case !there:
	case e.own():
		write()
	default:
		e.report.Drop(f)
	}
}

// shortUser makes the name of a user fit: OpenAI takes 64 characters, and Claude Code's are longer.
func shortUser(user string) string {
	const longest = 64
	if len(user) <= longest {
		return user
	}
	sum := sha256.Sum256([]byte(user))
	return hex.EncodeToString(sum[:])
}
