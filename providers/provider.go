// Package providers is the contract between the gateway and the upstreams: what an upstream call is, what comes
// back, and what a fault means. Each provider lives in a package of its own below this one and is put into a
// Registry by the program that builds them; nothing registers itself.
//
// It must not know the gateway, the store or the state machine: an Instance arrives here with its credential
// already opened. Everything in this package is safe for concurrent use unless it says otherwise.
package providers

import (
	"context"
	"io"
	"net/http"
	"time"

	"aiproxy/providers/dialect"
)

// Operation is what a client asks of an upstream, whatever the dialect.
type Operation string

// The operations.
const (
	Chat       Operation = "chat"
	Embeddings Operation = "embeddings"
	// CountTokens asks how many tokens a request for a chat would take.
	CountTokens Operation = "count_tokens"
	// Completions is the text completion of OpenAI's first API.
	Completions Operation = "completions"
	// StoredResponse asks for, deletes or cancels a response of OpenAI's Responses API that the upstream keeps. Method and
	// Resource of the call say what.
	StoredResponse Operation = "stored_response"
)

// Auth says what an instance's credential is, and thereby how it is presented.
type Auth string

// The kinds of credential.
const (
	// AuthKey is an API key, presented as the upstream's vendor wants it.
	AuthKey Auth = ""
	// AuthBearer is a key or token that goes as "Authorization: Bearer".
	AuthBearer Auth = "bearer"
	// AuthOAuth is an access token of an OAuth account.
	AuthOAuth Auth = "oauth"
)

// Instance is one upstream endpoint with one account, ready for use. It is immutable.
type Instance struct {
	Name     string
	Provider string
	// BaseURL has no trailing slash.
	BaseURL string
	// APIKey is the plaintext credential, empty for none.
	APIKey Secret
	// Auth says how the credential is presented.
	Auth Auth
	// ProjectID is a Google Cloud project, Region one of AWS, ProfileARN a profile of Kiro's; each is empty for none.
	ProjectID, Region, ProfileARN string
	// Headers are sent with every request, by canonical name, in place of what else would be.
	Headers map[string]Secret
	// ProxyURL is that of an HTTP or SOCKS5 proxy without its password, empty for none.
	ProxyURL      string
	ProxyPassword Secret
	// CA holds certificates in PEM that are trusted in place of the system's, empty for those.
	CA string
	// FirstByteTimeout and IdleTimeout bound the wait for a reply and the silence within one; 0 stands for the node's own.
	FirstByteTimeout, IdleTimeout time.Duration
	// ModelAliases map names that clients use to the upstream's; see UpstreamModel.
	ModelAliases map[string]string
	// Responses tells that the upstream has OpenAI's Responses API.
	Responses bool
	Models    []string
	Weight    int
	Priority  int
}

// Call is one request to an upstream. It belongs to one goroutine.
type Call struct {
	Operation Operation
	// Dialect is the wire protocol of Body and of the expected reply.
	Dialect dialect.Name
	// Method is that of a StoredResponse, Resource its path and query below the collection: "resp_1/input_items?limit=9".
	Method, Resource string
	// Model is the name that the upstream shall see; Body carries it already.
	Model string
	// Stream tells that the client asked for a stream of events.
	Stream bool
	// Translated tells that the client speaks another dialect, so that Body has been made by the gateway.
	Translated bool
	// Header is the client's header. A provider forwards what is meant for upstreams and never the client's key; see
	// UpstreamHeader.
	Header http.Header
	// Body is the request body. Do takes no reference of its own unless it outlives the call; see Body.
	Body *Body
}

// Reply is an upstream's answer, whatever its status. The caller must close Body.
type Reply struct {
	Status int
	// Header is the upstream's, without hop-by-hop fields.
	Header http.Header
	Body   io.ReadCloser
}

// Provider is one kind of upstream.
type Provider interface {
	// Name is the canonical name, such as "openai-custom".
	Name() string
	// Supports tells whether the provider can carry out op for a client of the dialect, by translation if need be.
	Supports(op Operation, d dialect.Name) bool
	// Target tells how the instance's upstream is spoken to in order to carry out op for a client of the dialect, and
	// whether it can. If the upstream speaks the client's dialect, that is the target's, and bodies pass byte for
	// byte; otherwise the gateway translates between the two. Model is the name that the upstream shall see. The
	// target's Stream tells that the upstream must stream even if the client does not want it; it is otherwise left
	// unset. Do then gets a call with the target's dialect.
	Target(in *Instance, op Operation, d dialect.Name, model string) (dialect.Target, bool)
	// Do performs the call once, without retries. It returns when the reply's header is there; the reply's body is
	// read as it arrives. Cancelling ctx ends the call in every phase, the reading of the body included. An error
	// means that no reply was received and is always an *Error.
	Do(ctx context.Context, in *Instance, call *Call) (*Reply, error)
	// Models lists the model names that the instance offers, asked from the upstream.
	Models(ctx context.Context, in *Instance) ([]dialect.Model, error)
	// Classify says whose fault a reply with this status is; body is its beginning, for providers that must look.
	Classify(status int, header http.Header, body []byte) Class
}
