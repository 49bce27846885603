package metrics

import "github.com/prometheus/client_golang/prometheus"

// Family describes one metric as a scrape shows it.
type Family struct {
	// Name is the full name, unit and "_total" included.
	Name string
	// Type is "counter", "gauge" or "histogram".
	Type string
	// Labels are in the order in which values are given.
	Labels []string
	// Help is one sentence.
	Help string

	buckets []float64
}

// Families lists the metrics that this package defines, in the order of docs/metrics.md. The collectors of the
// Go runtime and of the process come on top of them.
func Families() []Family {
	return []Family{
		buildInfo(),
		httpRequests(), httpDuration(), httpActive(),
		providerRequests(), providerErrors(), providerTokens(), providerFirstByte(),
	}
}

func buildInfo() Family {
	return Family{
		Name: "aiproxy_build_info", Type: "gauge", Labels: []string{"version"},
		Help: "Always 1; the label tells the version that runs.",
	}
}

func httpRequests() Family {
	return Family{
		Name: "aiproxy_http_requests_total", Type: "counter", Labels: []string{"method", "route", "status"},
		Help: "Requests from clients that have ended, by route template and by the status sent; 499 means that the client left first.",
	}
}

func httpDuration() Family {
	return Family{
		Name: "aiproxy_http_request_duration_seconds", Type: "histogram", Labels: []string{"method", "route"},
		Help:    "Time from the end of a request's header to the end of its answer, the whole of a stream included.",
		buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600},
	}
}

func httpActive() Family {
	return Family{
		Name: "aiproxy_http_active_requests", Type: "gauge",
		Help: "Requests from clients that are being served now, open streams included.",
	}
}

func providerRequests() Family {
	return Family{
		Name: "aiproxy_provider_requests_total", Type: "counter", Labels: []string{"provider", "instance", "model", "status"},
		Help: "Calls to upstreams by the status of the answer; where none came, by the one that stands for it: 502, 504, or 499 for a call that the client gave up.",
	}
}

func providerErrors() Family {
	return Family{
		Name: "aiproxy_provider_errors_total", Type: "counter", Labels: []string{"provider", "instance", "class"},
		Help: "Calls to upstreams that went wrong, by the class that says whose fault it was.",
	}
}

func providerTokens() Family {
	return Family{
		Name: "aiproxy_provider_tokens_used_total", Type: "counter", Labels: []string{"provider", "model", "direction"},
		Help: "Tokens that upstreams reported, direction input or output.",
	}
}

func providerFirstByte() Family {
	return Family{
		Name: "aiproxy_provider_first_byte_seconds", Type: "histogram", Labels: []string{"provider", "instance"},
		Help:    "Time from a call to an upstream to the first byte of its answer's body: the time to the first token of a stream.",
		buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60, 120, 300},
	}
}

func (f Family) counter() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.Labels)
}

func (f Family) histogram() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: f.buckets}, f.Labels)
}

func (f Family) gauge(value func() float64, labels prometheus.Labels) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: f.Name, Help: f.Help, ConstLabels: labels}, value)
}
