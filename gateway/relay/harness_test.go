package relay_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"aiproxy/fsm"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/openaicustom"
	"aiproxy/providers/simulator"
	"aiproxy/providers/upstream"
)

// views is a replicated state that a test writes.
type views struct {
	mu      sync.Mutex
	view    *fsm.View
	changed chan struct{}
}

func newViews(v *fsm.View) *views { return &views{view: v, changed: make(chan struct{})} }

func (s *views) Watch() (*fsm.View, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view, s.changed
}

func (s *views) set(v *fsm.View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.view, s.changed = v, make(chan struct{})
}

// view returns a state with round robin over the instances, and openai-custom as the default provider.
func view(instances ...fsm.Instance) *fsm.View {
	return &fsm.View{
		ClusterID: "c1",
		Settings: fsm.Settings{
			LoadBalancer:   fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"},
			ModelProviders: []string{providers.OpenAICustom},
		},
		Instances: instances,
	}
}

// at returns an instance of openai-custom.
func at(name, url string, models ...string) fsm.Instance {
	return fsm.Instance{Name: name, Provider: providers.OpenAICustom, BaseURL: url, Models: models, Weight: 1, Enabled: true}
}

// prioritized returns the instances with the priorities 0, 1 and so on, so that they are tried in this order.
func prioritized(instances ...fsm.Instance) []fsm.Instance {
	for i := range instances {
		instances[i].Priority = i
	}
	return instances
}

// openPlain is the opener of sealed credentials in tests, which are in plaintext.
func openPlain(s fsm.Sealed) (string, error) { return string([]byte(s)), nil }

func newRouter(tb testing.TB, v *fsm.View, ps ...providers.Provider) *relay.Router {
	tb.Helper()
	return relay.NewRouter(newViews(v), openPlain, providers.NewRegistry(ps...), slog.New(slog.DiscardHandler))
}

// newOpenAI returns the provider for real HTTP.
func newOpenAI(tb testing.TB) providers.Provider {
	tb.Helper()
	transport := upstream.NewTransport(upstream.Options{})
	tb.Cleanup(transport.CloseIdleConnections)
	return openaicustom.New(transport, slog.New(slog.DiscardHandler))
}

// request reads a client's request as the gateway does.
func request(r *http.Request) (*relay.Request, error) {
	body, err := providers.ReadBody(r.Body, 32<<20, 0)
	if err != nil {
		return nil, err
	}
	envelope, err := dialect.Peek(body.Bytes())
	if err != nil {
		body.Release()
		return nil, err
	}
	op := providers.Chat
	if strings.HasSuffix(r.URL.Path, "/embeddings") {
		op = providers.Embeddings
	}
	return &relay.Request{
		ID: "request-1", Operation: op, Dialect: dialect.OpenAIChat, Provider: r.Header.Get("Model-Provider"),
		Envelope: envelope, Header: r.Header, Body: body,
	}, nil
}

// serve starts a server with a relay behind it.
func serve(tb testing.TB, c relay.Config) *httptest.Server {
	tb.Helper()
	c.NodeID = "node-1"
	handler := relay.New(c)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := request(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		defer req.Body.Release()
		handler.Serve(r.Context(), w, req)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	tb.Cleanup(server.Close)
	return server
}

// serveOver starts a server with a relay over real upstreams.
func serveOver(tb testing.TB, instances ...fsm.Instance) *httptest.Server {
	tb.Helper()
	return serve(tb, relay.Config{Router: newRouter(tb, view(instances...), newOpenAI(tb))})
}

// upstreamServer starts an upstream.
func upstreamServer(tb testing.TB, h http.HandlerFunc) string {
	tb.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	tb.Cleanup(server.Close)
	return server.URL
}

// simulate starts a simulated upstream.
func simulate(tb testing.TB, o simulator.Options) (*simulator.Simulator, string) {
	tb.Helper()
	sim := simulator.New(o)
	return sim, upstreamServer(tb, sim.ServeHTTP) + "/v1"
}

// answer is a reply read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	// err is what ended the reading of the body, nil for its proper end.
	err error
}

const chatBody = `{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}`

const streamBody = `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"hello"}]}`

// post sends a request with a context and reads the answer.
func post(tb testing.TB, url, body string, header ...string) answer {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	resp, err := client.Do(req)
	if err != nil {
		tb.Fatalf("post: %v", err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(got), err: err}
}

// eventually polls until cond holds.
func eventually(tb testing.TB, within time.Duration, what string, cond func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), within)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatalf("not within %s: %s", within, what)
		}
	}
}

// open sends a request and returns the answer with its body still to be read. It is closed when the test ends.
func open(tb testing.TB, url, body string) *http.Response {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	resp, err := client.Do(req)
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() { resp.Body.Close() })
	return resp
}
