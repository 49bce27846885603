package relay_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/simulator"
)

func TestFallback(t *testing.T) {
	t.Parallel()
	refused := failing(providers.ClassProvider, providers.PhaseDial, syscall.ECONNREFUSED)
	ok := answering(http.StatusOK, `{"from":"ok"}`)
	brokenBody := func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
		reply := jsonReply(http.StatusOK, "")
		reply.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"half":`), iotest.ErrReader(io.ErrUnexpectedEOF)))
		return reply, nil
	}
	tests := []struct {
		name   string
		do     []doFunc // in the order of the instances a, b, c, d
		status int
		body   string
		from   string
		calls  int
	}{
		{"first answers", []doFunc{ok, ok}, 200, `{"from":"ok"}`, "a", 1},
		{"connection refused", []doFunc{refused, ok}, 200, `{"from":"ok"}`, "b", 2},
		{"500", []doFunc{answering(500, "{}"), ok}, 200, `{"from":"ok"}`, "b", 2},
		{"529", []doFunc{answering(529, "{}"), ok}, 200, `{"from":"ok"}`, "b", 2},
		{"429", []doFunc{answering(429, "{}"), ok}, 200, `{"from":"ok"}`, "b", 2},
		{"401", []doFunc{answering(401, "{}"), ok}, 200, `{"from":"ok"}`, "b", 2},
		{"402", []doFunc{answering(402, "{}"), ok}, 200, `{"from":"ok"}`, "b", 2},
		{"403", []doFunc{answering(403, "{}"), ok}, 200, `{"from":"ok"}`, "b", 2},
		{"a short body broken off", []doFunc{brokenBody, ok}, 200, `{"from":"ok"}`, "b", 2},
		{"400 is the caller's fault", []doFunc{answering(400, `{"error":{"odd":1}}`), ok}, 400, `{"error":{"odd":1}}`, "a", 1},
		{"404 is the caller's fault", []doFunc{answering(404, "{}"), ok}, 404, "", "a", 1},
		{"nobody left: the last answer", []doFunc{answering(500, `{"error":{"from":"A"}}`), answering(429, `{"error":{"from":"B"}}`)}, 429, `{"error":{"from":"B"}}`, "b", 2},
		{"three attempts at most", []doFunc{refused, refused, answering(503, `{"error":{"from":"C"}}`), ok}, 503, `{"error":{"from":"C"}}`, "c", 3},
		{"an answer is better than none", []doFunc{answering(429, `{"error":{"from":"A"}}`), refused}, 429, `{"error":{"from":"A"}}`, "a", 2},
		{"nobody answers: the last instance is named", []doFunc{refused, failing(providers.ClassGateway, "send", io.EOF)}, 500, "", "b", 2},
		{"the newest answer", []doFunc{answering(429, `{"error":{"from":"A"}}`), answering(500, `{"error":{"from":"B"}}`), refused}, 500, `{"error":{"from":"B"}}`, "b", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table := make(map[string]doFunc)
			instances := prioritized(at("a", ""), at("b", ""), at("c", ""), at("d", ""))[:len(tt.do)]
			for i, do := range tt.do {
				table[instances[i].Name] = do
			}
			openai := &fake{name: "openai-custom", do: byInstance(table)}
			w := ask(t, relay.New(relay.Config{Router: newRouter(t, view(instances...), openai)}), providers.Chat, "", "x")
			body := w.Body.String()
			if tt.body == "" && strings.Contains(body, `instance \"`+tt.from+`\"`) {
				body = ""
			}
			got := []any{w.Code, body, w.Header().Get("X-Aiproxy-Instance"), len(openai.made())}
			if diff := cmp.Diff([]any{tt.status, tt.body, tt.from, tt.calls}, got); diff != "" {
				t.Errorf("status, body, instance, calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFaultsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial https://user:hunter2@10.1.2.3")
	tests := []struct {
		name   string
		do     doFunc
		status int
		says   []string
	}{
		{"refused", failing(providers.ClassProvider, providers.PhaseDial, syscall.ECONNREFUSED), 502, []string{`\"a\"`, "dial: connection refused", "base_url"}},
		{"reset", failing(providers.ClassProvider, providers.PhaseSend, syscall.ECONNRESET), 502, []string{`\"a\"`, "send: connection reset", "try again"}},
		{"closed", failing(providers.ClassProvider, providers.PhaseFirstByte, io.EOF), 502, []string{"first_byte: connection closed"}},
		{"unclear", failing(providers.ClassProvider, providers.PhaseDial, secret), 502, []string{"(phase dial)"}},
		{"caller's", failing(providers.ClassCaller, providers.PhaseSend, errors.New("header too long")), 400, []string{`\"a\"`, "header too long"}},
		{"ours", failing(providers.ClassGateway, providers.PhaseSend, secret), 500, []string{`\"a\"`, "log"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log := new(logBuffer)
			r := relay.New(relay.Config{
				Router: newRouter(t, view(at("a", "")), &fake{name: "openai-custom", do: tt.do}),
				Logger: slog.New(slog.NewTextHandler(log, nil)),
			})
			w := ask(t, r, providers.Chat, "", "x")
			if w.Code != tt.status {
				t.Errorf("status = %d, want %d", w.Code, tt.status)
			}
			for _, says := range append(tt.says, `{"error":{"message":`) {
				if !strings.Contains(w.Body.String(), says) {
					t.Errorf("answer %s does not say %q", w.Body, says)
				}
			}
			if strings.Contains(w.Body.String(), "hunter2") || strings.Contains(w.Body.String(), "10.1.2.3") {
				t.Errorf("answer shows an address: %s", w.Body)
			}
			if !strings.Contains(log.String(), "request_id=request-1") {
				t.Errorf("log = %s", log)
			}
		})
	}
}

