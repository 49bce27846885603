package relay_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/simulator"
)

// TestManyStreamsWithBusyTimers lets comments and events, ends of attempts and time-outs meet in every order.
func TestManyStreamsWithBusyTimers(t *testing.T) {
	t.Parallel()
	_, slow := simulate(t, simulator.Options{Script: "sim-slow-stream-2ms"})
	_, silent := simulate(t, simulator.Options{Script: "sim-hang-midstream"})
	server := serve(t, relay.Config{
		Router:           newRouter(t, view(at("slow", slow, "slow"), at("silent", silent, "silent")), newOpenAI(t)),
		FirstByteTimeout: 5 * time.Second, IdleTimeout: time.Second, KeepAlive: time.Millisecond,
	})
	want := strings.Count(post(t, server.URL, streamOf("slow")).body, "data: ")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got := post(t, server.URL, streamOf("slow"))
			events := wholeEvents(t, got)
			if len(events) != want || events[len(events)-1] != done {
				t.Errorf("got %d events, want %d: %s", len(events), want, shorten(got.body))
			}
		})
		wg.Go(func() {
			got := post(t, server.URL, streamOf("silent"))
			events := wholeEvents(t, got)
			if last := events[len(events)-1]; !strings.Contains(last, "upstream_timeout") {
				t.Errorf("last event = %s", last)
			}
		})
	}
	wg.Wait()
}

func streamOf(model string) string { return strings.Replace(streamBody, "gpt-4o", model, 1) }

// wholeEvents returns the events of an answer without the comments between them.
func wholeEvents(t *testing.T, got answer) []string {
	t.Helper()
	if got.err != nil || !strings.HasSuffix(got.body, "\n\n") {
		t.Errorf("answer ended with %v: %s", got.err, shorten(got.body))
	}
	var events []string
	for event := range strings.SplitSeq(strings.TrimSuffix(got.body, "\n\n"), "\n\n") {
		switch {
		case event == ": keep-alive":
		case strings.HasPrefix(event, "data: ") && !strings.Contains(event, "\n"):
			events = append(events, event)
		default:
			t.Errorf("%q is no whole event", event)
		}
	}
	return events
}

// deaf is a client whose connection breaks with the second write.
type deaf struct {
	*httptest.ResponseRecorder
	writes int
}

func (d *deaf) Write(p []byte) (int, error) {
	if d.writes++; d.writes > 1 {
		return 0, errors.New("broken pipe")
	}
	return len(p), nil
}

func TestABrokenClientCancelsTheUpstream(t *testing.T) {
	t.Parallel()
	large := func(ctx context.Context, _ *providers.Instance, _ *providers.Call) (*providers.Reply, error) {
		reply := playing(step{data: strings.Repeat("x", 200<<10)})
		r, err := reply(ctx, nil, nil)
		r.Header.Set("Content-Type", "application/json")
		return r, err
	}
	for name, do := range map[string]doFunc{
		"stream": playing(step{data: "data: 1\n\n"}, step{data: "data: 2\n\n"}),
		"whole":  large,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			canceled := make(chan struct{})
			openai := &fake{name: "openai-custom", do: func(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
				context.AfterFunc(ctx, func() { close(canceled) })
				return do(ctx, in, call)
			}}
			rec := new(recorder)
			r := relay.New(relay.Config{Router: newRouter(t, view(at("a", ""), at("b", "")), openai), Recorder: rec})
			body := providers.NewBody([]byte(streamBody))
			defer body.Release()
			func() {
				defer func() {
					if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
						t.Errorf("Serve panicked with %v, want http.ErrAbortHandler", err)
					}
				}()
				w := &deaf{ResponseRecorder: httptest.NewRecorder()}
				r.Serve(t.Context(), w, &relay.Request{Operation: providers.Chat, Dialect: "openai-chat", Body: body})
			}()
			<-canceled
			if len(openai.made()) != 1 || strings.Contains(strings.Join(rec.notes, "\n"), "error") {
				t.Errorf("calls %v, records %v: want one call and nobody's fault", openai.made(), rec.notes)
			}
		})
	}
}

// TestAPanicLeavesNothingBehind checks that a provider's bug ends its attempt like any other.
func TestAPanicLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	openai := &fake{name: "openai-custom", do: func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
		panic("bug")
	}}
	router := newRouter(t, view(at("a", "")), openai)
	r := relay.New(relay.Config{Router: router})
	func() {
		defer func() {
			if p := recover(); p != "bug" {
				t.Errorf("recovered %v, want the provider's panic", p)
			}
		}()
		ask(t, r, providers.Chat, "", "x")
	}()
	if load, _ := router.Load("a"); load.InFlight != 0 || load.Requests != 1 {
		t.Errorf("Load = %+v", load)
	}
}
