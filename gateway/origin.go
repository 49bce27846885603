package gateway

import (
	"net"
	"net/http"
	"net/url"

	"aiproxy/providers/dialect"
)

// refuseForeignPage refuses a request that a browser makes for a web page from elsewhere. It guards a gateway without
// keys, which listens on loopback because everybody there is trusted; web pages are not. Browsers name the page's
// origin in every request that could do harm (RFC 6454, section 7), under DNS rebinding too.
func refuseForeignPage(r *http.Request, allowed func(origin string) bool) error {
	origin := r.Header.Get("Origin")
	if origin == "" || isLoopbackOrigin(origin) || allowed(origin) {
		return nil
	}
	return &dialect.Error{
		Status: http.StatusForbidden,
		Type:   "invalid_request_error",
		Code:   "foreign_origin",
		Message: "This gateway has no API key, so it serves no web pages from other machines. " +
			"Set --api-key and let the page send the key, or name the page's origin in cors_allowed_origins.",
	}
}

func isLoopbackOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}
