package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// corsMaxAge is how long a browser may remember what it may ask, in seconds. Browsers cap it at two hours and less.
const corsMaxAge = "7200"

// allowOrigin lets the page that a browser asks for read the answer, if its origin is allowed. It reports whether the
// request is answered by that: a browser asks beforehand what it may send (https://fetch.spec.whatwg.org, section 3.3),
// without a key.
func (g *Gateway) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	if len(g.origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !g.allowedOrigin(origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		h.Set("Access-Control-Expose-Headers", "*, "+strings.Join(exposed(), ", "))
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE")
	// The vendors' libraries send many fields of their own, and the key is what guards the gateway.
	if fields := r.Header.Get("Access-Control-Request-Headers"); fields != "" {
		h.Set("Access-Control-Allow-Headers", fields)
	}
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// exposed are the fields of an answer that pages want, for browsers that do not take * for all.
func exposed() []string {
	return []string{headerRequestID, headerOwnRequestID, headerAnthropicID, "Retry-After", "X-Aiproxy-Instance", "X-Aiproxy-Dropped", "X-Aiproxy-Estimated"}
}

func (g *Gateway) allowedOrigin(origin string) bool {
	return slices.Contains(g.origins, "*") || slices.Contains(g.origins, strings.ToLower(origin))
}

func lowered(origins []string) []string {
	low := make([]string, len(origins))
	for i, origin := range origins {
		low[i] = strings.ToLower(origin)
	}
	return low
}
