package upstream

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// check refuses what neither kind of connection could carry.
func check(req *http.Request) error {
	switch {
	case req.URL == nil || req.URL.Host == "":
		return refused("no host in the address")
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return refused("scheme is neither http nor https")
	case req.Method != "" && !validToken(req.Method):
		return refused("method is not a token")
	case req.Method == http.MethodConnect:
		return refused("CONNECT is not supported")
	case len(req.Trailer) > 0:
		return refused("trailers are not supported")
	}
	for name, values := range req.Header {
		if !validToken(name) {
			return refused("header name is not a token")
		}
		for _, v := range values {
			if !validValue(v) {
				return refused("header " + name + " holds a control character")
			}
		}
	}
	return nil
}

// appendHead appends the head of a request that check has passed.
func appendHead(dst []byte, req *http.Request, body int) ([]byte, error) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	host = withoutZone(host)
	if !validHost(host) {
		return dst, refused("host is not in ASCII form")
	}
	target := req.URL.RequestURI()
	if !validTarget(target) {
		return dst, refused("control character in the address")
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	dst = append(append(append(dst, method...), ' '), target...)
	dst = append(append(dst, " HTTP/1.1\r\nHost: "...), host...)
	dst = append(dst, "\r\n"...)
	if body > 0 || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		dst = strconv.AppendInt(append(dst, "Content-Length: "...), int64(body), 10)
		dst = append(dst, "\r\n"...)
	}
	for name, values := range req.Header {
		if ownField(name, req.Close) {
			continue
		}
		for _, v := range values {
			dst = append(append(append(append(dst, name...), ": "...), v...), "\r\n"...)
		}
	}
	if req.Close {
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, "\r\n"...), nil
}

// ownField tells the fields that the client writes itself, because framing hangs on them. The spelling does not matter:
// a key that is not canonical must not get past.
func ownField(name string, closing bool) bool {
	switch len(name) {
	case len("Host"):
		return strings.EqualFold(name, "Host")
	case len("Content-Length"):
		return strings.EqualFold(name, "Content-Length")
	case len("Transfer-Encoding"):
		return strings.EqualFold(name, "Transfer-Encoding")
	case len("Trailer"):
		return strings.EqualFold(name, "Trailer")
	case len("Connection"):
		return closing && strings.EqualFold(name, "Connection")
	}
	return false
}

// withoutZone strips the zone of an IPv6 literal, which means nothing to the other side (RFC 6874 section 4).
func withoutZone(host string) string {
	if !strings.HasPrefix(host, "[") {
		return host
	}
	end := strings.LastIndexByte(host, ']')
	zone := strings.IndexByte(host, '%')
	if zone < 0 || zone > end {
		return host
	}
	return host[:zone] + host[end:]
}

// dialAddress is where to connect for a plain http address.
func dialAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}
