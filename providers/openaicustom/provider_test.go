package openaicustom_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/openaicustom"
	"aiproxy/providers/simulator"
	"aiproxy/providers/upstream"
)

// transports are what a provider may have to live with.
func transports(t *testing.T) map[string]http.RoundTripper {
	t.Helper()
	standard := &http.Transport{}
	own := upstream.NewTransport(upstream.Options{})
	t.Cleanup(func() {
		standard.CloseIdleConnections()
		own.CloseIdleConnections()
	})
	return map[string]http.RoundTripper{"net/http": standard, "upstream": own}
}

func provider(rt http.RoundTripper) *openaicustom.Provider {
	return openaicustom.New(rt, slog.New(slog.DiscardHandler))
}

// serve starts an upstream and returns an instance of it with the key "upstream-key".
func serve(t *testing.T, h http.Handler) *providers.Instance {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &providers.Instance{Name: "i", Provider: providers.OpenAICustom, BaseURL: server.URL + "/v1", APIKey: "upstream-key"}
}

// do makes a call and returns the reply with the whole body.
func do(t *testing.T, p *openaicustom.Provider, in *providers.Instance, op providers.Operation, header http.Header,
	body string,
) (*providers.Reply, string) {
	t.Helper()
	b := providers.NewBody([]byte(body))
	defer b.Release()
	reply, err := p.Do(t.Context(), in, &providers.Call{Operation: op, Dialect: dialect.OpenAIChat, Header: header, Body: b})
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	whole, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply, string(whole)
}

func TestRequestsPassAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, rt := range transports(t) {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan *http.Request, 1)
			bodies := make(chan string, 1)
			in := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				arrived <- r
				bodies <- string(b)
			}))
			for op, path := range map[providers.Operation]string{
				providers.Chat: "/v1/chat/completions", providers.Embeddings: "/v1/embeddings",
			} {
				for _, body := range []string{
					` {"model" : "m", "unknown":1e400,"model ":"é\u00e9\ud800"}` + "\r\n", "", strings.Repeat("x", 1<<20),
				} {
					do(t, provider(rt), in, op, http.Header{}, body)
					got, gotBody := <-arrived, <-bodies
					if got.Method != http.MethodPost || got.URL.RequestURI() != path || gotBody != body {
						t.Errorf("%s: %s %s with %d bytes of %d", op, got.Method, got.RequestURI, len(gotBody), len(body))
					}
					if got.ContentLength != int64(len(body)) || len(got.TransferEncoding) > 0 {
						t.Errorf("%s: length %d, encoding %v", op, got.ContentLength, got.TransferEncoding)
					}
				}
			}
		})
	}
}

func TestOnlyTheInstancesKeyGoesUpstream(t *testing.T) {
	t.Parallel()
	const stolen = "client-key"
	client := http.Header{
		"Authorization": {"Bearer " + stolen}, "X-Api-Key": {stolen}, "X-Goog-Api-Key": {stolen}, "Api-Key": {stolen},
		"Cookie": {stolen}, "Proxy-Authorization": {stolen}, "Connection": {"X-Hop"}, "X-Hop": {stolen},
		"X-Aiproxy-Token": {stolen}, "X-Forwarded-For": {"10.0.0.1"}, "Model-Provider": {"openai"},
		"Accept": {"text/event-stream"}, "Accept-Encoding": {"gzip"}, "Openai-Beta": {"x"}, "X-Unknown": {"a", "b"},
		"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"OpenAI/Go"},
	}
	for name, rt := range transports(t) {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan http.Header, 1)
			in := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived <- r.Header }))
			do(t, provider(rt), in, providers.Chat, client, "{}")
			want := http.Header{
				"Authorization": {"Bearer upstream-key"}, "Accept": {"text/event-stream"}, "Accept-Encoding": {"identity"},
				"Openai-Beta": {"x"}, "X-Unknown": {"a", "b"}, "Content-Type": {"application/json"},
				"User-Agent": {"OpenAI/Go"}, "Content-Length": {"2"},
			}
			if diff := cmp.Diff(want, <-arrived); diff != "" {
				t.Error(diff)
			}
			keyless := *in
			keyless.APIKey = ""
			do(t, provider(rt), &keyless, providers.Chat, http.Header{"Authorization": {stolen}}, "{}")
			want = http.Header{
				"Accept-Encoding": {"identity"}, "Content-Type": {"application/json"}, "User-Agent": {"aiproxy"},
				"Content-Length": {"2"},
			}
			if diff := cmp.Diff(want, <-arrived); diff != "" {
				t.Errorf("without a key:\n%s", diff)
			}
		})
	}
}

func TestRepliesPassAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, rt := range transports(t) {
		t.Run(name, func(t *testing.T) {
			in := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range map[string]string{
					"Retry-After": "7", "X-Request-Id": "req_1", "X-Ratelimit-Remaining-Tokens": "3", "Content-Type": "text/odd",
					"Set-Cookie": "a=b", "Keep-Alive": "timeout=5", "Connection": "X-Hop", "X-Hop": "1", "X-Unknown": "u",
				} {
					w.Header().Set(name, value)
				}
				w.WriteHeader(http.StatusTooManyRequests)
				_, _ = io.WriteString(w, "\x00not JSON\xff")
			}))
			reply, body := do(t, provider(rt), in, providers.Chat, nil, "{}")
			if reply.Status != http.StatusTooManyRequests || body != "\x00not JSON\xff" {
				t.Errorf("got %d %q", reply.Status, body)
			}
			reply.Header.Del("Date")
			want := http.Header{
				"Retry-After": {"7"}, "X-Request-Id": {"req_1"}, "X-Ratelimit-Remaining-Tokens": {"3"},
				"Content-Type": {"text/odd"}, "X-Unknown": {"u"}, "Content-Length": {"10"},
			}
			if diff := cmp.Diff(want, reply.Header); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An upstream that compresses although it was not asked to must not be unpacked on the way: the client is told.
func TestUnaskedCompressionIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, rt := range transports(t) {
		t.Run(name, func(t *testing.T) {
			in := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				_, _ = io.WriteString(z, "plain")
				_ = z.Close()
			}))
			reply, body := do(t, provider(rt), in, providers.Chat, nil, "{}")
			if reply.Header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(body, "\x1f\x8b") {
				t.Errorf("got %v %q", reply.Header, body)
			}
		})
	}
}

func TestStreamsOfTheSimulator(t *testing.T) {
	t.Parallel()
	for name, rt := range transports(t) {
		t.Run(name, func(t *testing.T) {
			in := serve(t, simulator.New(simulator.Options{APIKeys: []string{"upstream-key"}, Chunks: 3}))
			_, body := do(t, provider(rt), in, providers.Chat, nil,
				`{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`)
			usage, ok := dialect.UsageFromEvent(dialect.OpenAIChat, []byte(body))
			if !ok || usage.Output != 3 || usage.Input == 0 || !strings.HasSuffix(body, "data: [DONE]\n\n") {
				t.Errorf("usage %+v of\n%s", usage, body)
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for name, rt := range transports(t) {
		t.Run(name, func(t *testing.T) {
			in := serve(t, http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
			reply, _ := do(t, provider(rt), in, providers.Chat, nil, "{}")
			if reply.Status != http.StatusTemporaryRedirect {
				t.Errorf("got %d", reply.Status)
			}
		})
	}
}

func TestFailedCalls(t *testing.T) {
	t.Parallel()
	nobody := httptest.NewServer(nil)
	nobody.Close()
	reset := serve(t, simulator.New(simulator.Options{Script: "sim-reset"}))
	hang := serve(t, simulator.New(simulator.Options{Script: "sim-hang"}))
	reason := &providers.Error{Class: providers.ClassProvider, Phase: providers.PhaseFirstByte, Err: errors.New("silent")}
	for name, rt := range transports(t) {
		for _, test := range []struct {
			name   string
			in     *providers.Instance
			op     providers.Operation
			cancel error
			class  providers.Class
		}{
			{"refused", &providers.Instance{BaseURL: nobody.URL}, providers.Chat, nil, providers.ClassProvider},
			{"reset", reset, providers.Chat, nil, providers.ClassProvider},
			{"canceled", hang, providers.Chat, context.Canceled, providers.ClassCanceled},
			{"timed out", hang, providers.Chat, reason, providers.ClassProvider},
			{"no URL", &providers.Instance{BaseURL: "http://\x7f"}, providers.Chat, nil, providers.ClassGateway},
			{"unsupported", hang, "sing", nil, providers.ClassGateway},
		} {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if test.cancel != nil {
					cancel(test.cancel)
				}
				body := providers.NewBody([]byte(`{"model":"m","messages":[{}]}`))
				_, err := provider(rt).Do(ctx, test.in, &providers.Call{Operation: test.op, Body: body})
				fault, ok := errors.AsType[*providers.Error](err)
				if !ok || fault.Class != test.class || test.cancel != nil && !errors.Is(err, test.cancel) {
					t.Errorf("got %#v", err)
				}
				body.Release()
			})
		}
	}
}

func TestSupports(t *testing.T) {
	t.Parallel()
	p := provider(nil)
	for op, want := range map[providers.Operation]bool{providers.Chat: true, providers.Embeddings: true, "sing": false} {
		if p.Supports(op, dialect.OpenAIChat) != want || p.Supports(op, "another") {
			t.Errorf("%s: %v", op, !want)
		}
	}
	if p.Name() != "openai-custom" {
		t.Error(p.Name())
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	p := provider(nil)
	for _, test := range []struct {
		status int
		body   string
		want   providers.Class
	}{
		{200, "", providers.ClassNone},
		{400, "", providers.ClassCaller},
		{401, "", providers.ClassCredential},
		{429, `{"error":{"type":"requests","code":"rate_limit_exceeded"}}`, providers.ClassQuota},
		{429, `{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}`, providers.ClassCredential},
		{400, `{"error":{"code":"insufficient_quota"}}`, providers.ClassCaller},
		{403, `{"error":{"code":"model_not_found"}}`, providers.ClassCaller},
		{403, "", providers.ClassCredential},
		{529, "", providers.ClassProvider},
	} {
		if got := p.Classify(test.status, nil, []byte(test.body)); got != test.want {
			t.Errorf("%d %s: %v, want %v", test.status, test.body, got, test.want)
		}
	}
}
