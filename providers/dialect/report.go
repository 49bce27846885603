package dialect

import (
	"slices"
	"strconv"
)

// Field names a field of Request, whatever the client calls it.
type Field string

// The fields.
const (
	FieldMessages         Field = "messages"
	FieldTools            Field = "tools"
	FieldToolChoice       Field = "tool_choice"
	FieldParallelTools    Field = "parallel_tool_calls"
	FieldFormat           Field = "response_format"
	FieldReasoning        Field = "reasoning"
	FieldVerbosity        Field = "verbosity"
	FieldMaxTokens        Field = "max_tokens"
	FieldTemperature      Field = "temperature"
	FieldTopP             Field = "top_p"
	FieldTopK             Field = "top_k"
	FieldFrequencyPenalty Field = "frequency_penalty"
	FieldPresencePenalty  Field = "presence_penalty"
	FieldSeed             Field = "seed"
	FieldStop             Field = "stop"
	FieldN                Field = "n"
	FieldLogProbs         Field = "logprobs"
	FieldTopLogProbs      Field = "top_logprobs"
	FieldLogitBias        Field = "logit_bias"
	FieldServiceTier      Field = "service_tier"
	FieldMetadata         Field = "metadata"
	FieldUser             Field = "user"
	FieldCacheKey         Field = "prompt_cache_key"
	FieldStore            Field = "store"
	FieldCache            Field = "cache_control"
)

// Refusal is a field that the request cannot do without and that cannot be carried.
type Refusal struct {
	// Field is the client's name for it, with an index where there is one: "messages[3]".
	Field string
	// Reason follows the field's name in a sentence, without a period.
	Reason string
}

// Report collects what a translation cannot carry. What changes the meaning of the request is refused: the client
// gets a 400 that names the field. What only tunes is dropped: the client is told in a header. Nothing is left out
// without one of the two.
type Report struct {
	// Client is the codec of the client's dialect; it knows the client's names. nil is for tests of encoders.
	Client ClientCodec
	// Refused and Dropped are in the order in which they were found. Dropped has each name once.
	Refused []Refusal
	Dropped []string
}

// Refuse notes a field that cannot be carried and that changes what is asked for.
func (r *Report) Refuse(f Field, reason string) { r.RefuseName(r.name(f), reason) }

// RefuseAt is Refuse for a message, by Message.At.
func (r *Report) RefuseAt(at int, reason string) {
	r.RefuseName(r.name(FieldMessages)+"["+strconv.Itoa(at)+"]", reason)
}

// RefuseName is Refuse by the client's own name.
func (r *Report) RefuseName(name, reason string) {
	r.Refused = append(r.Refused, Refusal{Field: name, Reason: reason})
}

// Drop notes a field that was left out and only tunes.
func (r *Report) Drop(f Field) { r.DropName(r.name(f)) }

// DropName is Drop by the client's own name.
func (r *Report) DropName(name string) {
	if !slices.Contains(r.Dropped, name) {
		r.Dropped = append(r.Dropped, name)
	}
}

// DropExtras drops the extensions of a request but those that the encoder has carried, and refuses the essential ones.
func (r *Report) DropExtras(extras []Extra, carried func(*Extra) bool) {
	for i := range extras {
		switch x := &extras[i]; {
		case carried != nil && carried(x):
		case x.Essential && x.Reason != "":
			r.RefuseName(x.Name, x.Reason)
		case x.Essential:
			r.RefuseName(x.Name, "is not known to this upstream")
		default:
			r.DropName(x.Name)
		}
	}
}

// dropDetail reports how closely an image shall be looked at, to upstreams that can't be told.
func (r *Report) dropDetail(m *Media) {
	if m.Detail != "" && m.Detail != "auto" {
		r.DropName("detail")
	}
}

// Strict refuses what was dropped.
func (r *Report) Strict() {
	for _, name := range r.Dropped {
		r.RefuseName(name, "is not carried to this upstream, and the gateway is set to refuse what it would drop")
	}
	r.Dropped = nil
}

func (r *Report) name(f Field) string {
	if r.Client == nil {
		return string(f)
	}
	return r.Client.FieldName(f)
}

// Clone returns a report that goes on from here, for one of several encoders.
func (r *Report) Clone() *Report {
	return &Report{Client: r.Client, Refused: slices.Clone(r.Refused), Dropped: slices.Clone(r.Dropped)}
}
