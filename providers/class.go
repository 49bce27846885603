package providers

import "net/http"

// Class says whose fault an outcome is. What follows from it (try another instance, let one cool down, count
// towards its ejection) is for the gateway to decide.
type Class uint8

// The classes.
const (
	// ClassNone is no fault.
	ClassNone Class = iota
	// ClassCaller is a fault of the request: every instance would answer the same.
	ClassCaller
	// ClassCredential is a fault of the account: its key is wrong, its means are used up, it may not do this.
	ClassCredential
	// ClassQuota is an account that has had too many requests for the moment.
	ClassQuota
	// ClassProvider is a fault of the upstream or of the way to it.
	ClassProvider
	// ClassGateway is a fault of ours.
	ClassGateway
	// ClassCanceled is a call that its caller gave up: nobody's fault.
	ClassCanceled
)

// String returns the name used in logs and as a metrics label; the set of names is closed.
func (c Class) String() string {
	switch c {
	case ClassNone:
		return "none"
	case ClassCaller:
		return "caller"
	case ClassCredential:
		return "credential"
	case ClassQuota:
		return "quota"
	case ClassProvider:
		return "provider"
	case ClassGateway:
		return "gateway"
	case ClassCanceled:
		return "canceled"
	default:
		return "unknown"
	}
}

// ClassifyStatus is the class of an HTTP status where a provider knows nothing better. A redirect counts as a
// provider's fault: upstream calls do not follow one, and no client of ours could use it.
func ClassifyStatus(status int) Class {
	switch {
	case status >= 200 && status < 300:
		return ClassNone
	case status == http.StatusUnauthorized, status == http.StatusPaymentRequired, status == http.StatusForbidden:
		return ClassCredential
	case status == http.StatusTooManyRequests:
		return ClassQuota
	case status == http.StatusRequestTimeout:
		return ClassProvider
	case status >= 400 && status < 500:
		return ClassCaller
	default:
		return ClassProvider
	}
}
