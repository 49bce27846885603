package relay

import "sync/atomic"

// load counts what this node has sent to one instance. It lives as long as the instance's name is in the
// configuration, across tables, and every goroutine may use it.
type load struct {
	requests atomic.Uint64
	failures atomic.Uint64
	inFlight atomic.Int64
}

// Load is what this node, and no other, has sent to an instance since it started.
type Load struct {
	// Requests counts the calls, each attempt of a request by itself.
	Requests uint64
	// Failures counts the calls that ended in a fault of the credential, the quota or the provider.
	Failures uint64
	// InFlight is the number of calls that are going on.
	InFlight int64
}

func (l *load) read() Load {
	return Load{Requests: l.requests.Load(), Failures: l.failures.Load(), InFlight: l.inFlight.Load()}
}
