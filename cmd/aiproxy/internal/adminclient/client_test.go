package adminclient_test

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"aiproxy/cmd/aiproxy/internal/adminclient"
)

func client(t *testing.T, o adminclient.Options) *adminclient.Client {
	t.Helper()
	c, err := adminclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDoSendsAndDecodes(t *testing.T) {
	t.Parallel()
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := []string{r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("If-Match"), r.Header.Get("Content-Type"), string(body)}
		want := []string{"PUT", "/config?dry_run=true", "Bearer k1", `"7"`, "application/json", `{"weight":3}`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
		_, _ = io.WriteString(w, `{"index": 9}`)
	}))
	defer node.Close()
	c := client(t, adminclient.Options{Address: strings.TrimPrefix(node.URL, "http://") + "/", APIKey: "k1"})
	var answer struct{ Index int }
	err := c.Do(t.Context(), http.MethodPut, "/config?dry_run=true", map[string]int{"weight": 3}, &answer, adminclient.WithHeader("If-Match", `"7"`))
	if err != nil || answer.Index != 9 {
		t.Errorf("answer %+v, %v", answer, err)
	}
	node.CloseClientConnections()
}

func TestErrorsTellMessageStatusAndRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		status  int
		header  []string
		body    string
		want    string
		code    string
		waiting time.Duration
	}{
		{
			"the node's own", 412,
			[]string{"X-Aiproxy-Request-Id", "req_1"},
			`{"error":{"message":"The revision is 9, not 7.","code":"revision_mismatch"}}`,
			"The revision is 9, not 7. (status 412 revision_mismatch, request req_1)", "revision_mismatch", 0,
		},
		{
			"no leader", 503,
			[]string{"Retry-After", "2"},
			`{"error":{"message":"Nothing was written.","code":"no_leader"}}`,
			"Nothing was written. (status 503 no_leader, try again in 2s)", "no_leader", 2 * time.Second,
		},
		{
			"no key", 401, nil, `{"error":{"message":"This request carries no API key.","code":"invalid_api_key"}}`,
			"This request carries no API key. Give the command the key with --api-key or AIPROXY_API_KEY. (status 401 invalid_api_key)", "invalid_api_key", 0,
		},
		{"another server", 404, nil, "<html>", "The answer is not from an aiproxy node; check --address. (status 404)", "", 0},
		{"a bare status", 500, []string{"X-Aiproxy-Node", "n1"}, "", "Internal Server Error (status 500)", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for i := 0; i < len(tt.header); i += 2 {
					w.Header().Set(tt.header[i], tt.header[i+1])
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer node.Close()
			err := client(t, adminclient.Options{Address: node.URL}).Do(t.Context(), http.MethodGet, "/config", nil, nil)
			var told *adminclient.Error
			if !errors.As(err, &told) || told.Status != tt.status || told.Code != tt.code || told.RetryAfter != tt.waiting {
				t.Fatalf("error %#v", err)
			}
			if err.Error() != tt.want {
				t.Errorf("error %q, want %q", err, tt.want)
			}
		})
	}
}

func TestUnreachableNodesAreNamedWithAdvice(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tests := []struct{ name, address, want string }{
		{"nobody listens", gone.URL, "check that the node runs"},
		{"HTTPS to a plain node", "https" + strings.TrimPrefix(plain.URL, "http"), "write http:// in --address"},
		{"an unknown authority", secure.URL, "--ca-file"},
	}
	for _, tt := range tests {
		err := client(t, adminclient.Options{Address: tt.address, APIKey: "k3y"}).Do(t.Context(), http.MethodGet, "/config", nil, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.address) || strings.Contains(err.Error(), "k3y") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestHTTPSWithAnAuthorityOrWithout(t *testing.T) {
	t.Parallel()
	node := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	defer node.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: node.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []adminclient.Options{{CAFile: authority}, {Insecure: true}} {
		o.Address = node.URL
		if err := client(t, o).Do(t.Context(), http.MethodGet, "/", nil, nil); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	node.CloseClientConnections()
}

func TestUnusableOptionsAreRefused(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []adminclient.Options{
		{Address: "ftp://host"},
		{Address: "http://"},
		{Address: "http://user:pass@host"},
		{Address: "http://host?key=k"},
		{CAFile: empty},
		{CAFile: empty + ".missing"},
	} {
		if _, err := adminclient.New(o); err == nil || strings.Contains(err.Error(), "pass") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestFlagsFindTheNode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	const text = "host: 0.0.0.0\nport: 4000\napi_key: from-file\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		env  map[string]string
		want string
	}{
		{"nothing given", nil, nil, "http://127.0.0.1:3000"},
		{"the configuration file", []string{"--config", file}, nil, "http://127.0.0.1:4000"},
		{"the environment", nil, map[string]string{"AIPROXY_PORT": "5000"}, "http://127.0.0.1:5000"},
		{"a flag above all", []string{"--config", file, "--address", "node2:3000"}, map[string]string{"AIPROXY_PORT": "5000"}, "http://node2:3000"},
	}
	for _, tt := range tests {
		fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
		flags := adminclient.AddFlags(fs)
		if err := fs.Parse(tt.args); err != nil {
			t.Fatal(err)
		}
		c, err := flags.Client(func(name string) (string, bool) {
			value, ok := tt.env[name]
			return value, ok
		})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if c.Address() != tt.want {
			t.Errorf("%s: address %s, want %s", tt.name, c.Address(), tt.want)
		}
	}
}

func TestFlagsPresentTheKey(t *testing.T) {
	t.Parallel()
	var presented string
	node := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { presented = r.Header.Get("Authorization") }))
	defer node.Close()
	environment := map[string]string{"AIPROXY_API_KEY": "from-environment"}
	for want, args := range map[string][]string{
		"Bearer from-environment": {"--address", node.URL},
		"Bearer from-flag":        {"--address", node.URL, "--api-key", "from-flag"},
	} {
		fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
		flags := adminclient.AddFlags(fs)
		if err := fs.Parse(args); err != nil {
			t.Fatal(err)
		}
		c, err := flags.Client(func(name string) (string, bool) {
			value, ok := environment[name]
			return value, ok
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), http.MethodGet, "/", nil, nil); err != nil {
			t.Fatal(err)
		}
		if presented != want {
			t.Errorf("presented %q, want %q", presented, want)
		}
	}
	node.CloseClientConnections()
}
