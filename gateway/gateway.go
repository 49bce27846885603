package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/gorilla/mux"

	"aiproxy/gateway/admin"
	"aiproxy/gateway/metrics"
	"aiproxy/providers"
)

// Gateway is the handler of everything that clients ask of a node.
type Gateway struct {
	node        []string // the value of X-Aiproxy-Node, shared by all answers
	keys        *clientKeys
	maxBodySize int64
	origins     []string // in lower case

	relay     Relay
	providers *providers.Registry
	models    *modelLister
	admin     *admin.API
	checks    func() []Check
	metrics   *metrics.Metrics
	logger    *slog.Logger

	router   *mux.Router
	literal  map[literalRoute]*route
	draining atomic.Bool
}

var _ http.Handler = (*Gateway)(nil)

// New returns a gateway that is ready. The error names every fault of the configuration.
func New(c Config, d Deps) (*Gateway, error) {
	if err := errors.Join(c.Validate(), d.validate()); err != nil {
		return nil, fmt.Errorf("set up gateway: %w", err)
	}
	if c.MaxBodySize == 0 {
		c.MaxBodySize = DefaultMaxBodySize
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{
		node:        []string{c.NodeID},
		keys:        newClientKeys(c.APIKeys, d),
		maxBodySize: c.MaxBodySize,
		origins:     lowered(c.CORSOrigins),
		relay:       d.Relay,
		providers:   d.Providers,
		models:      newModelLister(d.Providers, d.Instances, d.Logger),
		admin:       d.Admin,
		checks:      d.Checks,
		metrics:     d.Metrics,
		logger:      d.Logger,
	}
	g.buildRoutes()
	return g, nil
}

// ServeHTTP routes and serves one request. A route without variables is found in a map; the router has the rest,
// and answers what matches nothing.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.allowOrigin(w, r) {
		return
	}
	if rt, ok := g.literal[literalRoute{r.Method, r.URL.Path}]; ok {
		rt.ServeHTTP(w, r)
		return
	}
	g.router.ServeHTTP(w, r)
}

// Run follows the keys that the cluster replicates until ctx is done, whose error it returns. Call it once.
func (g *Gateway) Run(ctx context.Context) error { return g.keys.run(ctx) }

// SetReady tells whether /readyz may report the node as ready. A gateway begins ready; who stops the node sets
// false first, so that load balancers look elsewhere while requests are drained. A gateway that is not ready still
// serves, and asks with each answer that the connection be closed.
func (g *Gateway) SetReady(ready bool) { g.draining.Store(!ready) }

// InFlight returns the number of requests being served.
func (g *Gateway) InFlight() int64 { return g.metrics.Active() }
