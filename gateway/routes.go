package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"aiproxy/gateway/admin"
	"aiproxy/gateway/metrics"
)

// otherRoute labels the requests that match no route.
const otherRoute = "other"

// endpoint is a line of the table of routes.
type endpoint struct {
	// method is GET, which brings HEAD along, or another one.
	method string
	// path is the template, in the router's syntax.
	path string
	// open endpoints need no key.
	open bool
	// relayed endpoints are answered by the relay, which bounds its own writes.
	relayed bool
	serve   handlerFunc
}

// literalRoute is the key of a route whose template has no variable.
type literalRoute struct{ method, path string }

// route is an endpoint ready to serve.
type route struct {
	gateway  *Gateway
	endpoint endpoint
	counters map[string]*metrics.Route
}

// endpoints lists the routes. The router tries them in this order and its cost grows with the number tried, so
// inference comes first.
func (g *Gateway) endpoints() []endpoint {
	list := slices.Concat(g.inferenceEndpoints(""), g.inferenceEndpoints("/{provider}"), []endpoint{
		{method: http.MethodGet, path: "/", open: true, serve: g.probed},
		{method: http.MethodGet, path: "/api/hello", open: true, serve: g.probed},
		{method: http.MethodGet, path: "/healthz", open: true, serve: g.health},
		{method: http.MethodGet, path: "/readyz", open: true, serve: g.readiness},
		{method: http.MethodGet, path: "/metrics", open: true, serve: adapt(g.metrics.Handler())},
	})
	for _, a := range g.admin.Endpoints() {
		list = append(list, endpoint{
			method: a.Method, path: a.Path, open: a.Open,
			serve: func(x *exchange, r *http.Request) error {
				if x.caller != "" {
					r = r.WithContext(admin.WithCaller(r.Context(), x.caller))
				}
				return a.Serve(x, r)
			},
		})
	}
	return list
}

// buildRoutes fills the router. It does not use the router's middleware, which is assembled anew for every
// request: what goes around a handler is in route.ServeHTTP.
func (g *Gateway) buildRoutes() {
	// Cleaning would redirect a POST to a doubled slash and break model names that hold one.
	g.router = mux.NewRouter().SkipClean(true)
	g.literal = make(map[literalRoute]*route)
	for _, e := range g.endpoints() {
		methods := []string{e.method}
		if e.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		rt := g.newRoute(e, methods...)
		g.router.Handle(e.path, rt).Methods(methods...)
		if strings.Contains(e.path, "{") {
			continue
		}
		for _, method := range methods {
			g.literal[literalRoute{method, e.path}] = rt
		}
	}
	g.router.NotFoundHandler = g.newRoute(endpoint{path: otherRoute, serve: g.notFound}, anyMethod()...)
	g.router.MethodNotAllowedHandler = g.newRoute(endpoint{path: otherRoute, serve: g.methodNotAllowed}, anyMethod()...)
}

func (g *Gateway) newRoute(e endpoint, methods ...string) *route {
	rt := &route{gateway: g, endpoint: e, counters: make(map[string]*metrics.Route)}
	for _, method := range methods {
		rt.counters[method] = g.metrics.Route(method, templateLabel(e.path))
	}
	return rt
}

// counter returns the counters of a request; a method that no table knows shares one set.
func (rt *route) counter(method string) *metrics.Route {
	if c, ok := rt.counters[method]; ok {
		return c
	}
	return rt.counters[""]
}

// anyMethod lists the methods that the answers to unmatched requests are counted by; the empty one is any other.
func anyMethod() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace, "",
	}
}

// templateLabel is a template without the patterns of its variables: "/v1/models/{id}".
func templateLabel(template string) string { return strings.ReplaceAll(template, ":.+}", "}") }

// adapt lets an ordinary handler stand in the table of routes.
func adapt(h http.Handler) handlerFunc {
	return func(x *exchange, r *http.Request) error {
		h.ServeHTTP(x, r)
		return nil
	}
}
