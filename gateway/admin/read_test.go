package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway/admin"
)

func TestInstancesAreListedWithoutSecrets(t *testing.T) {
	t.Parallel()
	answer := ask(newAPI(t, &fakeStore{view: testView()}), http.MethodGet, "/loadbalancer/instances", "")
	if answer.Code != http.StatusOK || answer.Header().Get("ETag") != `"7"` {
		t.Errorf("status %d, ETag %s; want 200 and \"7\"", answer.Code, answer.Header().Get("ETag"))
	}
	for _, secret := range []string{"u5er", "pa55", "t0ken", "s3aled", "czNhbGVk", "sealed"} {
		if strings.Contains(answer.Body.String(), secret) {
			t.Errorf("the answer holds %q", secret)
		}
	}
	var got, want any
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	const text = `{"enabled": true, "algorithm": "weighted", "revision": 7, "instances": [
		{"name": "a", "provider": "openai-custom", "base_url": "https://xxxxx@api.example.com/v1?token=xxxxx", "models": ["gpt-4o*"],
		 "weight": 3, "priority": 0, "enabled": true, "has_api_key": true, "requests": 12, "failures": 2, "in_flight": 1},
		{"name": "b", "provider": "openai-custom", "base_url": "http://127.0.0.1:9/v1", "models": [],
		 "weight": 0, "priority": 1, "enabled": false, "has_api_key": false, "requests": 0, "failures": 0, "in_flight": 0}]}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestInstancesOfAnEmptyState(t *testing.T) {
	t.Parallel()
	answer := ask(newAPI(t, &fakeStore{view: &fsm.View{}}), http.MethodGet, "/loadbalancer/instances", "")
	if got := answer.Body.String(); !strings.Contains(got, `"instances":[]`) {
		t.Errorf("answer = %s, want an empty list", got)
	}
}

func TestBrokenBaseURLIsNotShown(t *testing.T) {
	t.Parallel()
	view := testView()
	view.Instances[0].BaseURL = "https://u5er:pa55@[::1/v1"
	answer := ask(newAPI(t, &fakeStore{view: view}), http.MethodGet, "/loadbalancer/instances", "")
	if got := answer.Body.String(); strings.Contains(got, "pa55") {
		t.Errorf("answer = %s", got)
	}
}

func TestClusterStatusIsWhatTheStoreGives(t *testing.T) {
	t.Parallel()
	answer := ask(newAPI(t, &fakeStore{view: testView()}), http.MethodGet, "/cluster/status", "")
	if got, want := answer.Body.String(), `{"leader":null,"node_id":"n1"}`+"\n"; answer.Code != http.StatusOK || got != want {
		t.Errorf("status %d, body %s; want 200 and %s", answer.Code, got, want)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"} {
		if got := answer.Header().Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestOnlyClusterStatusIsOpen(t *testing.T) {
	t.Parallel()
	api, err := admin.New(admin.Config{Store: &fakeStore{}, Sealer: fakeSealer{}, Status: func(context.Context) any { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range api.Endpoints() {
		if want := e.Path == "/cluster/status"; e.Open != want {
			t.Errorf("%s %s: open = %t, want %t", e.Method, e.Path, e.Open, want)
		}
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	if _, err := admin.New(admin.Config{}); err == nil {
		t.Error("New took an empty configuration")
	}
}
