package gateway_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiproxy/gateway"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
)

func askContext(ctx context.Context, h http.Handler, target string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil))
	return recorder
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{checks: []gateway.Check{{Name: "store", OK: true}, {Name: "leader", OK: true, Detail: "none known, serving the last state"}}})
	bad := newGateway(t, setup{checks: []gateway.Check{{Name: "store", OK: true}, {Name: "leader", Detail: "none known"}}})
	steps := []struct {
		name   string
		g      *gateway.Gateway
		ready  bool
		status int
		want   string
	}{
		{"ready", g, true, 200, "[+]store ok\n[+]leader ok: none known, serving the last state\n"},
		{"a check fails", bad, true, 503, "[+]store ok\n[-]leader none known\n"},
		{"draining", g, false, 503, "[+]store ok\n[+]leader ok: none known, serving the last state\n[-]drain the node is shutting down\n"},
		{"ready again", g, true, 200, "[+]store ok\n[+]leader ok: none known, serving the last state\n"},
	}
	for _, step := range steps {
		step.g.SetReady(step.ready)
		if got := ask(step.g, http.MethodGet, "/readyz", ""); got.Code != step.status || got.Body.String() != step.want {
			t.Errorf("%s: %d %q, want %d %q", step.name, got.Code, got.Body, step.status, step.want)
		}
		if got := ask(step.g, http.MethodGet, "/healthz", ""); got.Code != http.StatusOK || got.Body.String() != "ok\n" {
			t.Errorf("%s: health %d %q", step.name, got.Code, got.Body)
		}
	}
}

func TestReadinessForWritesIsAskedForByName(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{checks: []gateway.Check{
		{Name: "state", OK: true}, {Name: "quorum", Detail: "no leader is known", OnRequest: true},
	}})
	for path, want := range map[string]string{
		"/readyz": "200 [+]state ok\n", "/readyz?quorum": "503 [+]state ok\n[-]quorum no leader is known\n",
		"/readyz?quorum=1": "503 [+]state ok\n[-]quorum no leader is known\n", "/healthz?quorum": "200 ok\n",
	} {
		got := ask(g, http.MethodGet, path, "")
		if text := fmt.Sprintf("%d %s", got.Code, got.Body); text != want {
			t.Errorf("%s: %q, want %q", path, text, want)
		}
	}
}

func TestOperationsServeNothingElse(t *testing.T) {
	t.Parallel()
	h := newGateway(t, setup{}).Operations()
	for path, status := range map[string]int{
		"/metrics": 200, "/healthz": 200, "/readyz": 200,
		"/v1/models": 404, "/cluster/status": 404, "/loadbalancer/instances": 404, "/": 404,
	} {
		if got := ask(h, http.MethodGet, path, ""); got.Code != status {
			t.Errorf("%s: %d, want %d", path, got.Code, status)
		}
	}
}

func TestConfigurationFaultsComeAtOnce(t *testing.T) {
	t.Parallel()
	_, err := gateway.New(gateway.Config{APIKeys: []providers.Secret{""}, MaxBodySize: -1}, gateway.Deps{})
	if err == nil {
		t.Fatal("New took a faulty configuration")
	}
	for _, fault := range []string{"node id is empty", "api key 1 is empty", "-1", "relay missing", "metrics missing", "admin missing"} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("the error does not tell %q:\n%v", fault, err)
		}
	}
}

// start runs a server for the gateway on a port of its own and returns its address and what Serve returns.
func start(t *testing.T, g *gateway.Gateway) (*gateway.Server, string, <-chan error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := gateway.NewServer(g, nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return server, listener.Addr().String(), served
}

func TestDrainWaitsForRequests(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	g := newGateway(t, setup{relay: relayFunc(func(_ context.Context, w http.ResponseWriter, _ *relay.Request) {
		_, _ = io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		<-release
		_, _ = io.WriteString(w, "data: [DONE]\n\n")
	})})
	server, address, served := start(t, g)
	reply, err := http.Post("http://"+address+"/v1/chat/completions", "application/json", strings.NewReader(chatBody))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	drained := make(chan error, 1)
	go func() { drained <- server.Drain(t.Context()) }()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	select {
	case err := <-drained:
		t.Fatalf("drained under a request in flight: %v", err)
	default:
	}
	close(release)
	body, err := io.ReadAll(reply.Body)
	if err != nil || !strings.HasSuffix(string(body), "[DONE]\n\n") {
		t.Errorf("body %q, %v", body, err)
	}
	if err := <-drained; err != nil {
		t.Errorf("Drain: %v", err)
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("the listener is open after the drain")
	}
}

// TestConnectionsAreGivenUpBeforeTheDrain asks twice over one connection, the second time of a node that is about to stop.
func TestConnectionsAreGivenUpBeforeTheDrain(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{})
	server, address, served := start(t, g)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for _, ready := range []bool{true, false} {
		g.SetReady(ready)
		if _, err := fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			len(chatBody), chatBody); err != nil {
			t.Fatal(err)
		}
		reply, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, reply.Body); err != nil {
			t.Fatal(err)
		}
		if reply.StatusCode != http.StatusOK || reply.Close == ready {
			t.Errorf("ready %t: status %d, the answer closes the connection: %t", ready, reply.StatusCode, reply.Close)
		}
	}
	if _, err := answers.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is open after the answer: %v", err)
	}
	if err := errors.Join(server.Drain(t.Context()), <-served); err != nil {
		t.Error(err)
	}
}

