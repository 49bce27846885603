package gateway

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

// allowed lists the methods that the path of r has routes for, in the form of the Allow header.
func (g *Gateway) allowed(r *http.Request) string {
	var methods []string
	for _, method := range anyMethod() {
		probe := *r
		probe.Method = method
		var match mux.RouteMatch
		if g.router.Match(&probe, &match) && match.MatchErr == nil {
			methods = append(methods, method)
		}
	}
	return strings.Join(methods, ", ")
}
