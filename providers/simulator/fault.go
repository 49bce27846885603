package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// fault is a refusal, whatever the protocol. What is left empty is said in the vendor's own words.
type fault struct {
	status int
	cause  cause
	// kind is the vendor's type or status of the error, code and param are OpenAI's.
	kind, code, param, message string
	retryAfter                 time.Duration
}

// cause is what a fault is about, where its status does not tell.
type cause uint8

const (
	unspecified cause = iota
	wrongKey
	missingKey
	noQuota
	tooLong
	filtered
	noModel
	noRoute
	wrongMethod
)

// vendor is what the protocols differ in outside of a request and its answer.
type vendor interface {
	// key returns the credential that the request carries where the vendor looks for it.
	key(r *http.Request) string
	// greet sets the header fields of every reply.
	greet(x *exchange, h http.Header)
	// encode returns the status and the body of a refusal, worded as the vendor does.
	encode(x *exchange, f *fault) (int, []byte)
}

// badRequest is a 400 in the words that a protocol's rule has.
func badRequest(message string) *fault {
	return &fault{status: http.StatusBadRequest, message: message}
}

// simulated is the message of a fault that a script asks for.
func simulated(status int) string {
	return "Simulated failure with status " + strconv.Itoa(status) + "."
}

// fail answers with a fault.
func (x *exchange) fail(f *fault) {
	if f.retryAfter > 0 {
		seconds := int((f.retryAfter + time.Second - 1) / time.Second)
		x.w.Header()["Retry-After"] = []string{strconv.Itoa(seconds)}
	}
	status, body := x.vendor.encode(x, f)
	x.reply(status, "application/json", body)
}
