package relay

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"
)

// What a Config that says nothing else gets.
const (
	defaultFirstByteTimeout = 5 * time.Minute
	defaultIdleTimeout      = 5 * time.Minute
	defaultKeepAlive        = 15 * time.Second
	defaultMaxAttempts      = 3
)

// Config is what a Relay needs. Router is required.
type Config struct {
	Router *Router
	// Recorder takes down what happens, nil for nobody.
	Recorder Recorder
	// NodeID is told to clients in X-Aiproxy-Node.
	NodeID string
	// FirstByteTimeout bounds the time of each attempt up to the reply's header, or to the first bytes of a stream.
	// 0 stands for 5 minutes.
	FirstByteTimeout time.Duration
	// IdleTimeout bounds the silence of an upstream within its answer, and the time for which a client may leave an
	// answer unread. 0 stands for 5 minutes.
	IdleTimeout time.Duration
	// KeepAlive is the silence in a stream after which the client gets a comment. 0 stands for 15 seconds.
	KeepAlive time.Duration
	// MaxAttempts bounds the instances tried for one request. 0 stands for 3.
	MaxAttempts int
	// Logger is told of faults of upstreams, nil for nobody.
	Logger *slog.Logger
}

// Relay serves inference requests. It is safe for concurrent use.
type Relay struct {
	router      *Router
	recorder    Recorder
	logger      *slog.Logger
	node        []string
	limits      limits
	maxAttempts int
	pools       pools
}

// New returns a relay.
func New(c Config) *Relay {
	r := &Relay{
		router:   c.Router,
		recorder: c.Recorder,
		logger:   c.Logger,
		node:     []string{c.NodeID},
		limits: limits{
			firstByte: cmp.Or(c.FirstByteTimeout, defaultFirstByteTimeout),
			idle:      cmp.Or(c.IdleTimeout, defaultIdleTimeout),
			keepAlive: cmp.Or(c.KeepAlive, defaultKeepAlive),
		},
		maxAttempts: cmp.Or(c.MaxAttempts, defaultMaxAttempts),
	}
	if r.recorder == nil {
		r.recorder = noRecorder{}
	}
	if r.logger == nil {
		r.logger = slog.New(slog.DiscardHandler)
	}
	return r
}

// Serve carries out the request and writes the answer, or an error in the client's dialect, to w. It returns when
// that is done or ctx is; ctx must end with the client's connection. It panics with http.ErrAbortHandler where an
// answer broke off that the client could otherwise take for whole. The request's body stays the caller's.
func (r *Relay) Serve(ctx context.Context, w http.ResponseWriter, req *Request) {
	x := r.pools.exchange()
	x.begin(r, w, req)
	x.run(ctx)
	aborted := x.aborted
	r.pools.putExchange(x)
	if aborted {
		panic(http.ErrAbortHandler)
	}
}
