package dialect

import (
	"slices"
	"strings"
)

// anthropicDefaultTokens is the bound of an answer that the client did not bound: Anthropic demands one.
const anthropicDefaultTokens = 8192

// anthropicEncoding is a request while it is written.
type anthropicEncoding struct {
	w          writer
	x          *Exchange
	report     *Report
	generation anthropicGeneration
}

// EncodeRequest appends the body of POST /v1/messages.
func (anthropic) EncodeRequest(dst []byte, x *Exchange, report *Report) []byte {
	e := &anthropicEncoding{w: writer{buf: dst}, x: x, report: report, generation: anthropicVersion(x.Target.Model)}
	e.w.open('{')
	e.w.str("model", x.Target.Model)
	budget := e.budget()
	e.w.int("max_tokens", e.maxTokens(budget))
	e.writeSampling(e.writeReasoning(budget))
	e.writeTools()
	e.writeMessages()
	e.writeIdentity()
	if x.Target.Stream {
		e.w.bool("stream", true)
	}
	report.DropExtras(x.Request.Extra, func(extra *Extra) bool {
		if extra.Vendor != VendorAnthropic || x.Target.Vendor != VendorAnthropic {
			return false
		}
		e.w.member(extra.Name, extra.Value)
		return true
	})
	e.w.close('}')
	return e.w.buf
}

// budget is the number of tokens for thinking that the request asks for by way of thinking.budget_tokens, 0 where
// thinking is off or the model wants an effort instead.
func (e *anthropicEncoding) budget() int64 {
	r := e.x.Request
	tokens, asked := r.Reasoning.Tokens()
	switch {
	case !asked, tokens == 0:
		return 0
	case e.generation.since4(7), e.generation.since4(6) && r.Reasoning.Budget == nil:
		return 0
	case tokens < 0:
		tokens, _ = BudgetOf(EffortMedium)
	}
	tokens = max(tokens, minBudget)
	forced := r.ToolChoice.Mode == ChoiceRequired || r.ToolChoice.Mode == ChoiceTool
	room := r.MaxTokens == nil || *r.MaxTokens > minBudget
	if forced || !room || e.thoughtLost() {
		e.report.Drop(FieldReasoning) // What must be called, and how long the answer may be, weighs more.
		return 0
	}
	if r.MaxTokens != nil {
		tokens = min(tokens, *r.MaxTokens-1)
	}
	return tokens
}

// thoughtLost tells whether the model waits for the results of calls before which it has thought, and the thought is
// not there or is another vendor's: the upstream then refuses to think on.
func (e *anthropicEncoding) thoughtLost() bool {
	turns := MergeTurns(FoldSystem(e.x.Request.Messages))
	n := len(turns)
	if n < 2 || turns[n-1].Parts[0].Kind != PartToolResult {
		return false
	}
	for _, p := range turns[n-2].Parts {
		if p.Kind == PartThinking && p.Signature.For(e.x.Target.Vendor) != "" {
			return false
		}
		if p.Kind != PartThinking && (p.Kind != PartText || p.Text != "") {
			return true
		}
	}
	return true
}

// maxTokens bounds the answer, thinking included.
func (e *anthropicEncoding) maxTokens(budget int64) int64 {
	if n := e.x.Request.MaxTokens; n != nil {
		return *n
	}
	if e.x.Target.MaxTokens > 0 {
		return max(e.x.Target.MaxTokens, budget+minBudget)
	}
	return budget + anthropicDefaultTokens
}

// writeReasoning appends how much the model shall think, and the format of its answer, which stands beside the effort.
// It tells whether the model is asked to think.
func (e *anthropicEncoding) writeReasoning(budget int64) (thinks bool) {
	r := &e.x.Request.Reasoning
	tokens, asked := r.Tokens()
	effort := r.Word()
	switch {
	case budget > 0:
		thinks = true
		e.writeThinking("enabled", budget)
	case asked && tokens == 0:
		if !e.alwaysThinks() {
			e.writeThinking("disabled", 0)
		}
	case asked && e.generation.since4(6):
		thinks = true
		e.writeThinking("adaptive", 0)
	}
	if !e.generation.since4(6) || effort == EffortNone {
		effort = ""
	}
	if effort == EffortMinimal {
		effort = EffortLow
	}
	schema := e.schema()
	if effort == "" && schema == nil {
		return thinks
	}
	e.w.openObject("output_config")
	e.w.optStr("effort", string(effort))
	if schema != nil {
		e.w.openObject("format")
		e.w.str("type", "json_schema")
		e.w.raw("schema", schema)
		e.w.close('}')
	}
	e.w.close('}')
	return thinks
}

// alwaysThinks tells whether the model refuses to have its thinking switched off.
func (e *anthropicEncoding) alwaysThinks() bool {
	return strings.Contains(e.x.Target.Model, "fable") || strings.Contains(e.x.Target.Model, "mythos")
}

func (e *anthropicEncoding) writeThinking(kind string, budget int64) {
	e.w.openObject("thinking")
	e.w.str("type", kind)
	if budget > 0 {
		e.w.int("budget_tokens", budget)
	}
	if show := e.x.Request.Reasoning.Show; show != nil && kind != "disabled" && e.generation.since4(6) {
		if *show {
			e.w.str("display", "summarized")
		} else {
			e.w.str("display", "omitted")
		}
	}
	e.w.close('}')
}

