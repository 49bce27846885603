package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiproxy/gateway/relay"
)

func TestBodiesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{maxBody: 1000, relay: relayFunc(func(context.Context, http.ResponseWriter, *relay.Request) {
		t.Error("the request reached the relay")
	})})
	tests := []struct {
		name, body         string
		header             []string
		status             int
		code, param, tells string
	}{
		{"empty", "", nil, 400, "invalid_json", "", "has no body"},
		{"no JSON", "model=gpt", nil, 400, "invalid_json", "", "byte 0"},
		{"an array", "[1,2]", nil, 400, "invalid_json", "", "byte 0"},
		{"cut off", `{"model":"m","messages":[`, nil, 400, "invalid_json", "", "byte 25"},
		{"more than one", `{"model":"m"} {}`, nil, 400, "invalid_json", "", "byte 14"},
		{"no model", `{"messages":[]}`, nil, 400, "missing_required_parameter", "model", ""},
		{"empty model", `{"model":""}`, nil, 400, "missing_required_parameter", "model", ""},
		{"model null", `{"model":null}`, nil, 400, "missing_required_parameter", "model", ""},
		{"model of another type", `{"model":5}`, nil, 400, "invalid_value", "model", "must be a string"},
		{"two models", `{"model":"a","model":"b"}`, nil, 400, "invalid_value", "model", "twice"},
		{"stream of another type", `{"model":"a","stream":"yes"}`, nil, 400, "invalid_value", "stream", "boolean"},
		{"compressed", "\x1f\x8b", []string{"Content-Encoding", "gzip"}, 415, "unsupported_content_encoding", "", "gzip"},
		{"too large", `{"model":"` + strings.Repeat("m", 1000) + `"}`, nil, 413, "request_too_large", "", "1000 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ask(g, http.MethodPost, "/v1/chat/completions", tt.body, tt.header...)
			e := wantError(t, got.Code, got.Header(), got.Body.Bytes())
			if got.Code != tt.status || e.code() != tt.code || e.param() != tt.param || !strings.Contains(e.Message, tt.tells) {
				t.Errorf("answer = %d %s, want %d %s %s telling %q", got.Code, got.Body, tt.status, tt.code, tt.param, tt.tells)
			}
		})
	}
}

func TestIdentityIsNoEncoding(t *testing.T) {
	t.Parallel()
	got := ask(newGateway(t, setup{}), http.MethodPost, "/v1/chat/completions", chatBody, "Content-Encoding", "Identity")
	if got.Code != http.StatusOK {
		t.Errorf("status %d", got.Code)
	}
}

func TestBodyOfExactlyTheLimit(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{maxBody: int64(len(chatBody))})
	if got := ask(g, http.MethodPost, "/v1/chat/completions", chatBody); got.Code != http.StatusOK {
		t.Errorf("status %d at the limit", got.Code)
	}
	if got := ask(g, http.MethodPost, "/v1/chat/completions", chatBody+" "); got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d above the limit", got.Code)
	}
}

// TestTooLargeBodiesAreNotRead sends a request's head alone, or a body that does not end: the answer must come
// nevertheless, and the connection must close.
func TestTooLargeBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	server := serve(t, newGateway(t, setup{maxBody: 1000}))
	for name, request := range map[string]string{
		"announced":          "Content-Length: 1000000000\r\n\r\n",
		"announced, careful": "Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n",
		"chunked":            "Transfer-Encoding: chunked\r\n\r\n800\r\n" + strings.Repeat("x", 0x800) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n%s", request)
			reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			body, err := io.ReadAll(reply.Body)
			if err != nil {
				t.Fatal(err)
			}
			e := wantError(t, reply.StatusCode, reply.Header, body)
			if reply.StatusCode != http.StatusRequestEntityTooLarge || !reply.Close {
				t.Errorf("status %d, close %t", reply.StatusCode, reply.Close)
			}
			if !strings.Contains(e.Message, "1000 bytes") || !strings.Contains(e.Message, "limits.max_body_mb") {
				t.Errorf("message %q tells neither limit nor setting", e.Message)
			}
		})
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	t.Parallel()
	server := serve(t, newGateway(t, setup{}))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, _ := io.ReadAll(reply.Body)
	if e := wantError(t, reply.StatusCode, reply.Header, body); e.code() != "incomplete_body" {
		t.Errorf("answer = %d %s", reply.StatusCode, body)
	}
}

// pipe is a listener whose connections are in memory, so that their deadlines run on a test's own clock.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipe() *pipe { return &pipe{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error {
	close(p.done)
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.IPAddr{} }

func (p *pipe) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

func TestSlowBodies(t *testing.T) {
	t.Parallel()
	const head = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
	tests := []struct {
		name    string
		request string
		chunks  int
		size    int
		pause   time.Duration
		status  int
		within  time.Duration
	}{
		{"stuck", head + "Content-Length: 1000\r\n\r\n", 1, 10, time.Hour, http.StatusRequestTimeout, 31 * time.Second},
		{"trickling", head + "Content-Length: 100000\r\n\r\n", 100_000, 1, time.Second, http.StatusRequestTimeout, 31 * time.Second},
		{"slow and steady", head + "Content-Length: 4194304\r\n\r\n", 64, 64 << 10, 7 * time.Second, http.StatusOK, 8 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				conn, stop := dialPipe(t, newGateway(t, setup{}))
				began := time.Now()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					trickle(conn, tt.request, tt.chunks, tt.size, tt.pause)
				}()
				reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); reply.StatusCode != tt.status || took > tt.within {
					t.Errorf("status %d after %s, want %d within %s", reply.StatusCode, took, tt.status, tt.within)
				}
				_, _ = io.Copy(io.Discard, reply.Body)
				stop()
				<-sent
			})
		})
	}
}

// trickle sends a request whose body is a valid one in all, piece by piece.
func trickle(conn net.Conn, head string, chunks, size int, pause time.Duration) {
	if _, err := io.WriteString(conn, head); err != nil {
		return
	}
	body := []byte(chatBody + strings.Repeat(" ", max(0, chunks*size-len(chatBody))))
	for len(body) > 0 {
		n := min(size, len(body))
		if _, err := conn.Write(body[:n]); err != nil {
			return
		}
		body = body[n:]
		<-time.After(pause)
	}
}
