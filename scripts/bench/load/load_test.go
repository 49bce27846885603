//go:build linux

package load_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"aiproxy/scripts/bench/load"
	"aiproxy/scripts/bench/mock"
	"aiproxy/scripts/bench/plainproxy"
	"aiproxy/scripts/bench/workload"
)

// upstream starts the simulated upstream for w and returns its address.
func upstream(t *testing.T, w workload.Workload) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- mock.New(mock.Config{Key: "up", Events: w.Events, Delay: w.Delay}).Serve(ln) }()
	t.Cleanup(func() {
		ln.Close()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return ln.Addr().String()
}

// front starts handler and returns its address.
func front(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// run measures for 100 ms, or for longer on a machine so busy that nothing is answered in that time.
func run(t *testing.T, w workload.Workload, addr, key string) load.Result {
	t.Helper()
	for duration := 100 * time.Millisecond; ; duration *= 4 {
		phases := ""
		result, err := load.Run(t.Context(), load.Config{
			Addr: addr, Key: key, Workload: w, Warmup: 20 * time.Millisecond, Duration: duration,
			Measuring: func() { phases += "measuring " },
			Measured:  func() { phases += "measured" },
		})
		if err != nil {
			t.Fatal(err)
		}
		if phases != "measuring measured" {
			t.Errorf("phases: %s", phases)
		}
		if result.Latency.Count > 0 || result.Failed > 0 || duration > 5*time.Second {
			return result
		}
	}
}

func TestEveryWorkloadAgainstTheUpstream(t *testing.T) {
	t.Parallel()
	for _, w := range workload.All() {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			w.Connections /= 8
			w.Delay /= 10
			start := time.Now()
			result := run(t, w, upstream(t, w), "up")
			if result.Failed > 0 || result.Requests <= 0 || result.Latency.P50 <= 0 {
				t.Errorf("%+v", result)
			}
			if streamed := result.FirstEvent.Count > 0; streamed != w.Stream {
				t.Errorf("%d first events", result.FirstEvent.Count)
			}
			if due := time.Since(start).Seconds() * float64(w.Rate); w.Rate > 0 && result.Requests > due {
				t.Errorf("%.0f requests in %.3f s at %d/s", result.Requests, result.Seconds, w.Rate)
			}
		})
	}
}

func TestThroughTheReverseProxy(t *testing.T) {
	t.Parallel()
	w := workload.Workload{Connections: 8}
	target := &url.URL{Scheme: "http", Host: upstream(t, w)}
	addr := front(t, plainproxy.New(plainproxy.Config{
		Target: target, ClientKey: "client", UpstreamKey: "up", Logger: slog.New(slog.DiscardHandler),
	}))
	if result := run(t, w, addr, "client"); result.Failed > 0 || result.Requests == 0 {
		t.Errorf("%+v", result)
	}
	result := run(t, w, addr, "other")
	if result.Requests > 0 || result.Failed == 0 || !strings.Contains(result.Faults[0], "status 401: wrong API key") {
		t.Errorf("with a wrong key: %+v", result)
	}
}

// events renders a stream of 3 events without its end.
func events() string {
	var b strings.Builder
	for _, payload := range workload.Payloads(3) {
		b.WriteString("data: " + string(payload) + "\n\n")
	}
	return b.String()
}

func TestCatchesWrongAnswers(t *testing.T) {
	t.Parallel()
	answer := workload.Answer()
	stream := workload.Workload{Connections: 1, Stream: true, Events: 3}
	tests := []struct {
		name   string
		w      workload.Workload
		answer string
		length string // Content-Length, when it is not that of the answer.
		fault  string // Empty when nothing is wrong.
		cut    bool
	}{
		{name: "right answer", answer: string(answer)},
		{name: "changed byte", answer: string(bytes.Replace(answer, []byte("assistant"), []byte("Assistant"), 1)), fault: "differs"},
		{name: "too long", answer: string(answer) + " ", fault: "differs"},
		{name: "too short", answer: string(answer[:1000]), fault: "1000 of 1024 bytes", cut: true},
		{name: "broken off", answer: string(answer[:1000]), length: "1024", fault: "unexpected EOF", cut: true},
		{name: "right stream", w: stream, answer: events() + "data: [DONE]\n\n"},
		{
			name: "comments, other fields and carriage returns", w: stream,
			answer: ": hello\r\n\r\n" + strings.ReplaceAll(events(), "\n", "\r\n") + "event: end\ndata:[DONE]\n\n",
		},
		{name: "no end", w: stream, answer: events(), fault: "3 of 3 events, end false", cut: true},
		{name: "end without its empty line", w: stream, answer: events() + "data: [DONE]\n", fault: "end true", cut: true},
		{name: "early end", w: stream, answer: events()[:200] + "data: [DONE]\n\n", fault: "event 1 is"},
		{name: "repeated event", w: stream, answer: events()[:200] + events(), fault: "event 1 is"},
		{name: "too many events", w: stream, answer: events() + events(), fault: "in the place of [DONE]"},
		{name: "data after the end", w: stream, answer: events() + "data: [DONE]\n\ndata: x\n\n", fault: "more data"},
		{name: "two payloads in an event", w: stream, answer: events()[:199] + events()[200:], fault: "more data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.w.Connections = 1
			addr := front(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if tt.length != "" {
					w.Header().Set("Content-Length", tt.length)
				}
				_, _ = io.WriteString(w, tt.answer)
			}))
			result := run(t, tt.w, addr, "k")
			if tt.fault == "" {
				if result.Failed > 0 || result.Requests == 0 {
					t.Errorf("%+v", result)
				}
				return
			}
			if len(result.Faults) == 0 || !strings.Contains(result.Faults[0], tt.fault) {
				t.Errorf("got %+v, want fault %q", result, tt.fault)
			}
			if cut := result.Cut > 0; cut != tt.cut {
				t.Errorf("%d cut", result.Cut)
			}
		})
	}
}

func TestGivesUpOnAServerThatIsGone(t *testing.T) {
	t.Parallel()
	result := run(t, workload.Workload{Connections: 2}, "127.0.0.1:1", "k")
	if result.Failed == 0 || result.Failed > 100 || result.Requests != 0 {
		t.Errorf("%+v", result)
	}
}
