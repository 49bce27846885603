// Package admin is the management API of a node: the state of the cluster and the balancer's instances, and the
// writes that change them on all nodes: the whole configuration, its earlier revisions, and who changed what.
//
// It must not know Raft, authenticate, or keep state of its own. Reads come from the node's own view of the
// replicated state and wait only where the request asks for a fresher one; writes go through the Store, which says where
// they stand. No answer holds a secret in plaintext, and only those that tell a whole configuration hold sealed ones.
//
// Concurrency: an API is made once and its handlers serve any number of requests at the same time.
package admin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
)

// Store is what the API needs of the replicated store.
type Store interface {
	// View returns the node's replicated state. It never blocks.
	View() *fsm.View
	// Watch returns the node's replicated state and a channel that is closed once there is a newer one.
	Watch() (*fsm.View, <-chan struct{})
	// Apply writes a command and waits for a quorum. Its error is a *fsm.Rejection, fsm.ErrNoLeader or
	// fsm.ErrIndeterminate, perhaps wrapped, or a fault of the node.
	Apply(ctx context.Context, c fsm.Command) (fsm.Receipt, error)
	// AwaitLatest returns once the View includes all that was written before the call. Its error is fsm.ErrNoLeader or
	// fsm.ErrBehind, perhaps wrapped.
	AwaitLatest(ctx context.Context) error
	// AwaitIndex returns once the View includes the entry at index. Its error is fsm.ErrBehind, perhaps wrapped.
	AwaitIndex(ctx context.Context, index uint64) error
}

// Counters are what this node has done with an instance since it started. They are not replicated.
type Counters struct {
	// Requests is the number of calls made.
	Requests uint64 `json:"requests"`
	// Failures is the number of calls that ended in a fault of the instance.
	Failures uint64 `json:"failures"`
	// InFlight is the number of calls that have not ended.
	InFlight int64 `json:"in_flight"`
}

// Config is what the API is made of.
type Config struct {
	// Store is required.
	Store Store
	// Cluster changes membership and leadership. Nil leaves out the endpoints that do.
	Cluster Cluster
	// Status returns the answer to GET /cluster/status, to be encoded as JSON. It is required, must return at once
	// and must not hold a secret.
	Status func(ctx context.Context) any
	// Sealer seals the secrets of the configuration. Nil leaves out the endpoints that read and write it as a whole.
	Sealer document.Sealer
	// Rules are the names that a configuration may use. Empty lists allow every one.
	Rules document.Rules
	// Origin says where backups come from. Without SealKey, or without Sealer, the endpoints for backups are left out.
	Origin BackupOrigin
	// Counters returns the node's counters of an instance by name. Nil means that there are none.
	Counters func(instance string) Counters
	// Logger gets a record for every write. Nil discards them.
	Logger *slog.Logger
}

// API holds the handlers. Make one with New.
type API struct {
	store    Store
	cluster  Cluster
	status   func(ctx context.Context) any
	sealer   document.Sealer
	rules    document.Rules
	origin   BackupOrigin
	counters func(instance string) Counters
	logger   *slog.Logger
}

// Endpoint is one route of the API, for the gateway's table.
type Endpoint struct {
	Method string
	// Path is a template in the router's syntax.
	Path string
	// Open endpoints need no key.
	Open bool
	// Serve handles a request. An error, a *dialect.Error unless something is broken, means that nothing has been
	// written.
	Serve func(w http.ResponseWriter, r *http.Request) error
}

// New returns the API, or an error that names what is missing.
func New(c Config) (*API, error) {
	if c.Store == nil || c.Status == nil {
		return nil, errors.New("set up management API: store and status are required")
	}
	if c.Counters == nil {
		c.Counters = func(string) Counters { return Counters{} }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &API{
		store: c.Store, cluster: c.Cluster, status: c.Status, sealer: c.Sealer, rules: c.Rules, origin: c.Origin,
		counters: c.Counters, logger: c.Logger,
	}, nil
}

// Endpoints lists the routes.
func (a *API) Endpoints() []Endpoint {
	list := a.stateEndpoints()
	for i := range list {
		list[i].Serve = a.consistent(list[i].Serve)
	}
	return append(list, Endpoint{Method: http.MethodGet, Path: "/cluster/status", Open: true, Serve: a.clusterStatus})
}

// stateEndpoints are those that read or write replicated state.
func (a *API) stateEndpoints() []Endpoint {
	return append([]Endpoint{
		{Method: http.MethodGet, Path: "/loadbalancer/instances", Serve: a.listInstances},
		{Method: http.MethodPut, Path: "/loadbalancer/algorithm", Serve: a.setAlgorithm},
		{Method: http.MethodPut, Path: "/loadbalancer/instances/{name}", Serve: a.updateInstance},
	}, slices.Concat(a.membershipEndpoints(), a.configEndpoints(), a.backupEndpoints())...)
}
