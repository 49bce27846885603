package dialect

import (
	"slices"
	"strings"
)

// geminiNames are the names of functions that Gemini takes on all of its surfaces.
func geminiNames() NameRule { return NameRule{Dots: true, Letter: true} }

// geminiEncoding is a request while it is written.
type geminiEncoding struct {
	w      writer
	x      *Exchange
	report *Report
	major  int
	names  map[string]ToolRef
	// signature is that of a thought without text, which goes to the part after it.
	signature string
}

// EncodeRequest appends the body of generateContent. The model is not in it: it stands in the address, or in the
// envelope of Code Assist.
func (gemini) EncodeRequest(dst []byte, x *Exchange, report *Report) []byte {
	e := &geminiEncoding{w: writer{buf: dst}, x: x, report: report, major: geminiMajor(x.Target.Model)}
	e.w.open('{')
	e.messages()
	e.tools()
	e.config()
	e.reportRest()
	report.DropExtras(x.Request.Extra, func(extra *Extra) bool {
		if extra.Vendor != VendorGoogle {
			return false
		}
		e.w.member(extra.Name, extra.Value)
		return true
	})
	e.w.close('}')
	return e.w.buf
}

func (e *geminiEncoding) messages() {
	system, turns := SplitSystem(e.x.Request.Messages)
	turns = SettleCalls(MergeTurns(FoldSystem(turns)))
	if len(turns) > 0 && turns[0].Role == RoleAssistant {
		turns = slices.Insert(turns, 0, Message{Role: RoleUser, Parts: []Part{{Text: "Go on."}}})
	}
	e.names = NameResults(turns)
	if text := JoinText(system, "\n\n"); text != "" {
		for i := range system {
			e.dropSet(system[i].Cache != nil, FieldCache)
		}
		e.w.openObject("systemInstruction")
		e.w.openArray("parts")
		e.text(text, false, "")
		e.w.close(']')
		e.w.close('}')
	}
	current := geminiCurrent(turns)
	e.w.openArray("contents")
	for i := range turns {
		e.turn(&turns[i], i >= current)
	}
	e.w.close(']')
}

// geminiCurrent is the index of the turn in which the user last said something: calls after it need signatures.
func geminiCurrent(turns []Message) int {
	for i, m := range slices.Backward(turns) {
		if m.Role != RoleUser {
			continue
		}
		for j := range m.Parts {
			if m.Parts[j].Kind != PartToolResult {
				return i
			}
		}
	}
	return 0
}

func (e *geminiEncoding) turn(m *Message, current bool) {
	e.w.open('{')
	if m.Role == RoleAssistant {
		e.w.str("role", "model")
	} else {
		e.w.str("role", "user")
	}
	e.w.openArray("parts")
	before := len(e.w.buf)
	e.signature = ""
	needed := current && e.major >= 3
	for i := range m.Parts {
		p := &m.Parts[i]
		e.dropSet(p.Cache != nil, FieldCache)
		e.part(p, m.At, needed)
		needed = needed && p.Kind != PartToolCall
	}
	if m.Role == RoleUser && e.major < 3 {
		e.resultMedia(m)
	}
	if len(e.w.buf) == before {
		e.text("(nothing)", false, "") // Turns must alternate, and none may be empty.
	}
	e.w.close(']')
	e.w.close('}')
}

// tools appends declarations, Google's own tools and the choice among them.
func (e *geminiEncoding) tools() {
	r := e.x.Request
	functions := 0
	for i := range r.Tools {
		if t := &r.Tools[i]; t.Kind != ToolServer && allowed(&r.ToolChoice, t) {
			functions++
		}
	}
	if len(r.Tools) == 0 {
		return
	}
	e.w.openArray("tools")
	if functions > 0 {
		e.w.open('{')
		e.w.openArray("functionDeclarations")
		for i := range r.Tools {
			if t := &r.Tools[i]; t.Kind != ToolServer && allowed(&r.ToolChoice, t) {
				e.function(t)
			}
		}
		e.w.close(']')
		e.w.close('}')
	}
	for i := range r.Tools {
		if r.Tools[i].Kind == ToolServer {
			e.serverTool(&r.Tools[i])
		}
	}
	e.w.close(']')
	if functions > 0 {
		e.choice()
	}
	e.dropSet(r.ParallelTools != nil && !*r.ParallelTools, FieldParallelTools)
}

func (e *geminiEncoding) function(t *Tool) {
	schema, description := t.Schema, t.Description
	if t.Kind == ToolCustom {
		schema, description = []byte(CustomSchema), customDescription(t)
	}
	e.dropSet(t.Cache != nil, FieldCache)
	e.w.open('{')
	e.w.str("name", e.x.Wire(t.Ref(), geminiNames()))
	e.w.optStr("description", description)
	// A function without parameters has no schema: an object without fields is a fault to some models.
	if fields := value(schema).get("properties"); fields.isObject() && string(fields) != "{}" {
		e.w.key("parameters")
		s := geminiSchema{w: &e.w, root: value(schema)}
		s.write(value(schema), 0)
	}
	e.w.close('}')
}

func (e *geminiEncoding) serverTool(t *Tool) {
	name := ""
	switch {
	case len(t.Raw) > 0 && t.Vendor == VendorGoogle:
		e.w.comma()
		e.w.buf = append(e.w.buf, t.Raw...)
		return
	case t.Server == ServerWebSearch:
		name = "googleSearch"
	case t.Server == ServerCodeInterpreter:
		name = "codeExecution"
	case t.Server == ServerURLContext:
		name = "urlContext"
	}
	if name == "" || !e.x.Target.Runs(t.Server) {
		e.report.Refuse(FieldTools, "holds "+string(t.Server)+", which this upstream does not run")
		return
	}
	o := &t.Options
	if len(o.AllowedDomains) > 0 || len(o.BlockedDomains) > 0 {
		e.report.Refuse(FieldTools, "bounds "+string(t.Server)+" to some domains, which this upstream can't do")
	}
	e.dropSet(o.MaxUses != nil || o.ContextSize != "" || len(o.Location) > 0 || len(o.Container) > 0, FieldTools+"."+Field(t.Server))
	e.w.open('{')
	e.w.openObject(name)
	e.w.close('}')
	e.w.close('}')
}

