package relay_test

import (
	"net/http"
	"testing"

	"aiproxy/providers/simulator"
)

func TestSimulatedUpstream(t *testing.T) {
	t.Parallel()
	_, url := simulate(t, simulator.Options{})
	server := serveOver(t, at("a", url))
	for _, body := range []string{chatBody, streamBody} {
		got := post(t, server.URL, body)
		if got.status != http.StatusOK || got.err != nil || got.body == "" {
			t.Errorf("got %+v", got)
		}
		t.Log(got.header)
	}
}
