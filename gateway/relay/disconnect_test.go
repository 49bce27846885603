package relay_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"aiproxy/providers/simulator"
)

// TestAClientThatLeavesCancelsTheUpstream measures how long an upstream works on for nobody.
func TestAClientThatLeavesCancelsTheUpstream(t *testing.T) {
	tests := []struct {
		name, script, body string
		// begun tells that the client has got the beginning of an answer before it leaves.
		begun bool
	}{
		{"before the header, whole", "sim-hang", chatBody, false},
		{"before the header, stream", "sim-hang", streamBody, false},
		{"waiting for the first byte", "sim-slow-first-byte-1m", streamBody, false},
		{"between header and first event", "sim-slow-stream-1m", streamBody, false},
		{"in a silent stream", "sim-hang-midstream", streamBody, true},
		{"in a running stream", "sim-slow-stream-5ms", streamBody, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sim, url := simulate(t, simulator.Options{Script: tt.script, Record: 1, Chunks: 10000})
			server := serveOver(t, at("a", url))
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			begun, ended := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				read(ctx, server.URL, tt.body, begun)
			}()
			if tt.begun {
				<-begun
			} else {
				eventually(t, 5*time.Second, "a request at the upstream", func() bool { return len(sim.Requests()) == 1 })
			}
			left := time.Now()
			leave()
			eventually(t, 5*time.Second, "the upstream's request cancelled", func() bool {
				return !sim.Requests()[0].CanceledAt.IsZero()
			})
			if took := sim.Requests()[0].CanceledAt.Sub(left); took > 100*time.Millisecond {
				t.Errorf("upstream cancelled after %s, want at most 100ms", took)
			}
			<-ended
		})
	}
}

// read sends a request and reads the answer until ctx ends; begun is closed with its first bytes.
func read(ctx context.Context, url, body string, begun chan<- struct{}) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
		close(begun)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
}
