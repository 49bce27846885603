package gateway_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"aiproxy/fsm"
	"aiproxy/gateway"
	"aiproxy/gateway/metrics"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/openaicustom"
	"aiproxy/providers/upstream"
)

// BenchmarkForward is an exchange of 1 KB from the client's connection to the upstream's and back, over loopback. The
// client and the upstream allocate nothing, so that the allocations are the gateway's.
func BenchmarkForward(b *testing.B) {
	content := strings.Repeat("x", 1000)
	reply := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 23 Nov 2026 10:00:00 GMT\r\n" +
		"X-Request-Id: req_0123456789\r\nContent-Length: 1000\r\n\r\n" + content
	text := `{"model":"m","messages":[{"role":"user","content":"` + content + `"}]}`
	request := fmt.Appendf(nil, "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer client-key\r\n"+
		"Content-Type: application/json\r\nUser-Agent: benchmark\r\nContent-Length: %d\r\n\r\n%s", len(text), text)

	conn, err := net.Dial("tcp", forward(b, replay(b, text, reply)))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	buf, end := make([]byte, 4<<10), []byte(content)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		for n := 0; !bytes.HasSuffix(buf[:n], end); {
			m, err := conn.Read(buf[n:])
			if err != nil {
				b.Fatalf("%v after %q", err, buf[:n])
			}
			n += m
		}
	}
}

// replay runs an upstream that answers whatever ends in text with reply, and returns its address.
func replay(b *testing.B, text, reply string) string {
	b.Helper()
	ln, answer, end := listen(b), []byte(reply), []byte(text)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 8<<10)
				for n := 0; ; {
					m, err := conn.Read(buf[n:])
					if err != nil {
						return
					}
					if n += m; bytes.HasSuffix(buf[:n], end) {
						n = 0
						_, _ = conn.Write(answer)
					}
				}
			}()
		}
	}()
	return ln.Addr().String()
}

// forward runs a gateway as the program does, with one instance at the upstream, and returns its address.
func forward(b *testing.B, upstreamAddress string) string {
	b.Helper()
	transport := upstream.NewTransport(upstream.Options{})
	b.Cleanup(transport.CloseIdleConnections)
	registry := providers.NewRegistry(openaicustom.New(transport, slog.New(slog.DiscardHandler)))
	view := &fsm.View{ClusterID: "c1", Settings: fsm.Settings{ModelProviders: []string{providers.OpenAICustom}}, Instances: []fsm.Instance{{
		Name: "a", Provider: providers.OpenAICustom, BaseURL: "http://" + upstreamAddress + "/v1", Weight: 1, Enabled: true, APIKey: fsm.Sealed("upstream-key"),
	}}}
	open := func(s fsm.Sealed) (string, error) { return string([]byte(s)), nil }
	counters := metrics.New(metrics.Config{})
	g := newGateway(b, setup{
		keys: []providers.Secret{"client-key"}, registry: registry, metrics: counters,
		relay: relay.New(relay.Config{
			Router:   relay.NewRouter(still{view, nil}, open, registry, slog.New(slog.DiscardHandler)),
			Recorder: counters, NodeID: "n1",
		}),
	})
	server, ln := gateway.NewServer(g, nil), listen(b)
	go func() { _ = server.Serve(ln) }()
	b.Cleanup(func() { _ = server.Drain(b.Context()) })
	return ln.Addr().String()
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ln.Close() })
	return ln
}
