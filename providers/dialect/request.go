package dialect

import "encoding/json"

// Request is what a client asks of a model, in no dialect. Decoders fill it, encoders write it in their own words.
//
// A pointer that is nil, an empty string and an empty slice stand for what the client did not say: an encoder then
// says nothing either, unless its dialect demands a value. Raw values may point into the body that was decoded and
// are valid as long as it is.
type Request struct {
	// Model and Stream are set from the route by whoever calls the decoder: not every dialect has them in its body.
	Model  string
	Stream bool
	// IncludeUsage tells that a client of OpenAI Chat wants the usage in its stream.
	IncludeUsage bool

	// Messages are the turns in the client's order, see Message. System text is among them.
	Messages []Message

	Tools      []Tool
	ToolChoice ToolChoice
	// ParallelTools tells whether the model may call several tools in one turn.
	ParallelTools *bool

	// Format is the shape that the answer's text must have.
	Format Format
	// Reasoning says how much the model should think.
	Reasoning Reasoning
	// Verbosity is OpenAI's low, medium or high.
	Verbosity string

	// MaxTokens bounds the answer, thinking included.
	MaxTokens        *int64
	Temperature      *float64
	TopP             *float64
	TopK             *int64
	FrequencyPenalty *float64
	PresencePenalty  *float64
	Seed             *int64
	Stop             []string
	// N is the number of answers wanted.
	N *int64
	// LogProbs asks for the likelihood of each token, TopLogProbs for that of so many others beside it.
	LogProbs    *bool
	TopLogProbs *int64
	// LogitBias is OpenAI's object of token ids.
	LogitBias json.RawMessage

	// ServiceTier is in the client's words; the encoder maps it or reports it as dropped.
	ServiceTier string
	// Metadata are the client's own notes, in order.
	Metadata []Note
	// User is the end user as the client names it: user, safety_identifier or metadata.user_id.
	User string
	// CacheKey is OpenAI's prompt_cache_key.
	CacheKey string
	// Store tells whether the upstream shall keep the answer.
	Store *bool
	// IncludeEncrypted tells that a client of OpenAI Responses wants encrypted reasoning, to send it back.
	IncludeEncrypted bool

	// Extra are members without a place above, for an upstream of the vendor that they are of.
	Extra []Extra
	// Body is what was decoded, for encoders that repeat parts of the request in the answer.
	Body []byte
}

// Note is an entry of a request's metadata.
type Note struct{ Key, Value string }

// Extra is a member of the request's object that only some upstreams understand.
type Extra struct {
	// Vendor is whose member it is.
	Vendor Vendor
	Name   string
	Value  json.RawMessage
	// Essential tells that the request means something else without it: it is refused where it can't be carried.
	Essential bool
	// Reason says why an essential member can't be carried, fit for a Refusal. Empty stands for the usual words.
	Reason string
}

// Vendor is the family of upstreams that an extension, a signature or an encrypted text belongs to.
type Vendor string

// The vendors. They are written into what clients keep (see Signature): a word never changes its meaning.
const (
	VendorOpenAI    Vendor = "openai"
	VendorAnthropic Vendor = "anthropic"
	VendorGoogle    Vendor = "google"
	VendorKiro      Vendor = "kiro"
	VendorQwen      Vendor = "qwen"
)

// Role is who speaks.
type Role uint8

// The roles. There is none for tools: their results are parts of what the user says.
const (
	RoleUser Role = iota
	RoleAssistant
	// RoleSystem and RoleDeveloper may stand anywhere. Anthropic's system, Responses' instructions and Gemini's
	// systemInstruction are a first message of RoleSystem.
	RoleSystem
	RoleDeveloper
)

// Message is a turn. Neighbours may have the same role; MergeTurns joins them for dialects that want turns to
// alternate. The results of tools are parts of a message of RoleUser, which holds nothing else before them.
type Message struct {
	Role Role
	// Name tells participants of one role apart.
	Name  string
	Parts []Part
	// At is the index of the client's message or item that this one began with, for error messages.
	At int
}

// Format is the shape that the answer's text must have.
type Format struct {
	Kind FormatKind
	// These describe a FormatSchema. Schema is JSON Schema.
	Name        string
	Description string
	Schema      json.RawMessage
	Strict      *bool
}

// FormatKind says how the answer's text is bound.
type FormatKind uint8

// The kinds of format.
const (
	FormatText FormatKind = iota
	// FormatJSON is any JSON object.
	FormatJSON
	// FormatSchema is JSON of a schema.
	FormatSchema
)

// Reasoning says how much a model should think. Effort and Budget are two ways to say it; where both are set the
// encoder takes the one that its dialect has. EffortOf and BudgetOf translate.
type Reasoning struct {
	// Effort is empty or one of the Effort constants.
	Effort Effort
	// Budget is a number of tokens, -1 where the model shall decide.
	Budget *int64
	// Adaptive is Anthropic's thinking of that type: on, as much as the model finds right.
	Adaptive bool
	// Show tells whether the client wants to see thoughts, nil where it did not say.
	Show *bool
	// Summary is Responses' auto, concise or detailed.
	Summary string
}

// CacheMark is Anthropic's cache_control of a part or a tool: what comes up to here may be cached.
type CacheMark struct {
	// TTL is 5m, 1h or empty for the upstream's habit.
	TTL string
}