func (e *geminiEncoding) choice() {
	c := &e.x.Request.ToolChoice
	mode, names := "", []ToolRef(nil)
	switch c.Mode {
	case ChoiceUnset:
		return
	case ChoiceAuto: // A subset is what is declared at all.
		mode = "AUTO"
	case ChoiceNone:
		mode = "NONE"
	case ChoiceRequired:
		mode, names = "ANY", c.Names
	case ChoiceTool:
		mode, names = "ANY", c.Names
		if c.Server != "" {
			e.report.Refuse(FieldToolChoice, "wants "+string(c.Server)+" to be used, which this upstream can't be made to do")
		}
	}
	e.w.openObject("toolConfig")
	e.w.openObject("functionCallingConfig")
	e.w.str("mode", mode)
	if len(names) > 0 {
		e.w.openArray("allowedFunctionNames")
		for _, name := range names {
			e.w.elem(e.x.Wire(name, geminiNames()))
		}
		e.w.close(']')
	}
	e.w.close('}')
	e.w.close('}')
}

// config appends generationConfig.
func (e *geminiEncoding) config() {
	r := e.x.Request
	e.w.openObject("generationConfig")
	e.w.optFloat("temperature", r.Temperature)
	e.w.optFloat("topP", r.TopP)
	e.w.optInt("topK", r.TopK)
	if r.N != nil && *r.N > 1 {
		e.w.int("candidateCount", *r.N)
	}
	e.w.optInt("maxOutputTokens", r.MaxTokens)
	if len(r.Stop) > 5 {
		e.report.Refuse(FieldStop, "has more than the 5 sequences that this upstream takes")
	} else if len(r.Stop) > 0 {
		e.w.strs("stopSequences", r.Stop)
	}
	e.w.optInt("seed", r.Seed)
	e.w.optFloat("presencePenalty", r.PresencePenalty)
	e.w.optFloat("frequencyPenalty", r.FrequencyPenalty)
	if r.LogProbs != nil && *r.LogProbs {
		e.w.bool("responseLogprobs", true)
		e.w.optInt("logprobs", r.TopLogProbs)
	}
	e.format()
	e.reasoning()
	e.w.close('}')
}

func (e *geminiEncoding) format() {
	f := &e.x.Request.Format
	if f.Kind == FormatText {
		return
	}
	e.w.str("responseMimeType", "application/json")
	if f.Kind == FormatSchema && len(f.Schema) > 0 {
		e.w.raw("responseJsonSchema", f.Schema)
	}
}

// reasoning appends thinkingConfig: a level for models from 3 on, a budget within the model's bounds for earlier ones.
func (e *geminiEncoding) reasoning() {
	r := &e.x.Request.Reasoning
	tokens, asked := r.Tokens()
	if !asked && r.Show == nil {
		return
	}
	e.w.openObject("thinkingConfig")
	if r.Show != nil {
		e.w.bool("includeThoughts", *r.Show)
	} else if tokens != 0 {
		e.w.bool("includeThoughts", true)
	}
	if asked {
		e.amount(r.Word(), tokens)
	}
	e.w.close('}')
}

func (e *geminiEncoding) amount(effort Effort, tokens int64) {
	flash := strings.Contains(e.x.Target.Model, "flash")
	if e.major >= 3 {
		switch effort {
		case "":
		case EffortNone, EffortMinimal:
			if flash {
				e.w.str("thinkingLevel", "MINIMAL")
			} else {
				e.w.str("thinkingLevel", "LOW") // Its least.
			}
		case EffortLow:
			e.w.str("thinkingLevel", "LOW")
		case EffortMedium:
			if strings.HasPrefix(e.x.Target.Model, "gemini-3-pro") {
				e.w.str("thinkingLevel", "HIGH") // It has nothing between low and high.
			} else {
				e.w.str("thinkingLevel", "MEDIUM")
			}
		default:
			e.w.str("thinkingLevel", "HIGH")
		}
		return
	}
	least, most, off := int64(128), int64(32768), false
	switch {
	case strings.Contains(e.x.Target.Model, "flash-lite"):
		least, most, off = 512, 24576, true
	case flash:
		least, most, off = 0, 24576, true
	}
	switch {
	case tokens < 0, tokens == 0 && off:
	case tokens == 0:
		tokens = least
	default:
		tokens = min(max(tokens, least), most)
	}
	e.w.int("thinkingBudget", tokens)
}

// reportRest tells of what Gemini has no place for.
func (e *geminiEncoding) reportRest() {
	r := e.x.Request
	e.dropSet(len(r.LogitBias) > 0, FieldLogitBias)
	e.dropSet(r.Verbosity != "", FieldVerbosity)
	e.dropSet(r.CacheKey != "", FieldCacheKey)
	e.dropSet(r.Store != nil && *r.Store, FieldStore)
	e.dropSet(r.User != "", FieldUser)
	e.dropSet(len(r.Metadata) > 0, FieldMetadata)
	e.dropSet(r.ServiceTier != "" && r.ServiceTier != "auto" && r.ServiceTier != "default", FieldServiceTier)
}

func (e *geminiEncoding) dropSet(set bool, f Field) {
	if set {
		e.report.Drop(f)
	}
}
