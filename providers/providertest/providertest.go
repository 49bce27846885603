// Package providertest is what the tests of providers have in common: upstreams that take down what arrives, calls, and
// the rules that every provider must keep. It is for tests only.
package providertest

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/upstream"
)

// UpstreamKey is the key of instances that Serve makes.
const UpstreamKey = "upstream-key"

// Arrived is a request as an upstream has got it.
type Arrived struct {
	Method, URI string
	Header      http.Header
	Body        string
}

// Upstream takes down what arrives and answers it.
type Upstream struct {
	*httptest.Server
	arrived chan Arrived
}

// Next returns the request that has arrived first of those that were not looked at.
func (u *Upstream) Next(t *testing.T) Arrived {
	t.Helper()
	select {
	case a := <-u.arrived:
		return a
	default:
		t.Fatal("nothing has arrived")
		return Arrived{}
	}
}

// Serve starts an upstream that answers with h, and returns it with an instance that has UpstreamKey. A handler that is
// nil answers "{}".
func Serve(t *testing.T, provider string, h http.HandlerFunc) (*Upstream, *providers.Instance) {
	t.Helper()
	u := &Upstream{arrived: make(chan Arrived, 64)}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u.arrived <- Arrived{Method: r.Method, URI: r.RequestURI, Header: r.Header, Body: string(body)}
		if h == nil {
			_, _ = io.WriteString(w, "{}")
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		h(w, r)
	}))
	t.Cleanup(u.Close)
	return u, &providers.Instance{Name: "i", Provider: provider, BaseURL: u.URL, APIKey: UpstreamKey}
}

// Transport returns a transport that is closed with the test.
func Transport(t *testing.T) http.RoundTripper {
	t.Helper()
	rt := upstream.NewTransport(upstream.Options{})
	t.Cleanup(rt.CloseIdleConnections)
	return rt
}

// Do makes a call with the body and returns the reply with all of its body.
func Do(t *testing.T, p providers.Provider, in *providers.Instance, call providers.Call, body string) (*providers.Reply, string) {
	t.Helper()
	call.Body = providers.NewBody([]byte(body))
	defer call.Body.Release()
	reply, err := p.Do(t.Context(), in, &call)
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

// KeepsKeysApart fails the test unless the instance's key reaches the upstream and nothing of what the client uses to
// show who it is. The upstream must be the instance's, and answer the call.
func KeepsKeysApart(t *testing.T, p providers.Provider, u *Upstream, in *providers.Instance, call providers.Call, body string) {
	t.Helper()
	const stolen = "client-key"
	call.Header = http.Header{
		"Connection": {"X-Hop"}, "X-Hop": {stolen}, "X-Aiproxy-Token": {stolen}, "X-Forwarded-For": {stolen}, "Accept": {"*/*"},
		"Authorization": {"Bearer " + stolen}, "X-Unknown": {"a", "b"},
	}
	for _, name := range []string{"X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Cookie", "Proxy-Authorization"} {
		call.Header[name] = []string{stolen}
	}
	Do(t, p, in, call, body)
	a := u.Next(t)
	held := false
	for name, values := range a.Header {
		all := strings.Join(values, ",")
		held = held || strings.Contains(all, in.APIKey.Reveal())
		if strings.Contains(all, stolen) {
			t.Errorf("the client's %s has reached the upstream", name)
		}
	}
	switch {
	case !held:
		t.Error("the instance's key is missing")
	case strings.Contains(a.URI, stolen) || strings.Contains(a.URI, in.APIKey.Reveal()):
		t.Errorf("a key stands in the URL %s", a.URI)
	case strings.Join(a.Header["X-Unknown"], ",") != "a,b":
		t.Error("a field that is nobody's has not passed")
	case a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Accept-Encoding") != "identity":
		t.Errorf("header %v", a.Header)
	}
}

// CancelsInEveryPhase fails the test unless cancelling ends a call that waits for the header, and one whose body is
// being read, and the upstream sees it.
func CancelsInEveryPhase(t *testing.T, p providers.Provider, call providers.Call, event string) {
	t.Helper()
	for _, answers := range []bool{false, true} {
		begun, gone := make(chan struct{}), make(chan struct{})
		_, in := Serve(t, p.Name(), func(w http.ResponseWriter, r *http.Request) {
			defer close(gone)
			if answers {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, event)
				_ = http.NewResponseController(w).Flush()
			}
			close(begun)
			<-r.Context().Done()
		})
		ctx, cancel := context.WithCancel(t.Context())
		if !answers {
			go func() { <-begun; cancel() }()
		}
		call.Body = providers.NewBody([]byte("{}"))
		reply, err := p.Do(ctx, in, &call)
		if answers {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := reply.Body.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			cancel()
			_, err = io.ReadAll(reply.Body)
			reply.Body.Close()
			if err == nil || !errors.Is(err, context.Canceled) {
				t.Errorf("a body whose call is canceled ended with %v", err)
			}
		} else if providers.ClassOf(err) != providers.ClassCanceled {
			t.Errorf("a call that is canceled before its reply ended with %v", err)
		}
		<-gone
		cancel()
		call.Body.Release()
	}
}

// Classifies fails the test for each answer that the provider judges otherwise, and checks what all must agree on. An
// answer is its status, a space and its body.
func Classifies(t *testing.T, p providers.Provider, answers map[string]providers.Class) {
	t.Helper()
	all := map[string]providers.Class{
		"200 {}": providers.ClassNone, "400 ": providers.ClassCaller, "401 ": providers.ClassCredential, "402 ": providers.ClassCredential,
		"403 ": providers.ClassCredential, "404 ": providers.ClassCaller, "408 ": providers.ClassProvider, "413 ": providers.ClassCaller,
		"429 ": providers.ClassQuota, "500 ": providers.ClassProvider, "502 <html>bad gateway</html>": providers.ClassProvider,
		"503 ": providers.ClassProvider, "504 ": providers.ClassProvider, "529 ": providers.ClassProvider,
	}
	maps.Copy(all, answers)
	for answer, want := range all {
		word, body, _ := strings.Cut(answer, " ")
		status, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Classify(status, nil, []byte(body)); got != want {
			t.Errorf("%s is %v, want %v", answer, got, want)
		}
	}
}

// Speaks fails the test unless the provider's target of a client's dialect is want, "" for none.
func Speaks(t *testing.T, p providers.Provider, in *providers.Instance, op providers.Operation, client, want dialect.Name) {
	t.Helper()
	target, ok := p.Target(in, op, client, "m")
	if !ok {
		target.Dialect = ""
	}
	if target.Dialect != want || ok && target.Model != "m" {
		t.Errorf("%s for %s: %+v, want %q", op, client, target, want)
	}
	if ok && !p.Supports(op, client) {
		t.Errorf("%s for %s has a target and is not supported", op, client)
	}
}
