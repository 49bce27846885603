package admin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/mux"

	"aiproxy/fsm"
	"aiproxy/gateway/admin"
	"aiproxy/gateway/admin/document"
	"aiproxy/providers/dialect"
)

// fakeStore remembers the commands and answers with what the test says.
type fakeStore struct {
	view    *fsm.View
	receipt fsm.Receipt
	err     error
	// await is what waiting for a state comes to; fresh is the View from then on.
	await error
	fresh *fsm.View

	mu       sync.Mutex
	commands []fsm.Command
	awaited  []string
}

func (s *fakeStore) View() *fsm.View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

func (s *fakeStore) Apply(ctx context.Context, c fsm.Command) (fsm.Receipt, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return fsm.Receipt{}, errors.New("a write without a deadline")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, c)
	return s.receipt, s.err
}

func (s *fakeStore) AwaitLatest(ctx context.Context) error { return s.wait(ctx, "latest") }

func (s *fakeStore) AwaitIndex(ctx context.Context, index uint64) error {
	return s.wait(ctx, strconv.FormatUint(index, 10))
}

func (s *fakeStore) wait(ctx context.Context, what string) error {
	if _, bounded := ctx.Deadline(); !bounded {
		return errors.New("a wait without a deadline")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaited = append(s.awaited, what)
	if s.await == nil && s.fresh != nil {
		s.view = s.fresh
	}
	return s.await
}

// applied returns the commands that the API has proposed.
func (s *fakeStore) applied() []fsm.Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commands
}

func testView() *fsm.View {
	return &fsm.View{
		Index: 40, Term: 2, Revision: 7, ClusterID: "c1",
		Settings: fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "weighted"}},
		Instances: []fsm.Instance{
			{
				Name: "a", Provider: "openai-custom", BaseURL: "https://u5er:pa55@api.example.com/v1?token=t0ken",
				Models: []string{"gpt-4o*"}, Weight: 3, Enabled: true, APIKey: fsm.Sealed("s3aled"),
			},
			{Name: "b", Provider: "openai-custom", BaseURL: "http://127.0.0.1:9/v1", Priority: 1},
		},
	}
}

// newAPI serves the API's endpoints as the gateway does, with errors as "status code param: message".
func newAPI(t *testing.T, store admin.Store) http.Handler {
	t.Helper()
	api, err := admin.New(admin.Config{
		Store:  store,
		Sealer: fakeSealer{},
		Origin: admin.BackupOrigin{NodeID: "n1", Version: "v1", SealKey: func(fsm.Sealed) string { return "key-1" }},
		Rules:  document.Rules{Algorithms: []string{"round_robin", "weighted"}, Providers: []string{"openai-custom"}},
		Status: func(context.Context) any { return map[string]any{"node_id": "n1", "leader": nil} },
		Counters: func(instance string) admin.Counters {
			return map[string]admin.Counters{"a": {Requests: 12, Failures: 2, InFlight: 1}}[instance]
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	router := mux.NewRouter()
	for _, e := range api.Endpoints() {
		router.HandleFunc(e.Path, func(w http.ResponseWriter, r *http.Request) {
			err := e.Serve(w, r)
			var told *dialect.Error
			switch {
			case errors.As(err, &told):
				w.WriteHeader(told.Status)
				_, _ = io.WriteString(w, told.Code+" "+told.Param+": "+told.Message)
			case err != nil:
				http.Error(w, "untold: "+err.Error(), http.StatusInternalServerError)
			}
		}).Methods(e.Method)
	}
	return router
}

func ask(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

// Watch implements admin.Store; its state never changes.
func (s *fakeStore) Watch() (*fsm.View, <-chan struct{}) { return s.view, nil }

// fakeSealer marks what it seals.
type fakeSealer struct{}

func (fakeSealer) SealAPIKey(key string) fsm.Sealed { return fsm.Sealed("box:" + key) }

func (fakeSealer) OpenAPIKey(sealed fsm.Sealed) (string, error) { return open(sealed) }

func (fakeSealer) SealClientKey(key string) fsm.Sealed { return fsm.Sealed("box:" + key) }

func (fakeSealer) OpenClientKey(sealed fsm.Sealed) (string, error) { return open(sealed) }

func open(sealed fsm.Sealed) (string, error) {
	key, ok := strings.CutPrefix(string(sealed), "box:")
	if !ok {
		return "", errors.New("sealed with another cluster secret")
	}
	return key, nil
}
