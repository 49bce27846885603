package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
)

// discard is a response writer that costs next to nothing.
type discard http.Header

func (d discard) Header() http.Header { return http.Header(d) }

func (d discard) Write(p []byte) (int, error) { return len(p), nil }

func (d discard) WriteHeader(int) {}

func (d discard) SetReadDeadline(time.Time) error { return nil }

// BenchmarkServe is what the gateway itself costs a request of 1 KB: routing, the key, the body, the metrics.
func BenchmarkServe(b *testing.B) {
	g := newGateway(b, setup{
		keys: []providers.Secret{"a-key-of-usual-length-0123456789"},
		relay: relayFunc(func(_ context.Context, w http.ResponseWriter, _ *relay.Request) {
			w.WriteHeader(http.StatusOK)
		}),
	})
	text := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("x", 1000) + `"}]}`
	for _, bench := range []struct{ name, path string }{
		{"literal path", "/v1/chat/completions"},
		{"path with a provider", "/openai/v1/chat/completions"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			body := strings.NewReader(text)
			r := &http.Request{
				Method: http.MethodPost, URL: &url.URL{Path: bench.path}, ProtoMajor: 1, ProtoMinor: 1,
				Header: http.Header{"Authorization": {"Bearer a-key-of-usual-length-0123456789"}},
				Body:   io.NopCloser(body), ContentLength: int64(len(text)),
			}
			w := make(discard)
			for b.Loop() {
				body.Reset(text)
				g.ServeHTTP(w, r)
			}
		})
	}
}
