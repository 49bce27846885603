//go:build unix

package upstream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"aiproxy/providers/upstream"
)

// callers is how many calls are under way at once.
const callers = 64

// BenchmarkExchange sends a request and reads its answer, over a pool of 64 connections, against one and the same
// server in this process, whose cost is in the figures of both clients. cpu-us/op is user and system time.
func BenchmarkExchange(b *testing.B) {
	answer := crlf("HTTP/1.1 200 OK", "Content-Type: application/json", "Date: Mon, 23 Nov 2026 10:00:00 GMT", "X-Request-Id: req_0123456789",
		"X-Ratelimit-Limit-Requests: 5000", "Openai-Processing-Ms: 12", "Content-Length: 1024", "", strings.Repeat("x", 1024))
	benchmark(b, "1KB", 1<<10, answer)
	benchmark(b, "32KB", 32<<10, answer)
}

// BenchmarkStream reads a stream of 100 events of about 200 bytes, each written and chunked by itself.
func BenchmarkStream(b *testing.B) {
	event := "data: " + strings.Repeat("x", 192) + "\n\n"
	pieces := make([]string, 102)
	pieces[0] = crlf("HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", "", "")
	for i := range 100 {
		pieces[i+1] = fmt.Sprintf("%x\r\n%s\r\n", len(event), event)
	}
	pieces[101] = "0\r\n\r\n"
	benchmark(b, "100events", 1<<10, pieces...)
}

func benchmark(b *testing.B, name string, size int, answer ...string) {
	b.Helper()
	clients := map[string]func(b *testing.B) http.RoundTripper{
		"upstream": func(b *testing.B) http.RoundTripper {
			b.Helper()
			return newTransport(b, upstream.Options{})
		},
		"nethttp": func(b *testing.B) http.RoundTripper {
			b.Helper()
			rt := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 512}
			b.Cleanup(rt.CloseIdleConnections)
			return rt
		},
	}
	for _, client := range []string{"upstream", "nethttp"} {
		b.Run(name+"/"+client, func(b *testing.B) {
			p := newPeer(b, replaying(size, answer))
			run(b, clients[client](b), p.addr, bytes.Repeat([]byte("x"), size))
		})
	}
}

// replaying is a script that does as little as a server can: it counts the bytes of a request and writes the pieces.
func replaying(size int, answer []string) func(int, net.Conn) {
	pieces := make([][]byte, len(answer))
	for i, s := range answer {
		pieces[i] = []byte(s)
	}
	return func(_ int, c net.Conn) {
		buf := make([]byte, size+4<<10)
		for {
			for n, want := 0, -1; want < 0 || n < want; {
				m, err := c.Read(buf[n:])
				if err != nil {
					return
				}
				n += m
				if i := bytes.Index(buf[:n], []byte("\r\n\r\n")); want < 0 && i >= 0 {
					want = i + 4 + size
				}
			}
			for _, piece := range pieces {
				if _, err := c.Write(piece); err != nil {
					return
				}
			}
		}
	}
}

func run(b *testing.B, rt http.RoundTripper, addr string, content []byte) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	call := func() { benchmarkCall(ctx, b, rt, addr, content) }
	var wg sync.WaitGroup
	for range callers { // The connections are there before the clock runs.
		wg.Go(call)
	}
	wg.Wait()
	work := make(chan struct{}, b.N)
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuMicros(b)
	for range callers {
		wg.Go(func() {
			for range work {
				call()
			}
		})
	}
	wg.Wait()
	b.ReportMetric((cpuMicros(b)-before)/float64(b.N), "cpu-us/op")
}

var discards = sync.Pool{New: func() any { return new([32 << 10]byte) }}

func benchmarkCall(parent context.Context, b *testing.B, rt http.RoundTripper, addr string, content []byte) {
	b.Helper()
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/v1/chat/completions", bytes.NewReader(content))
	if err != nil {
		b.Error(err)
		return
	}
	if _, own := rt.(*upstream.Transport); own {
		req.Body = &bytesBody{content}
	}
	req.Header["Authorization"] = []string{"Bearer sk-0123456789"}
	req.Header["Content-Type"] = []string{"application/json"}
	req.Header["User-Agent"] = []string{"OpenAI/Go 3.96.0"}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		b.Error(err)
		return
	}
	buf := discards.Get().(*[32 << 10]byte)
	for err == nil {
		_, err = resp.Body.Read(buf[:])
	}
	discards.Put(buf)
	resp.Body.Close()
	if !errors.Is(err, io.EOF) {
		b.Error(err)
	}
}

// bytesBody is a body in memory as the gateway's is.
type bytesBody struct{ content []byte }

func (b *bytesBody) Bytes() []byte            { return b.content }
func (b *bytesBody) Read([]byte) (int, error) { return 0, io.EOF }
func (b *bytesBody) Close() error             { return nil }

func cpuMicros(b *testing.B) float64 {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
}
