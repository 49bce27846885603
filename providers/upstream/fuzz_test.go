package upstream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/upstream"
)

// scriptedConn takes in what is written and gives the answer in pieces of at most size bytes.
type scriptedConn struct {
	answer []byte
	size   int
	closed bool
}

func (c *scriptedConn) Read(p []byte) (int, error) {
	if c.closed {
		return 0, net.ErrClosed
	}
	if len(c.answer) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.size)], c.answer)
	c.answer = c.answer[n:]
	return n, nil
}

func (c *scriptedConn) Write(p []byte) (int, error)      { return len(p), nil }
func (c *scriptedConn) Close() error                     { c.closed = true; return nil }
func (c *scriptedConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *scriptedConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *scriptedConn) SetDeadline(time.Time) error      { return nil }
func (c *scriptedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *scriptedConn) SetWriteDeadline(time.Time) error { return nil }

// reading is what came of a response. Trailers count only when the body came to its end.
type reading struct {
	Code    int
	Header  http.Header
	Length  int64
	Body    string
	Whole   bool
	Close   bool
	Trailer http.Header
}

func read(resp *http.Response) reading {
	content, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	r := reading{Code: resp.StatusCode, Header: resp.Header, Length: resp.ContentLength, Body: string(content), Whole: err == nil, Close: resp.Close}
	if r.Whole && len(resp.Trailer) > 0 {
		r.Trailer = resp.Trailer
	}
	return r
}

// readStandard reads the final response as net/http's client does.
func readStandard(answer []byte, method string) (reading, error) {
	br := bufio.NewReader(bytes.NewReader(answer))
	for {
		resp, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			return reading{}, err
		}
		if resp.StatusCode >= 200 {
			return read(resp), nil
		}
	}
}

// FuzzResponse holds the client against net/http: what it accepts, net/http reads in the same way, however the bytes
// are split.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-A: b\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 429 No\r\nRetry-After: 1\r\n\r\nuntil the close",
		"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nConnection: keep-alive, x\r\nContent-Length: 1\r\n\r\na",
	} {
		f.Add([]byte(seed), uint16(4), false)
		f.Add([]byte(seed), uint16(9999), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, size uint16, head bool) {
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		nc := &scriptedConn{answer: answer, size: int(size) + 1}
		rt := upstream.NewTransport(upstream.Options{DialContext: func(context.Context, string, string) (net.Conn, error) { return nc, nil }})
		defer rt.CloseIdleConnections()
		req, _ := request(t.Context(), t, "upstream:80", nil)
		req.Method = method
		resp, err := rt.RoundTrip(req)
		if err != nil {
			if _, ok := errors.AsType[*upstream.Error](err); !ok || !nc.closed {
				t.Fatalf("refused with %v, connection closed: %v", err, nc.closed)
			}
			return
		}
		got := read(resp)
		want, err := readStandard(answer, method)
		if err != nil {
			t.Fatalf("accepted what net/http refuses with %v", err)
		}
		if !got.Whole && want.Whole {
			return // Refused in the middle of the body.
		}
		compare(t, want, got)
		if !nc.closed && (got.Close || !got.Whole || len(nc.answer) > 0 && size > 4096) {
			t.Error("kept a connection that is not fit for another exchange")
		}
	})
}

// compare tells differences but those that are meant: net/http adds Cache-Control to an old Pragma, and it goes on
// using a connection after an answer with two framings.
func compare(t *testing.T, want, got reading) {
	t.Helper()
	if _, ok := got.Header["Pragma"]; ok {
		delete(want.Header, "Cache-Control")
		delete(got.Header, "Cache-Control")
	}
	if got.Length == -1 {
		want.Close = want.Close || got.Close
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("net/http (-) and this client (+) differ:\n%s", diff)
	}
}
