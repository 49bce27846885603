package gateway_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"aiproxy/fsm"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/claudecustom"
	"aiproxy/providers/geminicli"
	"aiproxy/providers/openaicustom"
	"aiproxy/providers/upstream"
)

// asked is a request as an upstream has got it.
type asked struct{ Method, URI, Body, Key string }

// surface is a gateway with the real relay and providers in front of one fake upstream, which notes what it is asked.
// Each provider has one instance of its name.
type surface struct {
	http.Handler
	mu    sync.Mutex
	asked []asked
}

// newSurface runs a surface whose upstream answers with what reply says.
func newSurface(t *testing.T, reply http.HandlerFunc, names ...string) *surface {
	t.Helper()
	s := &surface{}
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key := r.Header.Get("Authorization") + r.Header.Get("X-Api-Key") + r.Header.Get("X-Goog-Api-Key")
		s.mu.Lock()
		s.asked = append(s.asked, asked{r.Method, r.URL.RequestURI(), string(body), key})
		s.mu.Unlock()
		reply(w, r)
	}))
	t.Cleanup(back.Close)
	var instances []fsm.Instance
	for _, name := range names {
		base := back.URL
		if name == providers.OpenAICustom {
			base += "/v1"
		}
		instances = append(instances, fsm.Instance{
			Name: name, Provider: name, BaseURL: base, Weight: 1, Enabled: true, APIKey: fsm.Sealed("upstream-key"),
			Options: options(name),
		})
	}
	s.Handler = over(t, instances)
	return s
}

// options are those of an instance of the provider: OpenAI's upstream has Responses.
func options(provider string) fsm.InstanceOptions {
	return fsm.InstanceOptions{Responses: provider == providers.OpenAICustom}
}

// over runs a gateway with the real relay and providers over the instances. Clients present "client-key".
func over(t *testing.T, instances []fsm.Instance) http.Handler {
	t.Helper()
	transport, quiet := upstream.NewTransport(upstream.Options{}), slog.New(slog.DiscardHandler)
	t.Cleanup(transport.CloseIdleConnections)
	registry := providers.NewRegistry(
		openaicustom.New(transport, quiet), claudecustom.New(transport, quiet), geminicli.New(transport, quiet))
	var order []string
	for _, in := range instances {
		order = append(order, in.Provider)
	}
	view := &fsm.View{ClusterID: "c1", Settings: fsm.Settings{ModelProviders: order}, Instances: instances}
	open := func(s fsm.Sealed) (string, error) { return string([]byte(s)), nil }
	router := relay.NewRouter(still{view, nil}, open, registry, quiet)
	return newGateway(t, setup{
		keys: []providers.Secret{"client-key"}, registry: registry, instances: router.Table().Instances(),
		relay: relay.New(relay.Config{Router: router, NodeID: "n1"}),
	})
}

// last returns the last request that the upstream got.
func (s *surface) last(tb testing.TB) asked {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 {
		tb.Fatal("the upstream was asked nothing")
	}
	return s.asked[len(s.asked)-1]
}

// count returns how often the upstream was asked.
func (s *surface) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// says is an upstream that answers everything alike: with events where the text begins like one.
func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		kind := "application/json"
		if strings.HasPrefix(text, "data:") || strings.HasPrefix(text, "event:") {
			kind = "text/event-stream"
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// keyed adds the client's key to a request's header.
func keyed(header ...string) []string {
	return slices.Concat([]string{"Authorization", "Bearer client-key"}, header)
}
