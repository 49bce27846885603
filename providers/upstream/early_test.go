package upstream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"

	"aiproxy/providers/upstream"
)

// readHead reads a request's head and leaves its body.
func readHead(c net.Conn) *bufio.Reader {
	br := bufio.NewReader(c)
	_, _ = http.ReadRequest(br)
	return br
}

const large = 32 << 20 // More than the kernels take in without a reader.

// An upstream may answer before it reads the request's body. The whole answer must arrive, whatever it does about the
// rest of the body, and nothing may hang.
func TestAnswerBeforeTheBodyIsRead(t *testing.T) {
	t.Parallel()
	answer := bytes.Repeat([]byte("data: 0123456789abcdef\n\n"), 4000)
	head := "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(answer)) + "\r\n\r\n"
	for _, size := range []int{1, 1 << 10, 60 << 10, 1 << 20, large} {
		for name, after := range map[string]func(context.Context, net.Conn, *bufio.Reader){
			"never reads": func(ctx context.Context, _ net.Conn, _ *bufio.Reader) { <-ctx.Done() },
			"reads later": func(_ context.Context, _ net.Conn, br *bufio.Reader) { _, _ = io.Copy(io.Discard, br) },
			"half closes": func(ctx context.Context, c net.Conn, _ *bufio.Reader) {
				_ = c.(*net.TCPConn).CloseWrite()
				<-ctx.Done()
			},
		} {
			t.Run(name+" "+strconv.Itoa(size), func(t *testing.T) {
				t.Parallel()
				p := newPeer(t, func(_ int, c net.Conn) {
					br := readHead(c)
					_, _ = io.WriteString(c, head)
					_, _ = c.Write(answer)
					after(t.Context(), c, br)
				})
				req, body := request(t.Context(), t, p.addr, make([]byte, size))
				resp, got, err := exchange(t, newTransport(t, upstream.Options{}), req)
				if err != nil || resp.StatusCode != http.StatusOK || got != string(answer) {
					t.Fatalf("got %d of %d bytes, %v", len(got), len(answer), err)
				}
				body.awaitClosed(t)
			})
		}
	}
}

// A refusal of a large body followed by a reset: the answer was sent first and must be seen.
func TestRefusalThenReset(t *testing.T) {
	t.Parallel()
	p := newPeer(t, func(_ int, c net.Conn) {
		readHead(c)
		_, _ = io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
		_ = c.Close() // With unread data this is a reset.
	})
	rt := newTransport(t, upstream.Options{})
	refused := 0
	for range 20 {
		req, body := request(t.Context(), t, p.addr, make([]byte, large))
		resp, _, err := exchange(t, rt, req)
		body.awaitClosed(t)
		switch {
		case err == nil && resp.StatusCode == http.StatusRequestEntityTooLarge:
			refused++
		case err == nil:
			t.Errorf("got %s", resp.Status)
		default:
			if _, ok := errors.AsType[*upstream.Error](err); !ok {
				t.Errorf("got %v", err)
			}
		}
	}
	t.Logf("seen %d times of 20", refused)
	if refused == 0 {
		t.Error("the upstream's refusal was never seen")
	}
}

// The head may come long before the upstream has read the body that its answer depends on.
func TestBodyIsSentOnBesideTheAnswer(t *testing.T) {
	t.Parallel()
	p := newPeer(t, func(_ int, c net.Conn) {
		br := readHead(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		n, _ := io.CopyN(io.Discard, br, large)
		_, _ = io.WriteString(c, strconv.FormatInt(n, 10))
	})
	req, body := request(t.Context(), t, p.addr, make([]byte, large))
	_, got, err := exchange(t, newTransport(t, upstream.Options{}), req)
	if err != nil || got != strconv.Itoa(large) {
		t.Errorf("got %q, %v", got, err)
	}
	body.awaitClosed(t)
}

// A pooled connection is used for a large body like for a small one.
func TestLargeBodiesReuseTheConnection(t *testing.T) {
	t.Parallel()
	p := newPeer(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	rt := newTransport(t, upstream.Options{})
	for range 5 {
		req, body := request(t.Context(), t, p.addr, make([]byte, 1<<20))
		if _, _, err := exchange(t, rt, req); err != nil {
			t.Fatal(err)
		}
		body.awaitClosed(t)
	}
	if n := p.accepted(); n > 1 {
		t.Errorf("%d connections for five calls", n)
	}
}
