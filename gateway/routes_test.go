package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/gateway/relay"
)

// seen is what the relay got.
type seen struct{ Operation, Dialect, Provider, Model, Body, Auth string }

func TestInferenceReachesTheRelay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, header string
		want               seen
	}{
		{"chat", "/v1/chat/completions", "", seen{Operation: "chat"}},
		{"embeddings", "/v1/embeddings", "", seen{Operation: "embeddings"}},
		{"prefix", "/kiro-api/v1/chat/completions", "", seen{Operation: "chat", Provider: "kiro-api"}},
		{"alias as prefix", "/openai/v1/embeddings", "", seen{Operation: "embeddings", Provider: "openai-custom"}},
		{"header", "/v1/chat/completions", "claude-kiro-oauth", seen{Operation: "chat", Provider: "kiro-api"}},
		{"prefix before header", "/kiro/v1/chat/completions", "openai", seen{Operation: "chat", Provider: "kiro-api"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got seen
			var id string
			g := newGateway(t, setup{relay: relayFunc(func(_ context.Context, w http.ResponseWriter, req *relay.Request) {
				got = seen{
					string(req.Operation), string(req.Dialect), req.Provider, req.Envelope.Model,
					string(req.Body.Bytes()), req.Header.Get("Authorization"),
				}
				id = req.ID
				w.WriteHeader(http.StatusTeapot)
			})})
			reply := ask(g, http.MethodPost, tt.path, `{"model":"org/m","x":1}`, "Model-Provider", tt.header, "Authorization", "Bearer k")
			tt.want.Dialect, tt.want.Model, tt.want.Body, tt.want.Auth = "openai-chat", "org/m", `{"model":"org/m","x":1}`, "Bearer k"
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("relay got (-want +got):\n%s", diff)
			}
			if reply.Code != http.StatusTeapot || id == "" || reply.Header().Get("X-Request-Id") != id {
				t.Errorf("status %d, id %q, told %q", reply.Code, id, reply.Header().Get("X-Request-Id"))
			}
		})
	}
}

func TestUnmatchedRequests(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{})
	tests := []struct {
		name, method, target string
		status               int
		code, allow, tells   string
	}{
		{"unknown path", "GET", "/nothing", 404, "unknown_url", "", "GET /nothing"},
		{"without /v1", "POST", "/chat/completions", 404, "unknown_url", "", "should end in it"},
		{"doubled slash", "POST", "/v1//chat/completions", 404, "unknown_url", "", "doubled slash"},
		{"trailing slash", "POST", "/v1/chat/completions/", 404, "unknown_url", "", ""},
		{"root", "GET", "/", 404, "unknown_url", "", ""},
		{"wrong method", "GET", "/v1/chat/completions", 405, "method_not_supported", "POST", "only with POST"},
		{"options", "OPTIONS", "/v1/models", 405, "method_not_supported", "GET, HEAD", ""},
		{"odd method", "BREW", "/loadbalancer/algorithm", 405, "method_not_supported", "PUT", ""},
		{"wrong method below a provider", "PUT", "/openai/v1/models/a/b", 405, "method_not_supported", "GET, HEAD", ""},
		{"unknown provider", "POST", "/acme/v1/chat/completions", 404, "unknown_provider", "", `"acme", named in the path. Known are kiro-api, openai-custom.`},
		{"unknown provider of models", "GET", "/acme/v1/models", 404, "unknown_provider", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ask(g, tt.method, tt.target, chatBody)
			e := wantError(t, got.Code, got.Header(), got.Body.Bytes())
			if got.Code != tt.status || e.code() != tt.code || !strings.Contains(e.Message, tt.tells) {
				t.Errorf("answer = %d %s, want %d %s telling %q", got.Code, got.Body, tt.status, tt.code, tt.tells)
			}
			if allow := got.Header().Get("Allow"); allow != tt.allow {
				t.Errorf("Allow = %q, want %q", allow, tt.allow)
			}
		})
	}
}