// schema is the one that the answer must have. Any JSON object at all cannot be asked for; writeMessages says it in
// words.
func (e *anthropicEncoding) schema() []byte {
	f := &e.x.Request.Format
	if f.Kind == FormatJSON {
		e.report.Drop(FieldFormat)
	}
	if f.Kind != FormatSchema {
		return nil
	}
	if !e.generation.since4(5) {
		e.report.Refuse(FieldFormat, "can't be enforced by models before Claude 4.5")
		return nil
	}
	var s anthropicAnswer
	s.write(value(f.Schema), 0)
	if s.open {
		e.report.Refuse(FieldFormat, "has an object with fields of any name, which this upstream can't hold an answer to")
	}
	if s.loosened {
		e.report.Drop(FieldFormat)
	}
	return s.w.buf
}

// writeSampling appends what tunes the answer, and reports what Anthropic does not have.
func (e *anthropicEncoding) writeSampling(thinks bool) {
	r := e.x.Request
	// Models from 4.7 on take their defaults only, earlier ones either temperature or top_p.
	if e.generation.since4(7) {
		e.dropSet(r.Temperature != nil && *r.Temperature != 1, FieldTemperature)
		e.dropSet(r.TopP != nil && *r.TopP != 1, FieldTopP)
		e.dropSet(r.TopK != nil, FieldTopK)
	} else {
		e.writeOldSampling(thinks)
	}
	if len(r.Stop) > 0 {
		for _, stop := range r.Stop {
			if strings.TrimSpace(stop) == "" {
				e.report.Refuse(FieldStop, "holds nothing but white space, which this upstream does not take")
			}
		}
		e.w.strs("stop_sequences", r.Stop)
	}
	if r.N != nil && *r.N > 1 {
		e.report.Refuse(FieldN, "asks for more than one answer, and this upstream gives one")
	}
	if r.LogProbs != nil && *r.LogProbs {
		e.report.Refuse(FieldLogProbs, "asks for likelihoods, which this upstream does not tell")
	}
	e.dropSet(r.FrequencyPenalty != nil && *r.FrequencyPenalty != 0, FieldFrequencyPenalty)
	e.dropSet(r.PresencePenalty != nil && *r.PresencePenalty != 0, FieldPresencePenalty)
	e.dropSet(r.Seed != nil, FieldSeed)
	e.dropSet(len(r.LogitBias) > 0, FieldLogitBias)
	e.dropSet(r.Verbosity != "", FieldVerbosity)
	e.dropSet(r.CacheKey != "", FieldCacheKey)
	e.dropSet(r.Store != nil && *r.Store, FieldStore)
}

// writeOldSampling appends the sampling of models that let it be tuned, though not while they think.
func (e *anthropicEncoding) writeOldSampling(thinks bool) {
	r := e.x.Request
	if thinks {
		e.dropSet(r.Temperature != nil && *r.Temperature != 1, FieldTemperature)
		e.dropSet(r.TopP != nil && *r.TopP != 1, FieldTopP)
		e.dropSet(r.TopK != nil, FieldTopK)
		return
	}
	if t := r.Temperature; t != nil {
		if *t > 1 { // Others go up to 2.
			e.report.Drop(FieldTemperature)
		}
		e.w.float("temperature", min(*t, 1))
		e.dropSet(r.TopP != nil && *r.TopP != 1, FieldTopP)
	} else {
		e.w.optFloat("top_p", r.TopP)
	}
	e.w.optInt("top_k", r.TopK)
}

func (e *anthropicEncoding) dropSet(set bool, f Field) {
	if set {
		e.report.Drop(f)
	}
}

// writeIdentity appends whose request it is and how it shall be served.
func (e *anthropicEncoding) writeIdentity() {
	r := e.x.Request
	if r.User != "" {
		e.w.openObject("metadata")
		e.w.str("user_id", r.User)
		e.w.close('}')
	}
	e.dropSet(len(r.Metadata) > 0, FieldMetadata)
	switch r.ServiceTier {
	case "auto", "standard_only":
		e.w.str("service_tier", r.ServiceTier)
	case "default":
		e.w.str("service_tier", "standard_only")
	default:
		e.dropSet(r.ServiceTier != "", FieldServiceTier)
	}
}

// writeMessages appends the system's text and the turns.
func (e *anthropicEncoding) writeMessages() {
	r := e.x.Request
	system, turns := SplitSystem(r.Messages)
	if r.Format.Kind == FormatJSON {
		system = append(slices.Clip(system), Part{Text: "Answer with one JSON object and nothing else."})
	}
	turns = SettleCalls(MergeTurns(FoldSystem(turns)))
	if len(turns) > 0 && turns[0].Role == RoleAssistant {
		turns = slices.Insert(turns, 0, Message{Role: RoleUser, Parts: []Part{{Text: "Go on."}}})
	}
	if len(system) > 0 {
		e.w.openArray("system")
		for i := range system {
			e.writeText(&system[i], system[i].Text)
		}
		e.w.close(']')
	}
	e.w.openArray("messages")
	for i := range turns {
		e.writeTurn(&turns[i], i == len(turns)-1)
	}
	e.w.close(']')
}

// writeTurn appends a turn. A turn of which nothing is left, such as one of thoughts that are another vendor's, gets a
// filler, because turns must alternate.
func (e *anthropicEncoding) writeTurn(m *Message, last bool) {
	e.w.open('{')
	if m.Role == RoleAssistant {
		e.w.str("role", "assistant")
	} else {
		e.w.str("role", "user")
	}
	e.w.openArray("content")
	before := len(e.w.buf)
	for i := range m.Parts {
		p := &m.Parts[i]
		if last && m.Role == RoleAssistant && p.Kind == PartText && i == len(m.Parts)-1 {
			e.writeText(p, strings.TrimRight(p.Text, " \t\r\n"))
			continue
		}
		e.writePart(p, m.At)
	}
	if len(e.w.buf) == before {
		e.writeText(&Part{}, "(nothing)")
	}
	e.w.close(']')
	e.w.close('}')
}
