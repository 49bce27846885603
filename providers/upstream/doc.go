// Package upstream is the HTTP client that speaks to AI providers. It owns connections, message framing and
// cancellation, and nothing above them: no retries of answers, no time limit on a whole call, no header policy, no
// redirects, no cookies, no decompression, no environment (HTTP_PROXY and its kin are not looked at).
//
// Plain http goes through a pooled HTTP/1.1 client that does its work on the caller's goroutine; https goes through a
// tuned net/http.Transport with HTTP/2. Both sit behind Transport, which is an http.RoundTripper, and both honour the
// same rules: the request is not modified, its body is always closed, cancelling its context ends the call in every
// phase, the reading of the answer's body included, and every error but io.EOF is an *Error that tells the phase.
//
// A Transport is safe for concurrent use. A response body may be closed while another goroutine reads it; apart from
// that it belongs to one goroutine. See DESIGN.md for the decisions.
package upstream
