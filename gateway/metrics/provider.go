package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds of label values. Providers, instances and classes are ours or the operator's; the bounds hold if ever
// they are not.
const (
	maxProviders = 64
	maxInstances = 1000
	maxClasses   = 32
	// maxConfiguredModels bounds the models that an instance names.
	maxConfiguredModels = 2000
	// maxLearntModels bounds the models that have series although no instance names them.
	maxLearntModels = 100
)

type providerSeries struct {
	requests  *prometheus.CounterVec
	errors    *prometheus.CounterVec
	tokens    *prometheus.CounterVec
	firstByte *prometheus.HistogramVec

	providers, instances, classes *nameSet
	models                        *modelSet

	requestHandles   handles[requestKey, prometheus.Counter]
	errorHandles     handles[errorKey, prometheus.Counter]
	tokenHandles     handles[tokenKey, tokenCounters]
	firstByteHandles handles[instanceKey, prometheus.Observer]
}

type (
	requestKey  struct{ provider, instance, model, status string }
	errorKey    struct{ provider, instance, class string }
	tokenKey    struct{ provider, model string }
	instanceKey struct{ provider, instance string }

	tokenCounters struct{ input, output prometheus.Counter }
)

func (s *providerSeries) init(known func(string) bool) {
	s.requests = providerRequests().counter()
	s.errors = providerErrors().counter()
	s.tokens = providerTokens().counter()
	s.firstByte = providerFirstByte().histogram()
	s.providers, s.instances, s.classes = newNameSet(maxProviders), newNameSet(maxInstances), newNameSet(maxClasses)
	s.models = &modelSet{known: known, configured: newNameSet(maxConfiguredModels), learnt: newNameSet(maxLearntModels)}
}

// ProviderRequest counts one call to an upstream. Status is what it answered, or what stands for no answer.
func (m *Metrics) ProviderRequest(provider, instance, model string, status int) {
	s := &m.provider
	answered := status >= 200 && status < 300
	key := requestKey{s.providers.label(provider), s.instances.label(instance), s.models.label(model, answered), m.statuses.labelOf(status)}
	s.requestHandles.get(key, s.newRequests).Inc()
}

// ProviderError counts one call that went wrong. Class is the name of an error class.
func (m *Metrics) ProviderError(provider, instance, class string) {
	s := &m.provider
	key := errorKey{s.providers.label(provider), s.instances.label(instance), s.classes.label(class)}
	s.errorHandles.get(key, s.newErrors).Inc()
}

// Tokens counts what an upstream reported. Numbers below 1 count nothing.
func (m *Metrics) Tokens(provider, model string, input, output int64) {
	s := &m.provider
	c := s.tokenHandles.get(tokenKey{s.providers.label(provider), s.models.label(model, true)}, s.newTokens)
	if input > 0 {
		c.input.Add(float64(input))
	}
	if output > 0 {
		c.output.Add(float64(output))
	}
}

// FirstByte records how long an upstream took to begin its answer's body.
func (m *Metrics) FirstByte(provider, instance string, took time.Duration) {
	s := &m.provider
	key := instanceKey{s.providers.label(provider), s.instances.label(instance)}
	s.firstByteHandles.get(key, s.newFirstByte).Observe(took.Seconds())
}

func (s *providerSeries) newRequests(k requestKey) prometheus.Counter {
	return s.requests.WithLabelValues(k.provider, k.instance, k.model, k.status)
}

func (s *providerSeries) newErrors(k errorKey) prometheus.Counter {
	return s.errors.WithLabelValues(k.provider, k.instance, k.class)
}

func (s *providerSeries) newTokens(k tokenKey) tokenCounters {
	return tokenCounters{
		input:  s.tokens.WithLabelValues(k.provider, k.model, "input"),
		output: s.tokens.WithLabelValues(k.provider, k.model, "output"),
	}
}

func (s *providerSeries) newFirstByte(k instanceKey) prometheus.Observer {
	return s.firstByte.WithLabelValues(k.provider, k.instance)
}
