package endpoint_test

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"aiproxy/providers"
	"aiproxy/providers/endpoint"
	"aiproxy/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(t *testing.T, c *endpoint.Client, in *providers.Instance) (string, error) {
	t.Helper()
	reply, err := c.Call(t.Context(), in, endpoint.Request{Method: http.MethodGet, Path: "/x", Header: http.Header{}})
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	return string(body), err
}

func TestInstancesHaveHeadersOfTheirOwn(t *testing.T) {
	t.Parallel()
	u, in := providertest.Serve(t, "x", nil)
	in.Headers = map[string]providers.Secret{"X-Team": "a", "User-Agent": "team/1"}
	if _, err := get(t, endpoint.New(providertest.Transport(t)), in); err != nil {
		t.Fatal(err)
	}
	if h := u.Next(t).Header; h.Get("X-Team") != "a" || h.Get("User-Agent") != "team/1" {
		t.Errorf("header %v", h)
	}
}

func TestInstancesHaveProxiesOfTheirOwn(t *testing.T) {
	t.Parallel()
	proxy, _ := providertest.Serve(t, "x", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "by proxy") })
	c := endpoint.New(providertest.Transport(t))
	in := &providers.Instance{BaseURL: "http://nowhere.invalid", ProxyURL: "http://me@" + proxy.Listener.Addr().String(), ProxyPassword: "hush"}
	for range 2 {
		body, err := get(t, c, in)
		if err != nil || body != "by proxy" {
			t.Fatalf("%q, %v", body, err)
		}
	}
	got := proxy.Next(t)
	if got.URI != "http://nowhere.invalid/x" || got.Header.Get("Proxy-Authorization") != "Basic bWU6aHVzaA==" {
		t.Errorf("got %+v", got)
	}
	in.ProxyURL = "gopher://proxy"
	if _, err := get(t, c, in); providers.ClassOf(err) != providers.ClassGateway {
		t.Errorf("an unknown kind of proxy: %v", err)
	}
}

func TestInstancesHaveCAsOfTheirOwn(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "trusted") }))
	defer server.Close()
	c := endpoint.New(providertest.Transport(t))
	in := &providers.Instance{BaseURL: server.URL}
	if _, err := get(t, c, in); err == nil {
		t.Error("the system's roots trust the test server")
	}
	in.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	if body, err := get(t, c, in); err != nil || body != "trusted" {
		t.Errorf("%q, %v", body, err)
	}
	in.CA = "nothing"
	if _, err := get(t, c, in); providers.ClassOf(err) != providers.ClassGateway {
		t.Errorf("no certificate: %v", err)
	}
}
