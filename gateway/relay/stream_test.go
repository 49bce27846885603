package relay_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/simulator"
)

const (
	delta  = `data: {"choices":[{"index":0,"delta":{"content":"Héllo \"finish_reason\": \"stop\""},"finish_reason":null}],"usage":null}`
	finish = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}`
	usage  = `data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`
	done   = "data: [DONE]"
)

// relayStream relays a stream from a reader and returns what the client got.
func relayStream(tb testing.TB, body io.Reader) *httptest.ResponseRecorder {
	tb.Helper()
	openai := &fake{name: "openai-custom", do: func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
		return streamReply(body), nil
	}}
	r := relay.New(relay.Config{Router: newRouter(tb, view(at("a", "")), openai)})
	w := httptest.NewRecorder()
	req := providers.NewBody([]byte(streamBody))
	defer req.Release()
	r.Serve(tb.Context(), w, &relay.Request{ID: "request-1", Operation: providers.Chat, Dialect: "openai-chat", Body: req})
	return w
}

// cut reads its text in pieces whose ends the test chooses.
type cut struct {
	text string
	ends []int
	at   int
}

func (c *cut) Read(p []byte) (int, error) {
	if c.at == len(c.text) {
		return 0, io.EOF
	}
	end := len(c.text)
	for _, e := range c.ends {
		if e > c.at {
			end = min(end, e)
		}
	}
	n := copy(p, c.text[c.at:end])
	c.at += n
	return n, nil
}

func TestEveryCuttingArrivesByteForByte(t *testing.T) {
	t.Parallel()
	streams := map[string]string{
		"lf":             delta + "\n\n" + delta + "\n\n" + finish + "\n\n" + usage + "\n\n" + done + "\n\n",
		"crlf":           delta + "\r\n\r\n" + finish + "\r\n\r\n" + done + "\r\n\r\n",
		"cr":             delta + "\r\r" + finish + "\r\r" + done + "\r\r",
		"mixed":          delta + "\n\r\n" + delta + "\r\n\r" + finish + "\r\n\n" + done + "\n\r",
		"comments":       ": hi\n\n" + delta + "\n\n: ping\n\nevent: x\nid: 1\n" + done + "\n\n: bye\n\n",
		"no blank line":  delta + "\n\n" + done,
		"one line end":   delta + "\n\n" + done + "\n",
		"no end mark":    delta + "\n\n" + finish + "\n\n",
		"usage at end":   delta + "\n\n" + finish + "\n\n" + usage,
		"no space":       strings.ReplaceAll(delta+"\n\n"+finish+"\n\n"+done+"\n\n", "data: ", "data:"),
		"spaced":         "data: {\"choices\":[{\"finish_reason\" : \"length\"}]}\n\n",
		"blank at end":   done + "\n\n\n\n",
		"error":          delta + "\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\n",
		"error, spaced":  delta + "\n\ndata: { \"error\" : {\"message\":\"overloaded\"}}\n\n",
		"error, later":   delta + "\n\ndata: {\"id\":\"1\",\"error\":{\"message\":\"overloaded\"},\"choices\":[]}\n\n",
		"event behind":   finish + "\n\n: still here\n",
		"large events":   "data: {\"x\":\"" + strings.Repeat("é", 100<<10) + "\"}\n\n" + done + "\n\n",
		"huge, finished": "data: {\"x\":\"" + strings.Repeat("é", 300<<10) + "\",\"finish_reason\":\"stop\"}\n\n",
	}
	for name, stream := range streams {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if w := relayStream(t, strings.NewReader(stream)); w.Body.String() != stream {
				t.Fatalf("in one piece: got %q", shorten(w.Body.String()))
			}
			if len(stream) < 4096 {
				if w := relayStream(t, iotest.OneByteReader(strings.NewReader(stream))); w.Body.String() != stream {
					t.Fatalf("byte by byte: got %q", w.Body)
				}
			}
			rapid.Check(t, func(rt *rapid.T) {
				ends := rapid.SliceOfN(rapid.IntRange(1, len(stream)), 0, 12).Draw(rt, "ends")
				if w := relayStream(t, &cut{text: stream, ends: ends}); w.Body.String() != stream {
					rt.Fatalf("got %q", shorten(w.Body.String()))
				}
			})
		})
	}
}

func shorten(s string) string {
	if len(s) < 500 {
		return s
	}
	return s[:200] + " ... " + s[len(s)-200:]
}

// flushed notes what the client has when something is pushed out.
type flushed struct {
	*httptest.ResponseRecorder
	marks []string
}

func (f *flushed) Flush() { f.marks = append(f.marks, f.Body.String()) }

func TestWholeEventsAreFlushedOncePerRead(t *testing.T) {
	t.Parallel()
	openai := &fake{name: "openai-custom", do: playing(
		step{data: "data: 1\n\nda"}, step{data: "ta"}, step{data: ": 2\n"}, step{data: "\ndata: 3\n\ndata: 4\n\n"},
		step{data: done + "\n\n"}, step{err: io.EOF},
	)}
	r := relay.New(relay.Config{Router: newRouter(t, view(at("a", "")), openai)})
	w := &flushed{ResponseRecorder: httptest.NewRecorder()}
	body := providers.NewBody([]byte(streamBody))
	defer body.Release()
	r.Serve(t.Context(), w, &relay.Request{Operation: providers.Chat, Dialect: "openai-chat", Body: body})
	want := []string{
		"data: 1\n\n", "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n",
		"data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\ndata: [DONE]\n\n",
	}
	if diff := cmp.Diff(want, w.marks); diff != "" {
		t.Errorf("flushes (-want +got):\n%s", diff)
	}
}

func TestATornStreamEndsInAnErrorEvent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		stream string
		end    error
		kept   string
		code   string
	}{
		{"clean end", delta + "\n\n", io.EOF, delta + "\n\n", "upstream_truncated"},
		{"end within an event", delta + "\n\n" + delta[:50], io.EOF, delta + "\n\n", "upstream_truncated"},
		{"end within a finishing event", delta + "\n\n" + finish[:len(finish)-5], io.EOF, delta + "\n\n", "upstream_truncated"},
		{"reset", delta + "\n\n", syscall.ECONNRESET, delta + "\n\n", "upstream_connection_error"},
		{"reset within an event", delta + "\n\n" + delta[:50], io.ErrUnexpectedEOF, delta + "\n\n", "upstream_connection_error"},
		{"reset after the finish", finish + "\n\n", syscall.ECONNRESET, finish + "\n\n", "upstream_connection_error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := relayStream(t, io.MultiReader(strings.NewReader(tt.stream), iotest.ErrReader(tt.end)))
			event, ok := strings.CutPrefix(w.Body.String(), tt.kept)
			if !ok || !strings.HasPrefix(event, `data: {"error":{"message":"instance \"a\" `) || !strings.HasSuffix(event, "}}\n\n") {
				t.Fatalf("got %q", w.Body)
			}
			if !strings.Contains(event, tt.code) || strings.Count(w.Body.String(), `"error"`) != 1 {
				t.Errorf("got %q, want the code %s once", event, tt.code)
			}
		})
	}
}

