package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"aiproxy/fsm"
	"aiproxy/gateway/admin"
	"aiproxy/gateway/metrics"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
)

// DefaultMaxBodySize is the largest request body accepted where the configuration says nothing, in bytes.
const DefaultMaxBodySize = 32 << 20

// Config holds the settings of one node's surface. They are fixed for the life of the process.
type Config struct {
	// NodeID is sent as X-Aiproxy-Node with every answer.
	NodeID string
	// APIKeys are the node's own keys, which clients may present beside those that the cluster replicates; they are named
	// local-1, local-2 and so on. None of either kind leaves the gateway open, which the configuration allows on loopback
	// addresses only.
	APIKeys []providers.Secret
	// MaxBodySize bounds a request body in bytes. 0 means DefaultMaxBodySize.
	MaxBodySize int64
	// CORSOrigins are the origins of web pages that browsers may let ask the gateway, "*" for all.
	CORSOrigins []string
}

// Validate reports every fault at once.
func (c Config) Validate() error {
	var faults []error
	if c.NodeID == "" {
		faults = append(faults, errors.New("node id is empty"))
	}
	for i, key := range c.APIKeys {
		if key == "" {
			faults = append(faults, fmt.Errorf("api key %d is empty", i+1))
		}
	}
	if c.MaxBodySize < 0 {
		faults = append(faults, fmt.Errorf("body limit %d is negative", c.MaxBodySize))
	}
	return errors.Join(faults...)
}

// Relay carries an inference request to an upstream and the answer back. *relay.Relay is one.
type Relay interface {
	Serve(ctx context.Context, w http.ResponseWriter, req *relay.Request)
}

// Views is where the replicated state comes from.
type Views interface {
	// Watch returns the current view, never nil, and a channel that is closed once a newer one is there.
	Watch() (*fsm.View, <-chan struct{})
}

// Check is one line of /readyz.
type Check struct {
	// Name is one word, such as "leader".
	Name string
	// OK false makes the node not ready.
	OK bool
	// Detail says what is wrong, or what is worth knowing of a check that is fine. It must be one line without a
	// secret: /readyz needs no key.
	Detail string
	// OnRequest checks count, and are shown, only where the query names them: /readyz?quorum.
	OnRequest bool
}

// Deps are the parts of the program that the surface rests on. All but Logger and the client keys are required.
type Deps struct {
	Relay Relay
	// Providers are those that a client may name in a path or a header.
	Providers *providers.Registry
	// Instances returns the enabled instances in routing order. It must not block.
	Instances func() []*providers.Instance
	// Views is where the replicated client keys come from, and OpenClientKey opens them. Without both there are none.
	Views         Views
	OpenClientKey func(fsm.Sealed) (string, error)
	// Admin serves the management API.
	Admin *admin.API
	// Checks returns the state of what a node needs before it should get traffic. It must not block.
	Checks func() []Check
	// Metrics counts requests and serves /metrics.
	Metrics *metrics.Metrics
	// Logger gets one debug record a request, an info record for a status of 500 and above, and warnings. Nil
	// discards them.
	Logger *slog.Logger
}

func (d Deps) validate() error {
	var faults []error
	for _, part := range []struct {
		name    string
		missing bool
	}{
		{"relay", d.Relay == nil},
		{"providers", d.Providers == nil},
		{"instances", d.Instances == nil},
		{"admin", d.Admin == nil},
		{"checks", d.Checks == nil},
		{"metrics", d.Metrics == nil},
	} {
		if part.missing {
			faults = append(faults, fmt.Errorf("%s missing", part.name))
		}
	}
	return errors.Join(faults...)
}
