package peer_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOnePort has a client, a peer call, and a probe on the same port.
func TestOnePort(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a"), startNode(t, "b")

	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for range 3 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.addr+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fetch(client, req)
		if err != nil || got != "hello, client of HTTP/1.1" {
			t.Fatalf("client got %q, %v", got, err)
		}
	}
	for range 3 {
		got, err := a.call(t.Context(), b, "x")
		if err != nil || got != "hello a x" {
			t.Fatalf("peer got %q, %v", got, err)
		}
	}
	got, err := a.Probe(t.Context(), b.addr)
	if err != nil {
		t.Fatal(err)
	}
	want := b.self()
	want.Protocol = 1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
}
