package relay_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
)

// clock is a client that notes when it got what, in a bubble's time.
type clock struct {
	*httptest.ResponseRecorder
	began time.Time

	mu   sync.Mutex
	got  []string
	stop func(string) // called with what is written, if there is one
}

func (c *clock) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.got = append(c.got, time.Since(c.began).String()+" "+string(p))
	c.mu.Unlock()
	if c.stop != nil {
		c.stop(string(p))
	}
	return len(p), nil
}

// timed runs one request in a bubble's time and returns what came when, with the time of its end at the end.
func timed(t *testing.T, do doFunc, more ...doFunc) (*clock, time.Duration) {
	t.Helper()
	table := map[string]doFunc{"a": do}
	instances := prioritized(at("a", ""), at("b", ""))[:1+len(more)]
	for _, do := range more {
		table["b"] = do
	}
	openai := &fake{name: "openai-custom", do: byInstance(table)}
	r := relay.New(relay.Config{Router: newRouter(t, view(instances...), openai)})
	body := providers.NewBody([]byte(streamBody))
	defer body.Release()
	c := &clock{ResponseRecorder: httptest.NewRecorder(), began: time.Now()}
	func() {
		defer func() {
			p := recover()
			if err, _ := p.(error); p != nil && !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
		}()
		r.Serve(t.Context(), c, &relay.Request{Operation: providers.Chat, Dialect: "openai-chat", Body: body})
	}()
	return c, time.Since(c.began)
}

func TestKeepAliveAndIdleTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, took := timed(t, playing(
			step{pause: time.Second, data: "data: 1\n\n"},
			step{pause: 40 * time.Second, data: "data: 2\n\nda"},
			step{pause: 14 * time.Second, data: "ta: 3\n\n"},
		))
		want := []string{"1s data: 1\n\n", "16s : keep-alive\n\n", "31s : keep-alive\n\n", "41s data: 2\n\n", "55s data: 3\n\n"}
		if diff := cmp.Diff(want, c.got[:5]); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		if got := len(c.got) - len(want) - 1; got != 19 && got != 20 {
			t.Errorf("%d comments in 5 minutes of silence, want one each 15 seconds", got)
		}
		if last := c.got[len(c.got)-1]; took != 355*time.Second || !strings.HasPrefix(last, `5m55s data: {"error":`) || !strings.Contains(last, "upstream_timeout") {
			t.Errorf("ended after %s with %s", took, last)
		}
	})
}

func TestFirstByteTimeout(t *testing.T) {
	t.Parallel()
	silent := func(ctx context.Context, _ *providers.Instance, _ *providers.Call) (*providers.Reply, error) {
		<-ctx.Done()
		return nil, &providers.Error{Class: providers.ClassCanceled, Phase: providers.PhaseFirstByte, Err: ctx.Err()}
	}
	synctest.Test(t, func(t *testing.T) {
		c, took := timed(t, silent)
		if took != 5*time.Minute || c.Code != http.StatusGatewayTimeout || !strings.Contains(c.got[0], `\"a\" did not begin to answer within 5m0s`) {
			t.Errorf("ended after %s with %d %s", took, c.Code, c.got)
		}
		c, took = timed(t, silent, playing(step{data: "data: [DONE]\n\n", err: io.EOF}))
		if took != 5*time.Minute || c.Code != http.StatusOK || c.Header().Get("X-Aiproxy-Instance") != "b" {
			t.Errorf("with another instance: ended after %s with %d %s", took, c.Code, c.got)
		}
	})
}

// TestAHeaderWithoutEvents checks that the header of a stream goes out with the first comment if nothing else comes.
func TestAHeaderWithoutEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, took := timed(t, playing())
		if c.Code != http.StatusOK || c.got[0] != "15s : keep-alive\n\n" {
			t.Errorf("began with %d %s", c.Code, c.got[0])
		}
		if last := c.got[len(c.got)-1]; took != 5*time.Minute || !strings.HasPrefix(last, `5m0s data: {"error":`) {
			t.Errorf("ended after %s with %s", took, last)
		}
	})
}

