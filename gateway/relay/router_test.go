package relay_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
)

// follow runs a router over a state until the test ends.
func follow(t *testing.T, state *views, logger *slog.Logger, open func(fsm.Sealed) (string, error), ps ...providers.Provider) *relay.Router {
	t.Helper()
	router := relay.NewRouter(state, open, providers.NewRegistry(ps...), logger)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- router.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want context.Canceled", err)
		}
	})
	return router
}

func names(table *relay.Table) []string {
	var list []string
	for _, in := range table.Instances() {
		list = append(list, in.Name)
	}
	return list
}

func TestRouterFollowsTheState(t *testing.T) {
	t.Parallel()
	low := at("low", "")
	low.Priority = -1
	state := newViews(view(at("b", ""), at("a", ""), low, off(at("off", "")), weighing(0, at("weightless", ""))))
	router := follow(t, state, slog.New(slog.DiscardHandler), openPlain, &fake{name: "openai-custom"})
	if diff := cmp.Diff([]string{"low", "a", "b"}, names(router.Table())); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
	state.set(view(at("c", "")))
	eventually(t, time.Second, "the new table", func() bool { return cmp.Equal([]string{"c"}, names(router.Table())) })
}

func TestCursorsAndCountersOutliveATable(t *testing.T) {
	t.Parallel()
	a, b := at("a", ""), at("b", "")
	state := newViews(view(a, b))
	openai := &fake{name: "openai-custom"}
	router := follow(t, state, slog.New(slog.DiscardHandler), openPlain, openai)
	r := relay.New(relay.Config{Router: router})
	ask(t, r, providers.Chat, "", "x")

	// The key changes, which concerns no balancer.
	a.APIKey = fsm.Sealed("new key")
	state.set(view(a, b))
	eventually(t, time.Second, "the new key", func() bool { return router.Table().Instances()[0].APIKey == "new key" })
	ask(t, r, providers.Chat, "", "x")
	want := []fakeCall{{"a", "x", `{"model":"x","x":1}`}, {"b", "x", `{"model":"x","x":1}`}}
	if diff := cmp.Diff(want, openai.made(), cmp.AllowUnexported(fakeCall{})); diff != "" {
		t.Errorf("round robin began anew (-want +got):\n%s", diff)
	}
	if got, ok := router.Load("a"); !ok || got != (relay.Load{Requests: 1}) {
		t.Errorf("Load(a) = %+v, %v", got, ok)
	}
	if got, ok := router.Load("nobody"); ok {
		t.Errorf("Load(nobody) = %+v, true", got)
	}
}

func TestWeightsOfTheStateAreObeyed(t *testing.T) {
	t.Parallel()
	v := view(weighing(3, at("a", "")), at("b", ""))
	v.Settings.LoadBalancer.Algorithm = "weighted"
	openai := &fake{name: "openai-custom"}
	router := newRouter(t, v, openai)
	r := relay.New(relay.Config{Router: router})
	for range 40 {
		ask(t, r, providers.Chat, "", "x")
	}
	for name, want := range map[string]uint64{"a": 30, "b": 10} {
		if got, _ := router.Load(name); got.Requests != want {
			t.Errorf("%s got %d of 40 requests, want %d", name, got.Requests, want)
		}
	}
}

func TestFaultsKeepSingleInstancesOut(t *testing.T) {
	t.Parallel()
	bad, good := at("bad", ""), at("good", "")
	bad.APIKey = fsm.Sealed("sealed by another cluster")
	v := view(bad, good, of("kiro-api", at("kiro", "")))
	v.Settings.LoadBalancer.Algorithm = "fastest"
	open := func(fsm.Sealed) (string, error) { return "", errors.New("wrong secret") }
	table, faults := relay.NewTable(v, open, providers.NewRegistry(&fake{name: "openai-custom"}))
	if diff := cmp.Diff([]string{"good"}, names(table)); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
	text := errors.Join(faults...).Error()
	for _, want := range []string{"instance bad", "wrong secret", "instance kiro", `"fastest"`, "round_robin"} {
		if !strings.Contains(text, want) {
			t.Errorf("faults do not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "sealed by") {
		t.Errorf("faults show a credential: %s", text)
	}
}

func TestFaultsAreLoggedOnce(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	kiro := of("kiro-api", at("kiro", ""))
	state := newViews(view(kiro, at("a", "")))
	router := follow(t, state, slog.New(slog.NewTextHandler(log, nil)), openPlain, &fake{name: "openai-custom"})
	state.set(view(kiro, at("b", "")))
	eventually(t, time.Second, "the new table", func() bool { return cmp.Equal([]string{"b"}, names(router.Table())) })
	if got := strings.Count(log.String(), "level=WARN"); got != 1 {
		t.Errorf("%d warnings, want 1:\n%s", got, log)
	}
}

func TestSwitchedOffBalancerTakesTheFirst(t *testing.T) {
	t.Parallel()
	v := view(at("b", ""), at("a", ""))
	v.Settings.LoadBalancer.Enabled = false
	openai := &fake{name: "openai-custom", do: byInstance(map[string]doFunc{
		"a": answering(http.StatusServiceUnavailable, "{}"), "b": answering(http.StatusOK, "{}"),
	})}
	r := relay.New(relay.Config{Router: newRouter(t, v, openai)})
	for range 3 {
		if w := ask(t, r, providers.Chat, "", "x"); w.Code != http.StatusOK || w.Header().Get("X-Aiproxy-Instance") != "b" {
			t.Errorf("status %d of %s", w.Code, w.Header().Get("X-Aiproxy-Instance"))
		}
	}
	if calls := openai.made(); len(calls) != 6 || calls[0].instance != "a" || calls[2].instance != "a" {
		t.Errorf("calls = %v, want a before b each time", calls)
	}
}

// logBuffer is a log that may be written and read at the same time.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
