package upstream

import (
	"net/http"
	"strconv"
	"strings"
)

// framing says where a response's body ends (RFC 9112 section 6.3).
type framing int

const (
	noBody framing = iota
	byLength
	byChunks
	byClose
)

// frame decides the framing and sets the fields of resp that follow from it, as net/http does: Transfer-Encoding,
// Trailer and a closing Connection leave the header and show in the fields of their own. What is ambiguous is refused,
// but for a Content-Length beside chunks, which the standard lets be overridden; the connection ends after it.
func frame(resp *http.Response, method string) (framing, error) {
	h := resp.Header
	resp.Close = closes(resp)
	length, err := contentLength(h)
	if err != nil {
		return noBody, err
	}
	chunked, err := isChunked(resp)
	if err != nil {
		return noBody, err
	}
	if chunked {
		resp.TransferEncoding = []string{"chunked"}
		if resp.Trailer, err = announced(h); err != nil {
			return noBody, err
		}
	}
	switch {
	case method == http.MethodHead:
		resp.ContentLength = length
		return noBody, nil
	case resp.StatusCode < 200 || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified:
		return noBody, nil
	case chunked:
		if length >= 0 {
			delete(h, "Content-Length")
			resp.Close = true
		}
		resp.ContentLength = -1
		return byChunks, nil
	case length == 0:
		return noBody, nil
	case length > 0:
		resp.ContentLength = length
		return byLength, nil
	}
	resp.ContentLength = -1
	resp.Close = true
	return byClose, nil
}

// closes tells whether the upstream will close the connection after this response.
func closes(resp *http.Response) bool {
	connection, ok := resp.Header["Connection"]
	if !ok {
		return resp.ProtoMinor == 0
	}
	if resp.ProtoMinor == 0 {
		return hasToken(connection, "close") || !hasToken(connection, "keep-alive")
	}
	if !hasToken(connection, "close") {
		return false
	}
	delete(resp.Header, "Connection")
	return true
}

// contentLength returns -1 for none. Repeated values must be the same, and are then made one.
func contentLength(h http.Header) (int64, error) {
	values := h["Content-Length"]
	if len(values) == 0 {
		return -1, nil
	}
	for _, v := range values[1:] {
		if v != values[0] {
			return 0, malformed("conflicting content lengths")
		}
	}
	h["Content-Length"] = values[:1]
	n, err := strconv.ParseUint(values[0], 10, 63)
	if err != nil {
		return 0, malformed("content length")
	}
	return int64(n), nil
}

// isChunked takes Transfer-Encoding out of the header. Any coding but a single chunked is refused, and so is one in
// HTTP/1.0, which does not know it.
func isChunked(resp *http.Response) (bool, error) {
	codings, ok := resp.Header["Transfer-Encoding"]
	if !ok {
		return false, nil
	}
	delete(resp.Header, "Transfer-Encoding")
	if len(codings) != 1 || !strings.EqualFold(codings[0], "chunked") || resp.ProtoMinor == 0 {
		return false, malformed("transfer encoding")
	}
	return true, nil
}

// announced takes the Trailer field out of the header and returns its names as keys without values.
func announced(h http.Header) (http.Header, error) {
	lists, ok := h["Trailer"]
	if !ok {
		return nil, nil
	}
	delete(h, "Trailer")
	trailer := http.Header{}
	for _, list := range lists {
		for element := range strings.SplitSeq(list, ",") {
			element = strings.Trim(element, " \t")
			if element == "" {
				continue
			}
			name, ok := canonicalName(element)
			if !ok || framingField(name) {
				return nil, malformed("trailer name")
			}
			trailer[name] = nil
		}
	}
	return trailer, nil
}

// framingField tells the fields that must not come after the body that they would frame.
func framingField(name string) bool {
	return name == "Content-Length" || name == "Transfer-Encoding" || name == "Trailer"
}
