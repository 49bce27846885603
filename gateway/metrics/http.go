package metrics

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Route counts the requests of one method to one route template. It is made once and kept by who serves the route.
type Route struct {
	metrics  *Metrics
	method   string
	template string
	duration atomic.Pointer[prometheus.Observer]
	requests []atomic.Pointer[prometheus.Counter]
}

// Route returns the counters of a route. Template is the pattern, never a path that a client sent. A method that
// HTTP does not define is counted as "other". Series appear with the first request.
func (m *Metrics) Route(method, template string) *Route {
	return &Route{
		metrics:  m,
		method:   methodLabel(method),
		template: template,
		requests: make([]atomic.Pointer[prometheus.Counter], len(m.statuses.label)),
	}
}

// Begin counts a request as active until End.
func (r *Route) Begin() { r.metrics.active.Add(1) }

// End counts a request with the status that was sent and the time it took.
func (r *Route) End(status int, took time.Duration) {
	r.metrics.active.Add(-1)
	r.counter(status).Inc()
	r.observer().Observe(took.Seconds())
}

// Two requests that come first at the same time both ask the vector, which gives them the same child.
func (r *Route) counter(status int) prometheus.Counter {
	slot := &r.requests[r.metrics.statuses.slotOf(status)]
	if c := slot.Load(); c != nil {
		return *c
	}
	c := r.metrics.requests.WithLabelValues(r.method, r.template, r.metrics.statuses.labelOf(status))
	slot.Store(&c)
	return c
}

func (r *Route) observer() prometheus.Observer {
	if o := r.duration.Load(); o != nil {
		return *o
	}
	o := r.metrics.duration.WithLabelValues(r.method, r.template)
	r.duration.Store(&o)
	return o
}

// Active returns the number of requests that have begun and not ended.
func (m *Metrics) Active() int64 { return m.active.Load() }

func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return other
}
