package dialect

import (
	"errors"
	"net/http"
	"slices"
)

// ErrTruncated says that an upstream's stream ended before its answer did.
var ErrTruncated = errors.New("stream ended before the answer was complete")

// Codec translates one dialect to and from the canonical form, in both directions: the requests of its clients and
// the answers to them, the requests to its upstreams and their answers. A codec keeps nothing and is safe for
// concurrent use; what belongs to one exchange is in the Exchange, what belongs to one stream in its Decoder or
// Encoder. DESIGN.md beside this file has the rules that all codecs follow.
type Codec interface {
	ClientCodec
	UpstreamCodec
}

// ClientCodec is the half of a Codec that faces clients.
type ClientCodec interface {
	// Name is the dialect's.
	Name() Name

	// DecodeRequest reads a client's request. The caller sets Model and Stream. What cannot be understood is a
	// *SyntaxError or a *FieldError. What is understood and has no place in Request goes to the report, which knows
	// the field by the client's own name for it.
	DecodeRequest(body []byte, report *Report) (*Request, error)
	// EncodeResponse appends the whole answer for a client to dst.
	EncodeResponse(dst []byte, r *Response, x *Exchange) []byte
	// NewEncoder returns an encoder for a client's stream.
	NewEncoder(x *Exchange) Encoder
	// ErrorStatus is the HTTP status with which clients of the dialect expect the fault.
	ErrorStatus(e *Error) int

	// FieldName is the client's name for a field of Request, such as "generationConfig.topK" for FieldTopK.
	FieldName(f Field) string
}

// UpstreamCodec is the half of a Codec that faces upstreams. It is all that a dialect has which no client speaks.
type UpstreamCodec interface {
	// Name is the dialect's.
	Name() Name

	// EncodeRequest appends the request for x.Target to dst. It must not change x.Request, and notes in x what
	// decoding the answer needs. What the dialect lacks goes to the report.
	EncodeRequest(dst []byte, x *Exchange, report *Report) []byte
	// DecodeResponse reads an upstream's whole answer. Raw values and strings of the result may point into body. An
	// *Error is what the upstream tells in place of an answer, with the status of one.
	DecodeResponse(body []byte, x *Exchange) (*Response, error)
	// NewDecoder returns a decoder for an upstream's stream.
	NewDecoder(x *Exchange) Decoder
	// DecodeError reads an upstream's answer that is no success. It finds a fault in every body: Message is empty
	// where there is nothing to repeat, and Kind is set.
	DecodeError(status int, header http.Header, body []byte) *Error
}

// Lookup returns the codec of a dialect that clients speak, and whether there is one.
func Lookup(n Name) (Codec, bool) {
	c, ok := translators[n]
	return c, ok
}

// LookupUpstream returns the codec of a dialect that upstreams speak, and whether there is one.
func LookupUpstream(n Name) (UpstreamCodec, bool) {
	if c, ok := translators[n]; ok {
		return c, true
	}
	c, ok := upstreamOnly[n]
	return c, ok
}

// Translates tells whether a client of one dialect can be served by an upstream of the other.
func Translates(client, upstream Name) bool {
	_, from := Lookup(client)
	_, to := LookupUpstream(upstream)
	return from && to
}

// translators holds the codecs that translate; it is never changed.
var translators = map[Name]Codec{
	OpenAIChat:      openAIChat{},
	OpenAIResponses: openAIResponses{},
	Anthropic:       anthropic{},
	Gemini:          gemini{},
}

// upstreamOnly holds the codecs of dialects that no client speaks; it is never changed.
var upstreamOnly = map[Name]UpstreamCodec{
	Kiro: kiro{},
}

// Target is what an encoder must know of the upstream that it writes for.
type Target struct {
	// Dialect is the wire protocol.
	Dialect Name
	// Vendor is whose upstream it is: who made the signatures that it accepts and which extensions it knows.
	Vendor Vendor
	// Model is the name that the upstream shall see.
	Model string
	// Stream tells that the upstream is asked for a stream, whatever the client wants.
	Stream bool
	// MaxTokens is what a dialect that demands a bound gets where the client gave none. 0 stands for 8192.
	MaxTokens int64
	// ServerTools are those that the upstream runs. Others are refused.
	ServerTools []ServerTool
	// OldMaxTokens tells that an upstream of OpenAI Chat knows max_tokens and not max_completion_tokens.
	OldMaxTokens bool
	// EchoReasoning tells that an upstream of OpenAI Chat wants the reasoning_content of earlier turns back.
	EchoReasoning bool
	// CustomTools tells that an upstream of OpenAI Chat or Responses knows tools that take free text.
	CustomTools bool
	// ProfileARN is the profile that an upstream of Kiro bills, empty for accounts without one.
	ProfileARN string
}

// Runs tells whether the upstream runs the server tool.
func (t *Target) Runs(tool ServerTool) bool {
	return slices.Contains(t.ServerTools, tool)
}
