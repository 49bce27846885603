package gateway

import (
	"net/http"
	"strconv"
	"strings"
)

// health answers as long as the process serves at all.
func (g *Gateway) health(x *exchange, _ *http.Request) error {
	writeText(x, http.StatusOK, "ok\n")
	return nil
}

// readiness tells load balancers whether to send requests here, with one line a check. Checks that traffic does not need
// count only for who names them.
func (g *Gateway) readiness(x *exchange, r *http.Request) error {
	checks := g.checks()
	if g.draining.Load() {
		checks = append(checks, Check{Name: "drain", Detail: "the node is shutting down"})
	}
	status := http.StatusOK
	var text strings.Builder
	asked := r.URL.Query()
	for _, c := range checks {
		if c.OnRequest && !asked.Has(c.Name) {
			continue
		}
		if !c.OK {
			status = http.StatusServiceUnavailable
		}
		text.WriteString(c.line())
	}
	writeText(x, status, text.String())
	return nil
}

func (c Check) line() string {
	switch {
	case !c.OK:
		return "[-]" + c.Name + " " + c.Detail + "\n"
	case c.Detail != "":
		return "[+]" + c.Name + " ok: " + c.Detail + "\n"
	default:
		return "[+]" + c.Name + " ok\n"
	}
}

func writeText(x *exchange, status int, text string) {
	x.Header().Set("Content-Type", "text/plain; charset=utf-8")
	x.Header().Set("Content-Length", strconv.Itoa(len(text)))
	x.Header().Set("Cache-Control", "no-store")
	x.WriteHeader(status)
	_, _ = x.Write([]byte(text)) // A client that has left does not miss it.
}
