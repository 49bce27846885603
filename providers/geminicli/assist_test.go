package geminicli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"aiproxy/providers"
	"aiproxy/providers/providertest"
)

// serveAssist starts a Code Assist that answers by method, "" standing for everything else.
func serveAssist(t *testing.T, answers map[string]string) (*providertest.Upstream, *providers.Instance) {
	t.Helper()
	u, in := providertest.Serve(t, providers.GeminiCLI, func(w http.ResponseWriter, r *http.Request) {
		answer, known := answers[strings.TrimPrefix(r.URL.Path, "/v1internal")]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if r.URL.Query().Get("alt") == "sse" {
			w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		}
		_, _ = io.WriteString(w, answer)
	})
	in.Auth = providers.AuthOAuth
	return u, in
}

func TestWrap(t *testing.T) {
	t.Parallel()
	p := provider(t)
	u, in := serveAssist(t, map[string]string{":generateContent": `{"traceId":"t","response":{"candidates":[]},"x":1}`, ":countTokens": `{"totalTokens":3}`})
	in.ProjectID = "my-project"
	_, body := providertest.Do(t, p, in, call(providers.Chat, "models/gemini-x", false),
		` {"contents" : [{"parts":[{"text":"\u00e9 \ud800"}]}], "model":"models/gemini-x","serviceTier":"flex","a\"b":1e400} `)
	if body != `{"candidates":[]}` {
		t.Errorf("body %s", body)
	}
	got := u.Next(t)
	var envelope struct {
		Model, Project string
		UserPromptID   string `json:"user_prompt_id"`
		Request        json.RawMessage
	}
	if err := json.Unmarshal([]byte(got.Body), &envelope); err != nil {
		t.Fatalf("%s: %v", got.Body, err)
	}
	const inner = `{"contents":[{"parts":[{"text":"\u00e9 \ud800"}]}],"a\"b":1e400}`
	if string(envelope.Request) != inner || envelope.Model != "gemini-x" || envelope.Project != "my-project" || envelope.UserPromptID == "" {
		t.Errorf("envelope %s", got.Body)
	}
	if got.URI != "/v1internal:generateContent" || got.Header.Get("Authorization") != "Bearer upstream-key" {
		t.Errorf("got %+v", got)
	}

	for asked, want := range map[string]string{
		`{"contents":[1]}`: `[1]`, `{"generateContentRequest":{"model":"x","contents":[2]}}`: `[2]`, `{}`: `[]`,
	} {
		_, body = providertest.Do(t, p, in, call(providers.CountTokens, "gemini-x", false), asked)
		if got := u.Next(t).Body; got != `{"request":{"model":"models/gemini-x","contents":`+want+`}}` || body != `{"totalTokens":3}` {
			t.Errorf("%s: %s, answer %s", asked, got, body)
		}
	}
}

func TestWhatCannotBeWrapped(t *testing.T) {
	t.Parallel()
	p := provider(t)
	in := &providers.Instance{Auth: providers.AuthOAuth, ProjectID: "p"}
	for _, op := range []providers.Operation{providers.Chat, providers.CountTokens} {
		broken := call(op, "m", false)
		broken.Body = providers.NewBody([]byte(`{"a":`))
		if _, err := p.Do(t.Context(), in, &broken); providers.ClassOf(err) != providers.ClassCaller {
			t.Errorf("%s: %v", op, err)
		}
	}
}

func TestUnwrapWhole(t *testing.T) {
	t.Parallel()
	p := provider(t)
	for answer, want := range map[string]string{
		`{"response":{"a":[1, 2]}}`: `{"a":[1, 2]}`,
		`{"traceId":"t"}`:           `{"traceId":"t"}`,
		`cut {`:                     `cut {`,
		``:                          ``,
	} {
		_, in := serveAssist(t, map[string]string{":generateContent": answer})
		in.ProjectID = "p"
		reply, body := providertest.Do(t, p, in, call(providers.Chat, "m", false), "{}")
		if body != want || reply.Header.Get("Content-Length") != "" {
			t.Errorf("%s: %s %v", answer, body, reply.Header)
		}
	}
}

func TestErrorsHaveNoEnvelope(t *testing.T) {
	t.Parallel()
	const fault = `[{"error":{"code":429,"message":"x"}}]`
	_, in := providertest.Serve(t, providers.GeminiCLI, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, fault)
	})
	in.Auth, in.ProjectID = providers.AuthOAuth, "p"
	if reply, body := providertest.Do(t, provider(t), in, call(providers.Chat, "m", true), "{}"); reply.Status != 429 || body != fault {
		t.Errorf("%d %s", reply.Status, body)
	}
}

// envelopes is a stream with everything that has been seen in one, and plain what the Gemini API makes of it.
const (
	envelopes = "data: {\"response\":{\"n\":1,\"t\":\"\u00e9\\u00e9\"},\"traceId\":\"x\"}\r\n\r\n" +
		": comment\n\n" +
		"data: {\"remainingCredits\":[]}\n\n" +
		"event: x\ndata:{\"response\":\ndata:{\"n\":2}}\r\r" +
		"data: {\"error\":{\"code\":503}}\n\n" +
		"data: {\"response\":{\"n\":3}}"
	plain = "data: {\"n\":1,\"t\":\"\u00e9\\u00e9\"}\r\n\r\n" +
		"data: {\"n\":2}\r\n\r\n" +
		"data: {\"error\":{\"code\":503}}\r\n\r\n" +
		"data: {\"n\":3}\r\n\r\n"
)

