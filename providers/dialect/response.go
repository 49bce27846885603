package dialect

// Response is a whole answer, in no dialect.
type Response struct {
	ID    string
	Model string
	// Created is in Unix seconds, 0 where the upstream does not tell.
	Created int64
	// Choices are the answers: one, but for requests with N above 1.
	Choices []Choice
	Usage   Usage
	// Counted tells that the upstream has told Usage.
	Counted     bool
	ServiceTier string
	Fingerprint string
}

// Choice is one answer.
type Choice struct {
	Parts []Part
	Stop  Stop
	// LogProbs are those of the answer's text, empty where they were not asked for.
	LogProbs []LogProb
}

// Stop says why an answer ended.
type Stop struct {
	Reason StopReason
	// Sequence is the stop sequence that was met, if the upstream told it.
	Sequence string
	// Detail is what the upstream says about a refusal or a filter, for people.
	Detail string
}

// StopReason is why an answer ended.
type StopReason uint8

// The reasons. Encoders derive the word for calls from the parts as well: upstreams say "stop" after calls too.
const (
	// StopUnknown is an answer that does not say.
	StopUnknown StopReason = iota
	StopEnd
	StopSequence
	StopToolUse
	StopMaxTokens
	// StopContext is a full context window.
	StopContext
	// StopFilter is an upstream's filter, StopRefusal the model's own decision.
	StopFilter
	StopRefusal
	// StopPause wants the client to send the answer back for more.
	StopPause
	// StopMalformed is a call that the model could not write properly: an error, not an answer.
	StopMalformed
)

// LogProb is a token and how likely it was.
type LogProb struct {
	Token   string
	LogProb float64
	// Bytes are the token's, where it is not text by itself.
	Bytes []int
	Top   []LogProb
}

// dropCut takes the call out with which the bound of an answer was met, if its arguments are not whole: there was no
// call yet, and a client must not run what is left of it.
func (r *Response) dropCut() {
	for i := range r.Choices {
		c := &r.Choices[i]
		last := len(c.Parts) - 1
		if last < 0 || c.Stop.Reason != StopMaxTokens && c.Stop.Reason != StopContext {
			continue
		}
		if call := c.Parts[last].Call; call != nil && value(call.Args).get(argumentsRaw).isString() {
			c.Parts = c.Parts[:last]
		}
	}
}
