package metrics_test

import (
	"net/http"
	"testing"
	"time"

	"aiproxy/gateway/metrics"
)

// BenchmarkRequest is all that one exchange counts.
func BenchmarkRequest(b *testing.B) {
	m := metrics.New(metrics.Config{})
	route := m.Route(http.MethodPost, "/v1/chat/completions")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			route.Begin()
			m.ProviderRequest("openai-custom", "openai-a", "gpt-4o-mini", 200)
			m.FirstByte("openai-custom", "openai-a", time.Millisecond)
			m.Tokens("openai-custom", "gpt-4o-mini", 100, 20)
			route.End(200, 2*time.Millisecond)
		}
	})
}
