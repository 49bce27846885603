package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"aiproxy/fsm"
	"aiproxy/gateway"
	"aiproxy/gateway/admin"
	"aiproxy/gateway/metrics"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// relayFunc is a relay as a function.
type relayFunc func(ctx context.Context, w http.ResponseWriter, req *relay.Request)

func (f relayFunc) Serve(ctx context.Context, w http.ResponseWriter, req *relay.Request) {
	f(ctx, w, req)
}

// answer is a relay that answers every request alike.
func answer(status int, body string) relayFunc {
	return func(_ context.Context, w http.ResponseWriter, _ *relay.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// fakeProvider lists models and does nothing else.
type fakeProvider struct {
	name   string
	models func(ctx context.Context, in *providers.Instance) ([]dialect.Model, error)
}

func (p fakeProvider) Name() string { return p.name }

func (p fakeProvider) Supports(providers.Operation, dialect.Name) bool { return true }

func (p fakeProvider) Target(_ *providers.Instance, _ providers.Operation, d dialect.Name, model string) (dialect.Target, bool) {
	return dialect.Target{Dialect: d, Model: model}, true
}

func (p fakeProvider) Do(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
	panic("the gateway calls no upstream itself")
}

func (p fakeProvider) Models(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
	if p.models == nil {
		return nil, nil
	}
	return p.models(ctx, in)
}

func (p fakeProvider) Classify(int, http.Header, []byte) providers.Class { return providers.ClassNone }

// fakeStore has one view and takes every write.
type fakeStore struct {
	view    *fsm.View
	applied func(fsm.Command)
}

func (s fakeStore) View() *fsm.View { return s.view }

func (s fakeStore) Apply(_ context.Context, c fsm.Command) (fsm.Receipt, error) {
	if s.applied != nil {
		s.applied(c)
	}
	return fsm.Receipt{Index: 9, Revision: 3, Applied: []string{"n1"}}, nil
}

func (s fakeStore) AwaitLatest(context.Context) error { return nil }

func (s fakeStore) AwaitIndex(context.Context, uint64) error { return nil }

func (s fakeStore) Watch() (*fsm.View, <-chan struct{}) { return s.view, nil }

// noSealer seals nothing.
type noSealer struct{}

func (noSealer) SealAPIKey(string) fsm.Sealed { return nil }

func (noSealer) OpenAPIKey(fsm.Sealed) (string, error) { return "", nil }

func (noSealer) SealClientKey(string) fsm.Sealed { return nil }

func (noSealer) OpenClientKey(fsm.Sealed) (string, error) { return "", nil }

// setup is what a test may choose of a gateway. Its zero value is an open gateway without instances.
type setup struct {
	relay     gateway.Relay
	keys      []providers.Secret
	maxBody   int64
	origins   []string
	registry  *providers.Registry
	instances []*providers.Instance
	checks    []gateway.Check
	metrics   *metrics.Metrics
	log       io.Writer
	// views are where client keys come from; keys are sealed by a mark before them.
	views gateway.Views
	// applied gets every command that is proposed.
	applied func(fsm.Command)
}

func newGateway(tb testing.TB, s setup) *gateway.Gateway {
	tb.Helper()
	if s.relay == nil {
		s.relay = answer(http.StatusOK, `{"ok":true}`)
	}
	if s.registry == nil {
		s.registry = providers.NewRegistry(fakeProvider{name: "openai-custom"}, fakeProvider{name: "kiro-api"})
	}
	if s.metrics == nil {
		s.metrics = metrics.New(metrics.Config{})
	}
	logger := slog.New(slog.DiscardHandler)
	if s.log != nil {
		logger = slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	api, err := admin.New(admin.Config{
		Store:  fakeStore{&fsm.View{Revision: 2, Settings: fsm.Settings{LoadBalancer: fsm.LoadBalancer{Algorithm: "weighted"}}}, s.applied},
		Status: func(context.Context) any { return map[string]string{"node_id": "n1"} },
		Sealer: noSealer{},
	})
	if err != nil {
		tb.Fatal(err)
	}
	g, err := gateway.New(gateway.Config{NodeID: "n1", APIKeys: s.keys, MaxBodySize: s.maxBody, CORSOrigins: s.origins}, gateway.Deps{
		Relay:     s.relay,
		Providers: s.registry,
		Instances: func() []*providers.Instance { return s.instances },
		Views:     s.views,
		OpenClientKey: func(sealed fsm.Sealed) (string, error) {
			key, ok := strings.CutPrefix(string(sealed), "box:")
			if !ok {
				return "", errors.New("sealed with another cluster secret")
			}
			return key, nil
		},
		Admin:   api,
		Checks:  func() []gateway.Check { return s.checks },
		Metrics: s.metrics,
		Logger:  logger,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// serve runs a test server for h that is closed with the test.
func serve(tb testing.TB, h http.Handler) *httptest.Server {
	tb.Helper()
	server := httptest.NewServer(h)
	tb.Cleanup(server.Close)
	return server
}

// ask serves one request in memory. Header is name, value, name, value.
func ask(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

// apiError is an error in OpenAI's shape.
type apiError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func (e apiError) code() string {
	if e.Code == nil {
		return ""
	}
	return *e.Code
}

func (e apiError) param() string {
	if e.Param == nil {
		return ""
	}
	return *e.Param
}

// wantError fails unless the answer is an error in OpenAI's shape with everything that all answers carry.
func wantError(tb testing.TB, status int, header http.Header, body []byte) apiError {
	tb.Helper()
	var envelope struct {
		Error map[string]json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		tb.Fatalf("error body %q: %v", body, err)
	}
	for _, name := range []string{"message", "type", "param", "code"} {
		if _, ok := envelope.Error[name]; !ok {
			tb.Errorf("error body %s has no %s", body, name)
		}
	}
	var full struct {
		Error apiError `json:"error"`
	}
	if err := json.Unmarshal(body, &full); err != nil {
		tb.Fatal(err)
	}
	if full.Error.Message == "" || full.Error.Type == "" {
		tb.Errorf("error body %s has an empty message or type", body)
	}
	if got := header.Get("Content-Type"); got != "application/json" {
		tb.Errorf("%d: Content-Type = %q", status, got)
	}
	wantOwnHeaders(tb, header)
	return full.Error
}

// wantOwnHeaders fails unless the answer tells request and node.
func wantOwnHeaders(tb testing.TB, header http.Header) {
	tb.Helper()
	if id := header.Get("X-Aiproxy-Request-Id"); !strings.HasPrefix(id, "req_") || len(id) != 36 {
		tb.Errorf("X-Aiproxy-Request-Id = %q", id)
	}
	if header.Get("X-Request-Id") == "" {
		tb.Error("no X-Request-Id")
	}
	if got := header.Get("X-Aiproxy-Node"); got != "n1" {
		tb.Errorf("X-Aiproxy-Node = %q, want n1", got)
	}
}

// logBuffer collects log records from several goroutines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// records returns the log's records with that message.
func (b *logBuffer) records(tb testing.TB, message string) []map[string]any {
	tb.Helper()
	var found []map[string]any
	for line := range strings.Lines(b.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			tb.Fatalf("log line %q: %v", line, err)
		}
		if record["msg"] == message {
			found = append(found, record)
		}
	}
	return found
}

// waitFor polls until cond holds.
func waitFor(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline.C:
			tb.Fatalf("waited in vain: %s", what)
		}
	}
}
