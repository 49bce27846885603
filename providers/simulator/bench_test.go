package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aiproxy/providers/simulator"
)

// sink is a response writer that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Flush()                      {}

func BenchmarkChat(b *testing.B) {
	sim := simulator.New(simulator.Options{Chunks: 100})
	for name, body := range map[string]string{
		"1KB":       chatBody("gpt-4o", `,"padding":"`+strings.Repeat("x", 900)+`"`),
		"100events": chatBody("gpt-4o", streamed),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/chat/completions", nil)
			reader := strings.NewReader(body)
			w := &sink{header: http.Header{}}
			for b.Loop() {
				reader.Reset(body)
				req.Body = readCloser{reader}
				clear(w.header)
				sim.ServeHTTP(w, req)
			}
		})
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
