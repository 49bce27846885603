// Package dialect knows the wire protocols that clients and upstreams speak: what must be read of a request before
// it can be routed, how a fault, a list of models and a stream of events look, and where the token counts are.
//
// A request from a client of one dialect to an upstream of another is translated by way of a canonical form: Request,
// Response and Event. DESIGN.md tells the rules.
//
// Each dialect is one codec in files named for it (openaichat.go, openaichat_usage.go); everything else here is
// common to all of them. It must not know a provider, a connection or the gateway, does no I/O and starts no
// goroutine. Byte slices passed in are never kept or changed. Functions are safe for concurrent use; a Splitter
// belongs to one stream.
package dialect

// Name names a wire protocol.
type Name string

// The dialects.
const (
	// OpenAIChat is OpenAI's Chat Completions API with its embeddings and models.
	OpenAIChat Name = "openai-chat"
	// OpenAIResponses is OpenAI's Responses API.
	OpenAIResponses Name = "openai-responses"
	// Anthropic is Anthropic's Messages API.
	Anthropic Name = "anthropic"
	// Gemini is Google's Gemini API, generateContent and streamGenerateContent.
	Gemini Name = "gemini"
	// Kiro is the request of Kiro's generateAssistantResponse and the events of its answer. No client speaks it.
	Kiro Name = "kiro"
)

// Model is an entry of a list of models.
type Model struct {
	ID      string
	OwnedBy string
	// Created is in Unix seconds, 0 where unknown.
	Created int64
}

// codec is one dialect's way to write and read what the gateway itself has to do with.
type codec interface {
	encodeError(e *Error) []byte
	encodeStreamError(e *Error) []byte
	foreignError(status int, body []byte) *Error
	encodeModels(models []Model) []byte
	encodeModel(m Model) []byte
	usageFromReply(body []byte) (Usage, bool)
	usageFromData(data []byte) (Usage, bool)
}

// codecs holds one codec a dialect; it is never changed.
var codecs = map[Name]codec{
	OpenAIChat:      openAIChat{},
	OpenAIResponses: openAIResponses{},
	Anthropic:       anthropic{},
	Gemini:          gemini{},
}

// codecFor returns the codec of n, OpenAI's for an unknown name: a client whose dialect could not be told is most
// likely to understand that one.
func codecFor(n Name) codec {
	if c, ok := codecs[n]; ok {
		return c
	}
	return openAIChat{}
}

// EncodeModels returns the reply to a request for the list of models.
func EncodeModels(n Name, models []Model) []byte { return codecFor(n).encodeModels(models) }

// EncodeModel returns the reply to a request for one model.
func EncodeModel(n Name, m Model) []byte { return codecFor(n).encodeModel(m) }
