package relay

import (
	"net/http"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// Request is an inference request, authenticated and read. Serve changes nothing in it.
type Request struct {
	// ID is the gateway's own id of the request.
	ID        string
	Operation providers.Operation
	// Dialect is the client's.
	Dialect dialect.Name
	// Provider is the client's explicit choice, by path or header, empty for none.
	Provider string
	// Instance is the only one that may serve the request, because it keeps what that refers to; empty for any.
	Instance string
	// Method and Resource are those of a providers.StoredResponse.
	Method, Resource string
	// Stored is the upstream's id of the response that the request refers to, empty for none.
	Stored string
	// Envelope is what dialect.Peek has read of Body.
	Envelope dialect.Envelope
	Header   http.Header
	// JSONArray tells that a client of Gemini wants its stream as a JSON array.
	JSONArray bool
	// Body holds at least the caller's reference until Serve returns.
	Body *providers.Body
}

// Recorder takes down what happened, for the metrics. Its methods are called by many goroutines at once and must not
// block.
type Recorder interface {
	// ProviderRequest counts a call by the status of its reply. Where none came it is the status that stands for
	// that towards a client: 502, 504, or 499 for a call that the client gave up.
	ProviderRequest(provider, instance, model string, status int)
	// ProviderError counts a call that ended in a fault, by the name of its providers.Class.
	ProviderError(provider, instance, class string)
	// Tokens adds the tokens that an upstream says it has used.
	Tokens(provider, model string, input, output int64)
	// FirstByte takes the time from the beginning of a call to the first event of its stream, or to the header of
	// any other reply.
	FirstByte(provider, instance string, d time.Duration)
}

// noRecorder takes nothing down.
type noRecorder struct{}

func (noRecorder) ProviderRequest(string, string, string, int)   {}
func (noRecorder) ProviderError(string, string, string)          {}
func (noRecorder) Tokens(string, string, int64, int64)           {}
func (noRecorder) FirstByte(_ string, _ string, _ time.Duration) {}
