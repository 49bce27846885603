// Package plainproxy owns the yardstick that aiproxy is held against: what a Go programmer gets from the standard library in
// an afternoon, an httputil.ReverseProxy that checks the client's key and sets the upstream's. It reads no body. Nothing in it
// is tuned but the pool of idle connections, whose default of two per host would make it open a connection per request.
//
// The handler may be called from any goroutine, as handlers are.
package plainproxy

import (
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// idleConns is the number of idle upstream connections kept, more than any workload uses.
const idleConns = 512

// Config tells the proxy where to forward to and whose keys to expect and to send.
type Config struct {
	Target      *url.URL
	ClientKey   string
	UpstreamKey string
	Logger      *slog.Logger
}

// New returns the proxy's handler.
func New(cfg Config) http.Handler {
	want := []byte("Bearer " + cfg.ClientKey)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(cfg.Target)
			r.Out.Header.Set("Authorization", "Bearer "+cfg.UpstreamKey)
		},
		Transport: &http.Transport{MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleConns},
		ErrorLog:  slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelWarn),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "wrong API key", http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	})
}