func TestUnwrapStream(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader,
		"halves": iotest.HalfReader, "end with data": iotest.DataErrReader,
	} {
		body := &eventBody{src: io.NopCloser(cut(strings.NewReader(envelopes)))}
		got, err := io.ReadAll(iotest.OneByteReader(body))
		if err != nil || string(got) != plain {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	p := provider(t)
	u, in := serveAssist(t, map[string]string{":streamGenerateContent": envelopes})
	in.ProjectID = "p"
	if _, body := providertest.Do(t, p, in, call(providers.Chat, "m", true), "{}"); body != plain {
		t.Errorf("got %q", body)
	}
	if got := u.Next(t).URI; got != "/v1internal:streamGenerateContent?alt=sse" {
		t.Error(got)
	}
}

// An event must not wait for the one after it.
func TestEventsComeAtOnce(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	body := &eventBody{src: r}
	defer body.Close()
	buf := make([]byte, 64)
	for _, n := range []string{"1", "2"} {
		go func() { _, _ = io.WriteString(w, `data: {"response":{"n":`+n+"}}\n\n") }()
		got, err := body.Read(buf)
		if err != nil || string(buf[:got]) != `data: {"n":`+n+"}\r\n\r\n" {
			t.Fatalf("%q, %v", buf[:got], err)
		}
	}
	broken := errors.New("broken")
	w.CloseWithError(broken)
	if _, err := body.Read(buf); !errors.Is(err, broken) {
		t.Errorf("ended with %v", err)
	}
}

func TestTruncatedStreamStaysSo(t *testing.T) {
	t.Parallel()
	body := &eventBody{src: io.NopCloser(strings.NewReader("data: {\"response\":{\"n\":1}}\n\ndata: {\"response\":{\"te"))}
	got, err := io.ReadAll(body)
	if err != nil || !bytes.HasPrefix(got, []byte("data: {\"n\":1}\r\n\r\n")) || json.Valid(bytes.TrimPrefix(got[18:], []byte("data: "))) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	const freeTier = `{"allowedTiers":[{"id":"standard-tier","userDefinedCloudaicompanionProject":true},{"id":"free-tier","isDefault":true}]}`
	for _, test := range []struct {
		name    string
		answers map[string]string
		want    string
		class   providers.Class
		calls   int
	}{
		{"known", map[string]string{":loadCodeAssist": `{"cloudaicompanionProject":"known","currentTier":{"id":"x"}}`}, "known", 0, 1},
		{
			"made", map[string]string{
				":loadCodeAssist": freeTier, ":onboardUser": `{"name":"operations/1"}`,
				"/operations/1": `{"done":true,"response":{"cloudaicompanionProject":{"id":"made"}}}`,
			}, "made", 0, 3,
		},
		{
			"made at once", map[string]string{
				":loadCodeAssist": freeTier, ":onboardUser": `{"done":true,"response":{"cloudaicompanionProject":{"id":"made"}}}`,
			}, "made", 0, 2,
		},
		{
			"to be brought",
			map[string]string{":loadCodeAssist": `{"currentTier":{"id":"standard-tier","userDefinedCloudaicompanionProject":true}}`},
			"", providers.ClassCredential, 1,
		},
		{
			"ineligible",
			map[string]string{":loadCodeAssist": `{"ineligibleTiers":[{"reasonMessage":"Not for individuals."}]}`},
			"", providers.ClassCredential, 1,
		},
		{"refused", map[string]string{":loadCodeAssist": freeTier, ":onboardUser": `{"done":true,"error":{"message":"no"}}`}, "", providers.ClassCredential, 2},
		{"nameless", map[string]string{":loadCodeAssist": freeTier, ":onboardUser": `{}`}, "", providers.ClassProvider, 2},
		{"not there", nil, "", providers.ClassProvider, 1},
		{"no JSON", map[string]string{":loadCodeAssist": "<html>"}, "", providers.ClassProvider, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u, in := serveAssist(t, test.answers)
			p := provider(t)
			for range 3 { // What is known, or has just failed, is not asked again.
				got, err := p.projects.of(t.Context(), in)
				if got != test.want || providers.ClassOf(err) != test.class {
					t.Fatalf("project %q, %v", got, err)
				}
			}
			for range test.calls {
				if got := u.Next(t); got.Header.Get("Authorization") != "Bearer upstream-key" {
					t.Errorf("got %+v", got)
				}
			}
			providertest.Do(t, p, &providers.Instance{BaseURL: u.URL, APIKey: "k"}, call(providers.Chat, "last", false), "{}")
			if got := u.Next(t).URI; !strings.Contains(got, "last") {
				t.Errorf("asked once more: %s", got)
			}
		})
	}
}

func TestProjectIsAskedOnceByMany(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	_, in := providertest.Serve(t, providers.GeminiCLI, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, `{"cloudaicompanionProject":"p"}`)
	})
	p := provider(t)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if got, err := p.projects.of(t.Context(), in); got != "p" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	wg.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
