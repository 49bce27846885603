package dialect

import (
	"slices"
	"strings"
)

// The words for turns without text: none may be empty.
const (
	kiroUserFiller      = "Continue"
	kiroAssistantFiller = "(empty)"
)

// kiroEncoding is a request while it is written.
type kiroEncoding struct {
	w      writer
	x      *Exchange
	report *Report
	// offered are the tools that the model may call, by name.
	offered map[ToolRef]bool
	// thinking are the words that switch thinking on, empty for no thinking.
	thinking string
}

// EncodeRequest appends the body of generateAssistantResponse.
func (kiro) EncodeRequest(dst []byte, x *Exchange, report *Report) []byte {
	e := &kiroEncoding{w: writer{buf: dst}, x: x, report: report, thinking: kiroThinking(x)}
	tools := e.offer()
	system, turns := SplitSystem(x.Request.Messages)
	turns = e.alternate(turns)
	last := len(turns) - 1
	preface := e.preface(system, tools)
	e.w.open('{')
	e.w.openObject("conversationState")
	e.w.str("agentTaskType", "vibe")
	e.w.str("chatTriggerType", "MANUAL")
	e.w.str("conversationId", kiroConversation(x.Request))
	e.w.str("agentContinuationId", kiroUUID("continuation", x.ID))
	if last > 0 {
		e.w.openArray("history")
		for i := range turns[:last] {
			e.turn(&turns[i], preface, nil)
			preface = ""
		}
		e.w.close(']')
	}
	e.w.key("currentMessage")
	e.turn(&turns[last], preface, tools)
	e.w.close('}')
	e.w.optStr("profileArn", x.Target.ProfileARN)
	e.w.close('}')
	e.reportRest()
	report.DropExtras(x.Request.Extra, nil)
	return e.w.buf
}

// alternate returns the turns as Kiro wants them: the user's and the assistant's in turn, the user's first and last. A
// turn that is missing is there without parts.
func (e *kiroEncoding) alternate(turns []Message) []Message {
	turns = e.plain(SettleCalls(MergeTurns(FoldSystem(turns))))
	if len(turns) == 0 || turns[0].Role == RoleAssistant {
		turns = slices.Insert(turns, 0, Message{Role: RoleUser})
	}
	if turns[len(turns)-1].Role == RoleAssistant {
		turns = append(turns, Message{Role: RoleUser})
	}
	return turns
}

// plain returns the turns with the calls of tools that are not offered, and their results, as text: Kiro refuses a
// history with tools that it isn't told of.
func (e *kiroEncoding) plain(turns []Message) []Message {
	names := NameResults(turns)
	stays := func(p *Part) bool {
		switch {
		case p.Call != nil:
			return e.offered[p.Call.Ref()]
		case p.Result != nil:
			return e.offered[names[p.Result.CallID]]
		default:
			return true
		}
	}
	for i := range turns {
		if !slices.ContainsFunc(turns[i].Parts, func(p Part) bool { return !stays(&p) }) {
			continue
		}
		parts := make([]Part, 0, len(turns[i].Parts))
		for j := range turns[i].Parts {
			switch p := &turns[i].Parts[j]; {
			case stays(p):
				parts = append(parts, *p)
			case p.Call != nil:
				parts = append(parts, Part{Text: "The tool " + p.Call.Name + " was called with: " + string(p.Call.Args) + p.Call.Input})
			default:
				parts = append(parts, Part{Text: "The tool " + names[p.Result.CallID].Name + " said:"}, Part{Text: string(p.Result.Data)})
				parts = append(parts, p.Result.Parts...)
			}
		}
		turns[i].Parts = parts
	}
	return turns
}

// preface is what stands before the first words of the user's: Kiro has no place for the system's text.
func (e *kiroEncoding) preface(system []Part, tools []kiroTool) string {
	texts := make([]string, 0, len(system)+2)
	if e.thinking != "" {
		texts = append(texts, e.thinking)
	}
	for i := range system {
		e.dropSet(system[i].Cache != nil, FieldCache)
		if strings.TrimSpace(system[i].Text) != "" {
			texts = append(texts, system[i].Text)
		}
	}
	for i := range tools {
		if tools[i].manual != "" {
			texts = append(texts, kiroManual(tools[i].name)+"\n\n"+tools[i].manual)
		}
	}
	if e.x.Request.Format.Kind == FormatJSON {
		texts = append(texts, "Answer with one JSON object and nothing else.")
	}
	return strings.Join(texts, "\n\n")
}

// reportRest tells of what Kiro has no place for: it takes no parameters at all.
func (e *kiroEncoding) reportRest() {
	r := e.x.Request
	if len(r.Stop) > 0 {
		e.report.Refuse(FieldStop, "is not known to this upstream, which would write on")
	}
	if r.N != nil && *r.N > 1 {
		e.report.Refuse(FieldN, "asks for more than one answer, and this upstream gives one")
	}
	if r.LogProbs != nil && *r.LogProbs {
		e.report.Refuse(FieldLogProbs, "asks for likelihoods, which this upstream does not tell")
	}
	if r.Format.Kind == FormatSchema {
		e.report.Refuse(FieldFormat, "can't be enforced by this upstream")
	}
	e.dropSet(r.Format.Kind == FormatJSON, FieldFormat) // It is asked for in words.
	e.dropSet(r.MaxTokens != nil, FieldMaxTokens)
	e.dropSet(r.Temperature != nil, FieldTemperature)
	e.dropSet(r.TopP != nil, FieldTopP)
	e.dropSet(r.TopK != nil, FieldTopK)
	e.dropSet(r.FrequencyPenalty != nil && *r.FrequencyPenalty != 0, FieldFrequencyPenalty)
	e.dropSet(r.PresencePenalty != nil && *r.PresencePenalty != 0, FieldPresencePenalty)
	e.dropSet(r.Seed != nil, FieldSeed)
	e.dropSet(len(r.LogitBias) > 0, FieldLogitBias)
	e.dropSet(r.ParallelTools != nil && !*r.ParallelTools, FieldParallelTools)
	e.dropSet(r.Verbosity != "", FieldVerbosity)
	e.dropSet(r.Store != nil && *r.Store, FieldStore)
	e.dropSet(r.User != "", FieldUser)
	e.dropSet(len(r.Metadata) > 0, FieldMetadata)
	e.dropSet(r.ServiceTier != "" && r.ServiceTier != "auto" && r.ServiceTier != "default", FieldServiceTier)
}

func (e *kiroEncoding) dropSet(set bool, f Field) {
	if set {
		e.report.Drop(f)
	}
}