func TestIdleWithinAWholeReply(t *testing.T) {
	t.Parallel()
	stalling := func(length int) doFunc {
		return func(ctx context.Context, _ *providers.Instance, _ *providers.Call) (*providers.Reply, error) {
			reply := jsonReply(http.StatusOK, "")
			reply.Body = io.NopCloser(&script{ctx: ctx, steps: []step{{pause: time.Minute, data: strings.Repeat("x", length)}}})
			return reply, nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c, took := timed(t, stalling(100))
		if took != 6*time.Minute || c.Code != http.StatusGatewayTimeout || len(c.got) != 1 {
			t.Errorf("short: ended after %s with %d %s", took, c.Code, c.got)
		}
		c, took = timed(t, stalling(100), answering(http.StatusOK, "{}"))
		if took != 6*time.Minute || c.Code != http.StatusOK {
			t.Errorf("short, with another instance: ended after %s with %d %s", took, c.Code, c.got)
		}
		c, took = timed(t, stalling(100<<10), answering(http.StatusOK, "{}"))
		if took != 6*time.Minute || c.Code != http.StatusOK || c.Header().Get("X-Aiproxy-Instance") != "a" {
			t.Errorf("long: ended after %s with %d of %s", took, c.Code, c.Header())
		}
	})
}

// TestNoCommentWithinAnEvent checks that silence in the middle of a huge event is not filled.
func TestNoCommentWithinAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		huge := "data: \"" + strings.Repeat("x", 1<<20)
		c, _ := timed(t, playing(step{data: huge}, step{pause: time.Minute, data: "\"\n\n"}, step{pause: 50 * time.Second, data: done + "\n\n", err: io.EOF}))
		var all strings.Builder
		for _, line := range c.got {
			_, text, _ := strings.Cut(line, " ")
			all.WriteString(text)
		}
		want := huge + "\"\n\n" + strings.Repeat(": keep-alive\n\n", 3) + done + "\n\n"
		if all.String() != want {
			t.Errorf("got %s", shorten(all.String()))
		}
	})
}

func TestConfiguredTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		openai := &fake{name: "openai-custom", do: playing(step{data: "data: 1\n\n"})}
		r := relay.New(relay.Config{
			Router: newRouter(t, view(at("a", "")), openai), FirstByteTimeout: time.Second, IdleTimeout: 7 * time.Second, KeepAlive: 3 * time.Second,
		})
		body := providers.NewBody([]byte(streamBody))
		defer body.Release()
		c := &clock{ResponseRecorder: httptest.NewRecorder(), began: time.Now()}
		r.Serve(t.Context(), c, &relay.Request{Operation: providers.Chat, Dialect: "openai-chat", Body: body})
		want := []string{"0s data: 1\n\n", "3s : keep-alive\n\n", "6s : keep-alive\n\n"}
		if diff := cmp.Diff(want, c.got[:3]); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		if took := time.Since(c.began); took != 7*time.Second || len(c.got) != 4 {
			t.Errorf("ended after %s with %v", took, c.got)
		}
	})
}

// TestAClientThatDoesNotReadIsLeft checks that a write which blocks for the idle time-out ends the exchange.
func TestAClientThatDoesNotReadIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		canceled := make(chan time.Duration, 1)
		began := time.Now()
		openai := &fake{name: "openai-custom", do: func(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
			context.AfterFunc(ctx, func() { canceled <- time.Since(began) })
			return playing(step{pause: time.Second, data: "data: 1\n\n"}, step{data: "data: 2\n\n"})(ctx, in, call)
		}}
		r := relay.New(relay.Config{Router: newRouter(t, view(at("a", "")), openai)})
		body := providers.NewBody([]byte(streamBody))
		defer body.Release()
		w := &stuck{ResponseRecorder: httptest.NewRecorder(), deadline: make(chan struct{})}
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
					t.Errorf("Serve panicked with %v, want http.ErrAbortHandler", err)
				}
			}()
			r.Serve(t.Context(), w, &relay.Request{Operation: providers.Chat, Dialect: "openai-chat", Body: body})
		}()
		if at := <-canceled; at < 5*time.Minute || at > 6*time.Minute {
			t.Errorf("upstream cancelled after %s", at)
		}
	})
}

// stuck is a client that takes nothing until a deadline is set.
type stuck struct {
	*httptest.ResponseRecorder
	once     sync.Once
	deadline chan struct{}
}

func (s *stuck) Write([]byte) (int, error) {
	<-s.deadline
	return 0, context.DeadlineExceeded
}

func (s *stuck) SetWriteDeadline(time.Time) error {
	s.once.Do(func() { close(s.deadline) })
	return nil
}
