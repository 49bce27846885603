package providers

import (
	"net/http"
	"net/textproto"
	"strings"
)

// ForwardHeader returns what of a client's header is meant for an upstream: everything but the fields of the
// client's own connection, its credentials, where it came from, and what it tells the gateway. The provider adds
// the credential. The result is the caller's; its values are shared with client and must not be changed in place.
func ForwardHeader(client http.Header) http.Header {
	out := make(http.Header, len(client)+3)
	for name, values := range client {
		if !staysHere(name) {
			out[name] = values
		}
	}
	removeNamed(out, client["Connection"])
	return out
}

// CleanReplyHeader removes from an upstream's header, in place, what speaks of the upstream's own connection or
// origin. Everything else is for the client, as it is.
func CleanReplyHeader(h http.Header) {
	removeNamed(h, h["Connection"])
	for name := range h {
		if hopByHop(name) || name == "Set-Cookie" || name == "Alt-Svc" || name == "Strict-Transport-Security" {
			delete(h, name)
		}
	}
}

// hopByHop tells whether the canonical name belongs to one connection (RFC 9110, section 7.6.1, and the older
// names that are still seen).
func hopByHop(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te",
		"Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings":
		return true
	default:
		return false
	}
}

// staysHere tells whether a client's field of that canonical name is not for upstreams.
func staysHere(name string) bool {
	switch name {
	// Credentials, and what a browser adds to them.
	case "Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Cookie":
		return true
	// They name an account of the client's, which the gateway's key does not belong to.
	case "Openai-Organization", "Openai-Project":
		return true
	// Set anew for every call; the body is in memory, so nothing waits for a 100 Continue.
	case "Host", "Content-Length", "Accept-Encoding", "Expect":
		return true
	// Where the client came from.
	case "Forwarded", "X-Real-Ip":
		return true
	// For the gateway.
	case "Model-Provider":
		return true
	default:
		return hopByHop(name) || strings.HasPrefix(name, "X-Aiproxy-") || strings.HasPrefix(name, "X-Forwarded-")
	}
}

// removeNamed deletes from h the fields that the values of a Connection field name.
func removeNamed(h http.Header, connection []string) {
	for _, value := range connection {
		for token := range strings.SplitSeq(value, ",") {
			delete(h, textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(token)))
		}
	}
}