func TestNothingIsAddedAfterTheEndMark(t *testing.T) {
	t.Parallel()
	stream := delta + "\n\n" + done + "\n\n"
	w := relayStream(t, io.MultiReader(strings.NewReader(stream), iotest.ErrReader(syscall.ECONNRESET)))
	if w.Body.String() != stream {
		t.Errorf("got %q", w.Body)
	}
}

// TestABreakWithinAHugeEventAborts checks that no error event is glued onto the part of an event that is out already.
func TestABreakWithinAHugeEventAborts(t *testing.T) {
	t.Parallel()
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF} {
		t.Run(end.Error(), func(t *testing.T) {
			t.Parallel()
			openai := &fake{name: "openai-custom", do: playing(step{data: "data: \"" + strings.Repeat("x", 1<<20), err: end})}
			server := serve(t, relay.Config{Router: newRouter(t, view(at("a", "")), openai)})
			got := post(t, server.URL, streamBody)
			if !errors.Is(got.err, io.ErrUnexpectedEOF) || strings.Contains(got.body, "error") {
				t.Errorf("got %d bytes and %v, want an unexpected EOF", len(got.body), got.err)
			}
		})
	}
}

func TestSimulatedStreams(t *testing.T) {
	t.Parallel()
	scripts := []string{
		"", "sim-unicode", "sim-reasoning", "sim-parallel-tools", "sim-crlf", "sim-cr", "sim-no-space", "sim-comments", "sim-dribble",
		"sim-usage-always", "sim-no-done", "sim-midstream-error", "sim-huge-line-5242880", "sim-chunks-2000",
	}
	for _, script := range scripts {
		t.Run("script "+script, func(t *testing.T) {
			t.Parallel()
			_, url := simulate(t, simulator.Options{Script: script})
			got := post(t, serveOver(t, at("a", url)).URL, streamBody)
			_, url = simulate(t, simulator.Options{Script: script})
			direct := post(t, strings.TrimSuffix(url, "/v1"), streamBody)
			if got.err != nil || masked(got.body) != masked(direct.body) {
				t.Errorf("got %s\nwant %s (%v)", shorten(got.body), shorten(direct.body), got.err)
			}
			if got.header.Get("Content-Type") != direct.header.Get("Content-Type") {
				t.Errorf("header = %v", got.header)
			}
		})
	}
}

// masked takes the time out of a simulated answer.
func masked(body string) string {
	out := new(bytes.Buffer)
	for {
		before, after, found := strings.Cut(body, `"created":`)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		body = strings.TrimLeft(after, "0123456789")
	}
}

func TestSimulatedBreaks(t *testing.T) {
	t.Parallel()
	for script, code := range map[string]string{"sim-early-end": "upstream_truncated", "sim-truncate": "upstream_connection_error"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			_, url := simulate(t, simulator.Options{Script: script})
			got := post(t, serveOver(t, at("a", url)).URL, streamBody)
			events := strings.Split(strings.TrimSuffix(got.body, "\n\n"), "\n\n")
			if got.status != http.StatusOK || got.err != nil || len(events) < 2 || !strings.Contains(events[len(events)-1], code) {
				t.Fatalf("got %+v", got)
			}
			for _, event := range events {
				if !strings.HasPrefix(event, "data: {") || !strings.HasSuffix(event, "}") {
					t.Errorf("event %q is no whole one", event)
				}
			}
		})
	}
}