func TestAnswersRepeatLittleOfARequest(t *testing.T) {
	t.Parallel()
	g, long := newGateway(t, setup{}), strings.Repeat("x", 10000)
	for method, target := range map[string]string{"PUT": "/v1/models/" + long, "BREW" + long: "/" + long, "POST": "/" + long + "/v1/chat/completions"} {
		if got := ask(g, method, target, chatBody); got.Code < 400 || got.Body.Len() > 1000 {
			t.Errorf("%.10s %.20s: %d with %d bytes", method, target, got.Code, got.Body.Len())
		}
	}
}

func TestUnknownProviderInTheHeader(t *testing.T) {
	t.Parallel()
	got := ask(newGateway(t, setup{}), http.MethodPost, "/v1/chat/completions", chatBody, "Model-Provider", "acme")
	e := wantError(t, got.Code, got.Header(), got.Body.Bytes())
	if got.Code != http.StatusBadRequest || e.code() != "unknown_provider" || e.param() != "Model-Provider" {
		t.Errorf("answer = %d %s", got.Code, got.Body)
	}
}

func TestAdminIsServed(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{})
	got := ask(g, http.MethodPut, "/loadbalancer/instances/a", `{"weight": 3}`)
	if want := `{"index":9,"revision":3,"applied":["n1"]}` + "\n"; got.Code != http.StatusOK || got.Body.String() != want {
		t.Errorf("answer = %d %s, want %s", got.Code, got.Body, want)
	}
	got = ask(g, http.MethodPut, "/loadbalancer/algorithm", `{"algorithm": "no"}`)
	if e := wantError(t, got.Code, got.Header(), got.Body.Bytes()); got.Code != http.StatusBadRequest || e.param() != "algorithm" {
		t.Errorf("answer = %d %s", got.Code, got.Body)
	}
	got = ask(g, http.MethodGet, "/cluster/status", "")
	if got.Code != http.StatusOK || got.Body.String() != `{"node_id":"n1"}`+"\n" {
		t.Errorf("answer = %d %s", got.Code, got.Body)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	server := serve(t, newGateway(t, setup{}))
	reply, err := http.Head(server.URL + "/v1/models")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil || len(body) != 0 || reply.StatusCode != http.StatusOK || reply.ContentLength <= 0 {
		t.Errorf("status %d, length %d, body %q, %v", reply.StatusCode, reply.ContentLength, body, err)
	}
}

func TestClientRequestIDs(t *testing.T) {
	t.Parallel()
	for id, logged := range map[string]any{
		"trace-1":                "trace-1",
		"with space":             nil,
		strings.Repeat("x", 129): nil,
		"\"}\u2028":              nil,
		strings.Repeat("x", 128): strings.Repeat("x", 128),
		"":                       nil,
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			log := new(logBuffer)
			got := ask(newGateway(t, setup{log: log}), http.MethodPost, "/v1/chat/completions?key=s3cret", chatBody, "X-Request-Id", id)
			if got.Header().Get("X-Request-Id") == id {
				t.Error("the client's id is used as ours")
			}
			records := log.records(t, "request served")
			if len(records) != 1 || records[0]["client_request_id"] != logged || records[0]["level"] != "DEBUG" ||
				records[0]["request_id"] != got.Header().Get("X-Aiproxy-Request-Id") || records[0]["route"] != "/v1/chat/completions" {
				t.Errorf("records = %v", records)
			}
			if strings.Contains(log.String(), "s3cret") {
				t.Error("the log holds a key")
			}
		})
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	t.Parallel()
	g := newGateway(t, setup{})
	ids := make(map[string]bool)
	for range 1000 {
		ids[ask(g, http.MethodGet, "/healthz", "").Header().Get("X-Request-Id")] = true
	}
	if len(ids) != 1000 {
		t.Errorf("%d ids for 1000 requests", len(ids))
	}
}
