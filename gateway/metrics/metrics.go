package metrics

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes bounds the scrapes served at once; the endpoint needs no key.
const maxScrapes = 8

// Config says what the metrics need to know about the process.
type Config struct {
	// Version labels aiproxy_build_info. Empty means "unknown".
	Version string
	// KnownModel tells whether the configuration names a model. Such a model always has series of its own. It is
	// called while requests are served, must not block and may be nil.
	KnownModel func(model string) bool
	// Logger gets the faults of scrapes. Nil discards them.
	Logger *slog.Logger
}

// Metrics holds the collectors and their registry. Make one with New.
type Metrics struct {
	registry *prometheus.Registry
	statuses statuses
	logger   *slog.Logger

	active   atomic.Int64
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec

	provider providerSeries
}

// New makes the collectors and registers them, with those of the Go runtime and the process, in a new registry.
func New(c Config) *Metrics {
	if c.Version == "" {
		c.Version = "unknown"
	}
	if c.KnownModel == nil {
		c.KnownModel = func(string) bool { return false }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		statuses: newStatuses(),
		logger:   c.Logger,
		requests: httpRequests().counter(),
		duration: httpDuration().histogram(),
	}
	m.provider.init(c.KnownModel)
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo().gauge(func() float64 { return 1 }, prometheus.Labels{"version": c.Version}),
		httpActive().gauge(func() float64 { return float64(m.active.Load()) }, nil),
		m.requests, m.duration,
		m.provider.requests, m.provider.errors, m.provider.tokens, m.provider.firstByte,
	)
	return m
}

// Register adds a collector that another part of the program owns. It fails when a metric of the same name is
// there already.
func (m *Metrics) Register(c prometheus.Collector) error { return m.registry.Register(c) }

// Handler serves a scrape in Prometheus' formats.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            scrapeLog{m.logger},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes,
	})
}

// scrapeLog hands the client library's complaints to the structured log.
type scrapeLog struct{ logger *slog.Logger }

// Println implements promhttp.Logger.
func (l scrapeLog) Println(v ...any) { l.logger.Warn("scrape has faults", "fault", v) }
