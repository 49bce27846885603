package upstream_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/upstream"
)

// outcome is what a caller sees of a response.
type outcome struct {
	Status    string
	Code      int
	Header    http.Header
	Length    int64
	Coding    []string
	Close     bool
	Body      string
	Trailer   http.Header
	Truncated bool
}

// observe performs the call and tells what came of it.
func observe(tb testing.TB, rt http.RoundTripper, req *http.Request) (outcome, error) {
	tb.Helper()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return outcome{}, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return outcome{
		Status: resp.Status, Code: resp.StatusCode, Header: resp.Header, Length: resp.ContentLength, Coding: resp.TransferEncoding,
		Close: resp.Close, Body: string(content), Trailer: resp.Trailer, Truncated: errors.Is(err, io.ErrUnexpectedEOF),
	}, nil
}

// saying is a script that answers one request and hangs up.
func saying(answer string) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		if _, _, err := readRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, answer)
		}
	}
}

// Whatever net/http makes of a response, so must this client.
func TestResponsesReadAsNetHTTPReadsThem(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ method, answer string }{
		"length":                {"GET", crlf("HTTP/1.1 200 OK", "Content-Type: application/json", "Content-Length: 5", "", "hello")},
		"length zero":           {"GET", crlf("HTTP/1.1 200 OK", "Content-Length: 0", "", "")},
		"same length twice":     {"GET", crlf("HTTP/1.1 200 OK", "Content-Length: 5", "content-length: 5", "", "hello")},
		"more than the length":  {"GET", crlf("HTTP/1.1 200 OK", "Content-Length: 5", "", "hello, and more")},
		"less than the length":  {"GET", crlf("HTTP/1.1 200 OK", "Content-Length: 50", "", "hello")},
		"until the close":       {"GET", crlf("HTTP/1.1 200 OK", "Content-Type: text/plain", "", "hello")},
		"nothing but a head":    {"GET", crlf("HTTP/1.1 200 OK", "", "")},
		"bare line feeds":       {"GET", "HTTP/1.1 200 OK\nContent-Length: 5\nX-A: b\n\nhello"},
		"no reason":             {"GET", crlf("HTTP/1.1 200", "Content-Length: 2", "", "ok")},
		"empty reason":          {"GET", crlf("HTTP/1.1 429 ", "Content-Length: 2", "Retry-After: 7", "", "ok")},
		"unknown status":        {"GET", crlf("HTTP/1.1 529 Site is overloaded", "Content-Length: 2", "", "ok")},
		"lower-case names":      {"GET", crlf("HTTP/1.1 200 OK", "content-length: 2", "x-request-id: abc", "x-ratelimit-limit-requests: 9", "", "ok")},
		"odd spacing":           {"GET", crlf("HTTP/1.1 200 OK", "Content-Length:   2  ", "X-Tab:\ta\tb\t", "X-Empty:", "X-Colon: a:b", "", "ok")},
		"repeated fields":       {"GET", crlf("HTTP/1.1 200 OK", "Content-Length: 2", "Via: a", "Set-Cookie: 1", "Set-Cookie: 2", "via: b", "", "ok")},
		"high bytes in a value": {"GET", crlf("HTTP/1.1 200 OK", "Content-Length: 2", "X-Name: M\xfcller", "", "ok")},

		"chunked":                {"POST", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hello", "6;x=y", " world", "0", "", "")},
		"chunk case and zeros":   {"POST", crlf("HTTP/1.1 200 OK", "transfer-encoding: Chunked", "", "00A  ", "0123456789", "a;q=\"1;2\"", "0123456789", "000", "", "")},
		"chunked, no chunk":      {"POST", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "0", "", "")},
		"chunked, trailers":      {"POST", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum, x-other", "", "2", "ok", "0", "X-Sum: 1", "X-More: 2", "", "")},
		"chunked, cut in a size": {"POST", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hello", "1")},
		"chunked, cut in data":   {"POST", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hel")},
		"chunked, cut after it":  {"POST", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hello")},
		"chunked, cut at size":   {"POST", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hello", "")},

		"interim":         {"POST", crlf("HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: </a>", "", "HTTP/1.1 200 OK", "Content-Length: 2", "", "ok")},
		"no content":      {"POST", crlf("HTTP/1.1 204 No Content", "X-A: b", "", "")},
		"204 with length": {"POST", crlf("HTTP/1.1 204 No Content", "Content-Length: 5", "", "")},
		"not modified":    {"GET", crlf("HTTP/1.1 304 Not Modified", "Content-Length: 50", "Etag: x", "", "")},
		"head":            {"HEAD", crlf("HTTP/1.1 200 OK", "Content-Length: 50", "", "")},
		"head, chunked":   {"HEAD", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "")},
		"head, no length": {"HEAD", crlf("HTTP/1.1 200 OK", "", "")},

		"close":                {"GET", crlf("HTTP/1.1 200 OK", "Connection: close", "Content-Length: 2", "", "ok")},
		"close among others":   {"GET", crlf("HTTP/1.1 200 OK", "Connection: x-y, Close", "Content-Length: 2", "", "ok")},
		"HTTP/1.0":             {"GET", crlf("HTTP/1.0 200 OK", "Server: old", "", "hello")},
		"HTTP/1.0 with length": {"GET", crlf("HTTP/1.0 200 OK", "Content-Length: 2", "", "ok")},
		"HTTP/1.0 keep-alive":  {"GET", crlf("HTTP/1.0 200 OK", "Connection: Keep-Alive", "Content-Length: 2", "", "ok")},
		"a long body":          {"GET", crlf("HTTP/1.1 200 OK", "Content-Length: 300000", "", strings.Repeat("0123456789", 30000))},
		"a long chunk":         {"GET", crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "493E0", strings.Repeat("0123456789", 30000), "0", "", "")},
		"a long head":          {"GET", crlf("HTTP/1.1 200 OK", "Content-Length: 2", "X-Long: "+strings.Repeat("x", 40000), "", "ok")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, saying(tc.answer))
			std := &http.Transport{DisableCompression: true}
			defer std.CloseIdleConnections()
			var got [2]outcome
			for i, rt := range []http.RoundTripper{std, newTransport(t, upstream.Options{})} {
				req, _ := request(t.Context(), t, p.addr, nil)
				req.Method = tc.method
				var err error
				if got[i], err = observe(t, rt, req); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(got[0], got[1]); diff != "" {
				t.Errorf("net/http (-) and this client (+) differ:\n%s", diff)
			}
		})
	}
}

func TestUntrustworthyResponsesAreRefused(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 50)
	for name, tc := range map[string]struct {
		answer string
		want   error
	}{
		"two lengths":            {crlf("HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6", "", "hello!"), upstream.ErrMalformed},
		"list of lengths":        {crlf("HTTP/1.1 200 OK", "Content-Length: 5, 5", "", "hello"), upstream.ErrMalformed},
		"signed length":          {crlf("HTTP/1.1 200 OK", "Content-Length: +5", "", "hello"), upstream.ErrMalformed},
		"negative length":        {crlf("HTTP/1.1 200 OK", "Content-Length: -5", "", "hello"), upstream.ErrMalformed},
		"empty length":           {crlf("HTTP/1.1 200 OK", "Content-Length:", "", "hello"), upstream.ErrMalformed},
		"huge length":            {crlf("HTTP/1.1 200 OK", "Content-Length: 99999999999999999999", "", "hello"), upstream.ErrMalformed},
		"unknown coding":         {crlf("HTTP/1.1 200 OK", "Transfer-Encoding: gzip", "", "hello"), upstream.ErrMalformed},
		"two codings":            {crlf("HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked", "", "0", "", ""), upstream.ErrMalformed},
		"coding twice":           {crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "", "0", "", ""), upstream.ErrMalformed},
		"coding in HTTP/1.0":     {crlf("HTTP/1.0 200 OK", "Transfer-Encoding: chunked", "", "0", "", ""), upstream.ErrMalformed},
		"framing as trailer":     {crlf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Trailer: Content-Length", "", "0", "", ""), upstream.ErrMalformed},
		"no colon":               {crlf("HTTP/1.1 200 OK", "Content-Length 5", "", "hello"), upstream.ErrMalformed},
		"space before the colon": {crlf("HTTP/1.1 200 OK", "Content-Length : 5", "", "hello"), upstream.ErrMalformed},
		"folded line":            {crlf("HTTP/1.1 200 OK", "X-A: b", " c", "", "hello"), upstream.ErrMalformed},
		"empty name":             {crlf("HTTP/1.1 200 OK", ": b", "", "hello"), upstream.ErrMalformed},
		"carriage return inside": {crlf("HTTP/1.1 200 OK", "X-A: b\rContent-Length: 5", "", "hello"), upstream.ErrMalformed},
		"null byte":              {crlf("HTTP/1.1 200 OK", "X-A: b\x00", "", "hello"), upstream.ErrMalformed},
		"another protocol":       {crlf("SSH-2.0-OpenSSH_9.2", "", ""), upstream.ErrMalformed},
		"HTTP/2.0":               {crlf("HTTP/2.0 200 OK", "", ""), upstream.ErrMalformed},
		"bad status":             {crlf("HTTP/1.1 2x0 OK", "", ""), upstream.ErrMalformed},
		"long status":            {crlf("HTTP/1.1 2000 OK", "", ""), upstream.ErrMalformed},
		"low status":             {crlf("HTTP/1.1 099 OK", "", ""), upstream.ErrMalformed},
		"empty line first":       {crlf("", "HTTP/1.1 200 OK", "", ""), upstream.ErrMalformed},
		"switching protocols":    {crlf("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "", ""), upstream.ErrMalformed},
		"endless interim":        {many, upstream.ErrMalformed},
		"head too large":         {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: 0123456789\r\n", 5000), upstream.ErrHeadTooLarge},
		"line too long":          {"HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("x", 70000), upstream.ErrHeadTooLarge},
		"cut in the head":        {"HTTP/1.1 200 OK\r\nX-A: 0\r\n", io.ErrUnexpectedEOF},
		"nothing":                {"", io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, saying(tc.answer))
			req, body := request(t.Context(), t, p.addr, []byte("x"))
			_, _, err := exchange(t, newTransport(t, upstream.Options{}), req)
			if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			body.awaitClosed(t)
		})
	}
}

func TestMalformedChunksAreRefused(t *testing.T) {
	t.Parallel()
	for name, chunks := range map[string]string{
		"no digits":          "\r\nhello\r\n0\r\n\r\n",
		"not a digit":        "5g\r\nhello\r\n0\r\n\r\n",
		"prefix":             "0x5\r\nhello\r\n0\r\n\r\n",
		"sign":               "+5\r\nhello\r\n0\r\n\r\n",
		"too many digits":    "00000000000000005\r\nhello\r\n0\r\n\r\n",
		"overflow":           "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
		"bare line feed":     "5\nhello\r\n0\r\n\r\n",
		"two returns":        "5\r\r\nhello\r\n0\r\n\r\n",
		"longer than said":   "5\r\nhello!\r\n0\r\n\r\n",
		"no line break":      "5\r\nhello0\r\n\r\n",
		"endless line":       "5;" + strings.Repeat("x", 10000),
		"extensions galore":  strings.Repeat("1;"+strings.Repeat("x", 3000)+"\r\nx\r\n", 20) + "0\r\n\r\n",
		"bad trailer":        "0\r\nX A: b\r\n\r\n",
		"trailers too large": "0\r\n" + strings.Repeat("X-A: b\r\n", 1000) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+chunks))
			req, _ := request(t.Context(), t, p.addr, nil)
			_, _, err := exchange(t, newTransport(t, upstream.Options{}), req)
			asError(t, err, upstream.PhaseBody)
			if !errors.Is(err, upstream.ErrMalformed) && !errors.Is(err, upstream.ErrHeadTooLarge) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// An event must be handed on when it is there, not when the next one comes or the buffer is full.
func TestEventsAreHandedOnAsTheyCome(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	p := newPeer(t, func(_ int, c net.Conn) {
		_, _, _ = readRequest(bufio.NewReader(c))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for s := range next {
			_, _ = io.WriteString(c, s)
		}
	})
	defer close(next)
	req, _ := request(t.Context(), t, p.addr, nil)
	resp, err := newTransport(t, upstream.Options{}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	buf := make([]byte, 100)
	for _, step := range []struct{ send, want string }{
		{"3\r\none\r\n", "one"},
		{"3\r\ntwo\r\n5\r\nthr", "twothr"},
		{"ee\r\n4\r\nfour\r", "eefour"},
		{"\n4\r\nfive\r\n0", "five"},
	} {
		next <- step.send
		var got string
		for len(got) < len(step.want) {
			n, err := resp.Body.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got += string(buf[:n])
		}
		if got != step.want {
			t.Fatalf("got %q, want %q", got, step.want)
		}
	}
	next <- "\r\n\r\n"
	if n, err := resp.Body.Read(buf); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
}