func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	canceled := make(chan struct{})
	g := newGateway(t, setup{relay: relayFunc(func(ctx context.Context, w http.ResponseWriter, _ *relay.Request) {
		w.(http.Flusher).Flush()
		<-ctx.Done()
		close(canceled)
	})})
	server, address, served := start(t, g)
	reply, err := http.Post("http://"+address+"/v1/chat/completions", "application/json", strings.NewReader(chatBody))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := server.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Drain = %v, want the deadline", err)
	}
	<-canceled
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// TestHTTP2OverTLS serves connections that negotiated HTTP/2 before the server got them.
func TestHTTP2OverTLS(t *testing.T) {
	t.Parallel()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	certificates := httptest.NewUnstartedServer(nil)
	certificates.StartTLS()
	defer certificates.Close()
	listener := tls.NewListener(plain, &tls.Config{
		Certificates: certificates.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12,
	})
	server := gateway.NewServer(newGateway(t, setup{}), nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	transport := certificates.Client().Transport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = true
	defer transport.CloseIdleConnections()
	reply, err := (&http.Client{Transport: transport}).Post("https://"+plain.Addr().String()+"/v1/chat/completions", "application/json", strings.NewReader(chatBody))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if body, err := io.ReadAll(reply.Body); reply.ProtoMajor != 2 || string(body) != `{"ok":true}` || err != nil {
		t.Errorf("%s: %s, %v", reply.Proto, body, err)
	}
	wantOwnHeaders(t, reply.Header)
	if err := server.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestOptionsOfTheServer asks for what net/http would answer by itself.
func TestOptionsOfTheServer(t *testing.T) {
	t.Parallel()
	server, address, served := start(t, newGateway(t, setup{}))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil || !strings.Contains(string(body), `"error"`) || reply.Header.Get("X-Request-Id") == "" {
		t.Errorf("%d %s, %v, header %v", reply.StatusCode, body, err, reply.Header)
	}
	if err := server.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestServerComplaintsReachTheLog(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	server := gateway.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.WriteHeader(http.StatusOK)
	}), slog.New(slog.NewJSONHandler(log, nil)))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	reply, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	waitFor(t, "the complaint", func() bool { return strings.Contains(log.String(), "superfluous") })
	if records := log.records(t, "http server complains"); len(records) != 1 || records[0]["level"] != "WARN" {
		t.Errorf("log = %s", log)
	}
	if err := server.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestClientsThatDoNotRead gives up a client that does not take an answer of the gateway's own, and leaves relayed
// answers to the relay.
func TestClientsThatDoNotRead(t *testing.T) {
	t.Parallel()
	stream := relayFunc(func(_ context.Context, w http.ResponseWriter, _ *relay.Request) {
		for range 10 {
			_, _ = io.WriteString(w, "data: 1\n\n")
			w.(http.Flusher).Flush()
		}
	})
	whole := relayFunc(func(_ context.Context, w http.ResponseWriter, _ *relay.Request) { _, _ = io.WriteString(w, "{}") })
	chat := fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(chatBody), chatBody)
	tests := []struct {
		name, request string
		relay         relayFunc
		whole         bool
	}{
		{"own answer", "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", stream, false},
		{"refusal", "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", stream, false},
		{"stream", chat, stream, true},
		{"short answer of the relay", chat, whole, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				conn, stop := dialPipe(t, newGateway(t, setup{relay: tt.relay}))
				fmt.Fprint(conn, tt.request)
				<-time.After(time.Hour)
				var text strings.Builder
				_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
				_, err := io.Copy(&text, conn)
				whole := strings.HasPrefix(text.String(), "HTTP/1.1 200 OK\r\n") &&
					(strings.HasSuffix(text.String(), "\r\n0\r\n\r\n") || strings.HasSuffix(text.String(), "\r\n\r\n{}"))
				if whole != tt.whole {
					t.Errorf("got %q, %v; want it whole: %t", text.String(), err, tt.whole)
				}
				stop()
			})
		})
	}
}

// TestALimitEndsWithItsAnswer sends a long stream over a connection that has carried a short answer.
func TestALimitEndsWithItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		long := false
		conn, stop := dialPipe(t, newGateway(t, setup{relay: relayFunc(func(_ context.Context, w http.ResponseWriter, _ *relay.Request) {
			if long {
				<-time.After(time.Hour)
			}
			long = true
			_, _ = io.WriteString(w, "{}")
			w.(http.Flusher).Flush()
		})}))
		in := bufio.NewReader(conn)
		for range 2 {
			fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(chatBody), chatBody)
			reply, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(reply.Body); string(text) != "{}" || err != nil {
				t.Errorf("got %q, %v", text, err)
			}
			reply.Body.Close()
		}
		stop()
	})
}

// TestRefusalDoesNotWaitForTheBody refuses a client that never sends the body that it announced.
func TestRefusalDoesNotWaitForTheBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, stop := dialPipe(t, newGateway(t, setup{keys: []providers.Secret{"k"}}))
		began := time.Now()
		fmt.Fprint(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
		reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); reply.StatusCode != http.StatusUnauthorized || took > 31*time.Second {
			t.Errorf("status %d after %s", reply.StatusCode, took)
		}
		stop()
	})
}

// dialPipe runs a server for g inside a synctest bubble and returns a connection to it. Stop ends both.
func dialPipe(t *testing.T, g *gateway.Gateway) (conn net.Conn, stop func()) {
	t.Helper()
	listener := newPipe()
	server := gateway.NewServer(g, nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn = listener.dial()
	return conn, func() {
		conn.Close()
		if err := server.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}