func TestFallbackOverRealConnections(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, script := range []string{"sim-err-500", "sim-err-503", "sim-err-429", "sim-quota", "sim-err-401", "sim-err-html", "sim-reset", ""} {
		t.Run("script "+script, func(t *testing.T) {
			t.Parallel()
			url := gone.URL
			if script != "" {
				_, url = simulate(t, simulator.Options{Script: script})
			}
			_, good := simulate(t, simulator.Options{})
			server := serveOver(t, prioritized(at("bad", url), at("good", good))...)
			for _, body := range []string{chatBody, streamBody} {
				got := post(t, server.URL, body)
				if got.status != http.StatusOK || got.err != nil || got.header.Get("X-Aiproxy-Instance") != "good" {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

func TestNoFallbackAfterTheFirstByte(t *testing.T) {
	t.Parallel()
	_, url := simulate(t, simulator.Options{Script: "sim-truncate"})
	spare, spareURL := simulate(t, simulator.Options{Record: 10})
	server := serveOver(t, prioritized(at("bad", url), at("good", spareURL))...)
	got := post(t, server.URL, streamBody)
	if got.err != nil || !strings.Contains(got.body, `data: {"error":`) || got.header.Get("X-Aiproxy-Instance") != "bad" {
		t.Errorf("got %+v", got)
	}
	if requests := spare.Requests(); len(requests) != 0 {
		t.Errorf("the other instance was asked: %v", requests)
	}
}

func TestFallbackBeforeTheFirstByteOfAStream(t *testing.T) {
	t.Parallel()
	tests := map[string]doFunc{
		"ends at once":   playing(step{err: io.EOF}),
		"breaks at once": playing(step{err: syscall.ECONNRESET}),
		"half an event":  playing(step{data: `data: {"choi`, err: io.ErrUnexpectedEOF}),
	}
	for name, bad := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := playing(step{data: "data: [DONE]\n\n", err: io.EOF})
			openai := &fake{name: "openai-custom", do: byInstance(map[string]doFunc{"a": bad, "b": good})}
			r := relay.New(relay.Config{Router: newRouter(t, view(prioritized(at("a", ""), at("b", ""))...), openai)})
			w := ask(t, r, providers.Chat, "", "x")
			if w.Code != http.StatusOK || w.Body.String() != "data: [DONE]\n\n" || w.Header().Get("X-Aiproxy-Instance") != "b" {
				t.Errorf("got %d %q of %q", w.Code, w.Body, w.Header().Get("X-Aiproxy-Instance"))
			}
		})
	}
}

// recorder notes what the relay records.
type recorder struct {
	mu    sync.Mutex
	notes []string
}

func (r *recorder) note(parts ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, strings.Join(parts, " "))
}

func (r *recorder) ProviderRequest(provider, instance, model string, status int) {
	r.note("request", provider, instance, model, http.StatusText(status))
}

func (r *recorder) ProviderError(provider, instance, class string) {
	r.note("error", provider, instance, class)
}

func (r *recorder) Tokens(provider, model string, input, output int64) {
	r.note("tokens", provider, model, strings.Repeat("i", int(input)), strings.Repeat("o", int(output)))
}

func (r *recorder) FirstByte(provider, instance string, d time.Duration) {
	r.note("first byte", provider, instance)
	if d <= 0 {
		r.note("no time has passed")
	}
}

func TestWhatIsRecorded(t *testing.T) {
	t.Parallel()
	const usage = `"usage":{"prompt_tokens":2,"completion_tokens":3}`
	tests := []struct {
		name string
		do   doFunc
		want []string
	}{
		{"whole", answering(200, "{"+usage+"}"), []string{
			"first byte openai-custom b", "request openai-custom b x OK", "tokens openai-custom x ii ooo",
		}},
		{"stream", playing(step{data: "data: {}\n\n"}, step{data: "data: {" + usage + "}\n\ndata: [DONE]\n\n", err: io.EOF}), []string{
			"first byte openai-custom b", "request openai-custom b x OK", "tokens openai-custom x ii ooo",
		}},
		{"large", answering(200, `{"pad":"`+strings.Repeat("p", 300<<10)+`",`+usage+"}"), []string{
			"first byte openai-custom b", "request openai-custom b x OK", "tokens openai-custom x ii ooo",
		}},
		{"truncated stream", playing(step{data: "data: {}\n\n", err: io.EOF}), []string{
			"first byte openai-custom b", "request openai-custom b x OK", "error openai-custom b provider",
		}},
		{"error within a stream", playing(step{data: "data: {\"error\":{}}\n\n", err: io.EOF}), []string{
			"first byte openai-custom b", "request openai-custom b x OK", "error openai-custom b provider",
		}},
		{"caller's fault", answering(400, "{}"), []string{
			"request openai-custom b x Bad Request", "error openai-custom b caller",
		}},
		{"no answer", failing(providers.ClassProvider, providers.PhaseDial, syscall.ECONNREFUSED), []string{
			"request openai-custom b x Bad Gateway", "error openai-custom b provider",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := new(recorder)
			openai := &fake{name: "openai-custom", do: byInstance(map[string]doFunc{"a": answering(429, "{}"), "b": tt.do})}
			router := newRouter(t, view(prioritized(at("a", ""), at("b", ""))...), openai)
			ask(t, relay.New(relay.Config{Router: router, Recorder: rec}), providers.Chat, "", "x")
			want := append([]string{"request openai-custom a x Too Many Requests", "error openai-custom a quota"}, tt.want...)
			if diff := cmp.Diff(want, rec.notes); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			load, _ := router.Load("a")
			if load != (relay.Load{Requests: 1, Failures: 1}) {
				t.Errorf("Load(a) = %+v", load)
			}
		})
	}
}
