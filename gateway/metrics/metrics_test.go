package metrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"aiproxy/gateway/metrics"
)

// scrape returns the samples of our own metrics by name and labels, as a scrape shows them.
func scrape(tb testing.TB, m *metrics.Metrics) map[string]string {
	tb.Helper()
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if recorder.Code != http.StatusOK {
		tb.Fatalf("scrape: status %d: %s", recorder.Code, recorder.Body)
	}
	samples := make(map[string]string)
	for line := range strings.Lines(recorder.Body.String()) {
		if strings.HasPrefix(line, "aiproxy_") {
			cut := strings.LastIndexByte(line, ' ')
			samples[line[:cut]] = strings.TrimSpace(line[cut:])
		}
	}
	return samples
}

// only keeps the samples whose name begins with prefix.
func only(samples map[string]string, prefix string) map[string]string {
	kept := make(map[string]string)
	for name, value := range samples {
		if strings.HasPrefix(name, prefix) {
			kept[name] = value
		}
	}
	return kept
}

func TestHTTPCounts(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{Version: "1.2.3"})
	chat := m.Route(http.MethodPost, "/v1/chat/completions")
	for _, status := range []int{200, 200, 404, 499, 529, 799, -1, 299} {
		chat.Begin()
		chat.End(status, 20*time.Millisecond)
	}
	odd := m.Route("BREW", "other")
	odd.Begin()
	odd.End(405, time.Millisecond)
	chat.Begin()

	if got := m.Active(); got != 1 {
		t.Errorf("Active() = %d, want 1", got)
	}
	samples := scrape(t, m)
	want := map[string]string{
		`aiproxy_http_requests_total{method="POST",route="/v1/chat/completions",status="200"}`:   "2",
		`aiproxy_http_requests_total{method="POST",route="/v1/chat/completions",status="404"}`:   "1",
		`aiproxy_http_requests_total{method="POST",route="/v1/chat/completions",status="499"}`:   "1",
		`aiproxy_http_requests_total{method="POST",route="/v1/chat/completions",status="529"}`:   "1",
		`aiproxy_http_requests_total{method="POST",route="/v1/chat/completions",status="other"}`: "3",
		`aiproxy_http_requests_total{method="other",route="other",status="405"}`:                 "1",
	}
	if diff := cmp.Diff(want, only(samples, "aiproxy_http_requests_total")); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		`aiproxy_http_active_requests`:        "1",
		`aiproxy_build_info{version="1.2.3"}`: "1",
		`aiproxy_http_request_duration_seconds_count{method="POST",route="/v1/chat/completions"}`:             "8",
		`aiproxy_http_request_duration_seconds_bucket{method="POST",route="/v1/chat/completions",le="0.01"}`:  "0",
		`aiproxy_http_request_duration_seconds_bucket{method="POST",route="/v1/chat/completions",le="0.025"}`: "8",
	} {
		if samples[name] != want {
			t.Errorf("%s = %q, want %q", name, samples[name], want)
		}
	}
}

func TestProviderCounts(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{KnownModel: func(model string) bool { return model == "listed" }})
	m.ProviderRequest("openai-custom", "a", "listed", 500)
	m.ProviderRequest("openai-custom", "a", "answered", 200)
	m.ProviderRequest("openai-custom", "a", "answered", 429)
	m.ProviderRequest("openai-custom", "a", "refused", 404)
	m.ProviderRequest("openai-custom", "a", "refused", 502)
	m.ProviderRequest("openai-custom", "a", "", 200)
	m.ProviderRequest("openai-custom", "a", "new\nline", 200)
	m.ProviderRequest("openai-custom", "a", strings.Repeat("m", 129), 200)
	m.ProviderError("openai-custom", "a", "quota")
	m.Tokens("openai-custom", "answered", 12, 5)
	m.Tokens("openai-custom", "answered", 3, -7)
	m.FirstByte("openai-custom", "a", 300*time.Millisecond)

	want := map[string]string{
		`aiproxy_provider_requests_total{instance="a",model="answered",provider="openai-custom",status="200"}`: "1",
		`aiproxy_provider_requests_total{instance="a",model="answered",provider="openai-custom",status="429"}`: "1",
		`aiproxy_provider_requests_total{instance="a",model="listed",provider="openai-custom",status="500"}`:   "1",
		`aiproxy_provider_requests_total{instance="a",model="other",provider="openai-custom",status="200"}`:    "3",
		`aiproxy_provider_requests_total{instance="a",model="other",provider="openai-custom",status="404"}`:    "1",
		`aiproxy_provider_requests_total{instance="a",model="other",provider="openai-custom",status="502"}`:    "1",
		`aiproxy_provider_errors_total{class="quota",instance="a",provider="openai-custom"}`:                   "1",
		`aiproxy_provider_tokens_used_total{direction="input",model="answered",provider="openai-custom"}`:      "15",
		`aiproxy_provider_tokens_used_total{direction="output",model="answered",provider="openai-custom"}`:     "5",
		`aiproxy_provider_first_byte_seconds_count{instance="a",provider="openai-custom"}`:                     "1",
		`aiproxy_provider_first_byte_seconds_sum{instance="a",provider="openai-custom"}`:                       "0.3",
	}
	got := only(scrape(t, m), "aiproxy_provider_")
	for name := range got {
		if strings.Contains(name, "_bucket") {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

func TestLabelValuesAreBounded(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{KnownModel: func(model string) bool { return model == "listed" }})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 2500 {
				name := fmt.Sprintf("m-%d-%d", worker, i)
				m.ProviderRequest("openai-custom", "a", name, 200)
				m.ProviderRequest("openai-custom", "a", name, 404)
				m.Tokens("openai-custom", name, 1, 1)
				m.ProviderRequest("p"+name, "i"+name, "listed", 200)
				m.ProviderError("openai-custom", "a", name)
			}
		})
	}
	wg.Wait()
	m.ProviderRequest("openai-custom", "a", "listed", 200)

	samples := scrape(t, m)
	for prefix, most := range map[string]int{
		`aiproxy_provider_requests_total{instance="a",`: 203, // 100 learnt and "other", answered or not, and "listed".
		`aiproxy_provider_requests_total`:               1203,
		`aiproxy_provider_tokens_used_total`:            202,
		`aiproxy_provider_errors_total`:                 33,
	} {
		if got := len(only(samples, prefix)); got > most || got == 0 {
			t.Errorf("%s has %d series, want at most %d", prefix, got, most)
		}
	}
	const listed = `aiproxy_provider_requests_total{instance="a",model="listed",provider="openai-custom",status="200"}`
	if samples[listed] != "1" {
		t.Errorf("%s = %q, want 1: a configured model has its series however many others came first", listed, samples[listed])
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	gauge := func(name string) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: "A gauge."}, func() float64 { return 7 })
	}
	if err := m.Register(gauge("aiproxy_raft_term")); err != nil {
		t.Fatalf("Register: %v", err)
	}
	if got := scrape(t, m)["aiproxy_raft_term"]; got != "7" {
		t.Errorf("registered gauge = %q, want 7", got)
	}
	if err := m.Register(gauge("aiproxy_http_active_requests")); err == nil {
		t.Error("Register took a name that is in use")
	}
}
