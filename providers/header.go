package providers

import (
	"net/http"
	"net/textproto"
	"strings"

	"aiproxy/providers/dialect"
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

// UpstreamHeader returns what of the client's header is meant for an upstream of that vendor: what ForwardHeader says,
// and in a translated call nothing that describes the client's software or speaks to another vendor. The result is the
// caller's, as ForwardHeader's is.
func (c *Call) UpstreamHeader(vendor dialect.Vendor) http.Header {
	out := ForwardHeader(c.Header)
	if !c.Translated {
		return out
	}
	for name := range out {
		if speaksTo, vendored := vendorOf(name); vendored && speaksTo != vendor {
			delete(out, name)
		}
	}
	return out
}

// vendorOf tells which vendor's upstreams a field is for, and whether it is for one's: "" are fields by which a vendor's
// client describes itself and what it accepts.
func vendorOf(name string) (dialect.Vendor, bool) {
	switch name {
	case "Accept", "User-Agent", "X-App", "Originator", "Session_id", "Conversation_id", "Session-Id", "Version":
		return "", true
	}
	for _, own := range [...]struct {
		prefix string
		vendor dialect.Vendor
	}{
		{"Anthropic-", dialect.VendorAnthropic},
		{"Openai-", dialect.VendorOpenAI},
		{"X-Goog-", dialect.VendorGoogle},
		{"X-Dashscope-", dialect.VendorQwen},
		{"X-Stainless-", ""},
		{"X-Claude-", ""},
		{"X-Codex-", ""},
		{"X-Gemini-", ""},
		{"Chatgpt-", ""},
	} {
		if strings.HasPrefix(name, own.prefix) {
			return own.vendor, true
		}
	}
	return "", false
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
