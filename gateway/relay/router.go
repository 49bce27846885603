package relay

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"

	"aiproxy/fsm"
	"aiproxy/providers"
)

// Views is where the replicated state comes from.
type Views interface {
	// Watch returns the current view, never nil, and a channel that is closed once a newer one is there.
	Watch() (*fsm.View, <-chan struct{})
}

// Router holds the routing table of the newest view. Table may be called by any number of goroutines, Run by one.
type Router struct {
	views    Views
	open     func(fsm.Sealed) (string, error)
	registry *providers.Registry
	logger   *slog.Logger
	table    atomic.Pointer[Table]

	// These belong to NewRouter and then to Run.
	built  *fsm.View
	faults []string
}

// NewRouter returns a router with the table of the current view. The function open turns a sealed credential into
// plaintext. Run keeps the table up to date.
func NewRouter(views Views, open func(fsm.Sealed) (string, error), reg *providers.Registry, logger *slog.Logger) *Router {
	r := &Router{views: views, open: open, registry: reg, logger: logger}
	v, _ := views.Watch()
	r.follow(v)
	return r
}

// Table returns the current table. It is never nil.
func (r *Router) Table() *Table { return r.table.Load() }

// Load returns what this node has sent to the instance, and whether there is one of that name.
func (r *Router) Load(instance string) (Load, bool) { return r.Table().Load(instance) }

// Run follows the views until ctx is done, whose error it returns.
func (r *Router) Run(ctx context.Context) error {
	for {
		v, newer := r.views.Watch()
		r.follow(v)
		select {
		case <-newer:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// follow builds the table of the view, unless nothing in it concerns routing.
func (r *Router) follow(v *fsm.View) {
	if r.built != nil && sameRouting(r.built, v) {
		return
	}
	table, faults := newTable(v, r.open, r.registry, r.table.Load())
	r.table.Store(table)
	r.built = v
	r.report(faults)
	r.logger.Debug("routing table built", "revision", v.Revision, "instances", len(v.Instances), "serving", len(table.targets))
}

// sameRouting tells whether two views are equal in what a table is built from. Views share what has not changed, so
// that looking at where the instances stand in memory is enough.
func sameRouting(a, b *fsm.View) bool {
	return (a.ClusterID == "") == (b.ClusterID == "") && a.Settings.LoadBalancer == b.Settings.LoadBalancer &&
		slices.Equal(a.Settings.ModelProviders, b.Settings.ModelProviders) &&
		maps.Equal(a.Settings.ModelAliases, b.Settings.ModelAliases) && a.Settings.Translation == b.Settings.Translation &&
		len(a.Instances) == len(b.Instances) &&
		(len(a.Instances) == 0 || &a.Instances[0] == &b.Instances[0])
}

// report logs each fault once, for as long as it lasts.
func (r *Router) report(faults []error) {
	texts := make([]string, len(faults))
	for i, err := range faults {
		texts[i] = err.Error()
		if !slices.Contains(r.faults, texts[i]) {
			r.logger.Warn("routing table has a fault", "error", err)
		}
	}
	r.faults = texts
}
