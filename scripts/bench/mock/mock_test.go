package mock_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"aiproxy/scripts/bench/mock"
	"aiproxy/scripts/bench/workload"
)

// start serves cfg until the test ends and returns the base URL.
func start(t *testing.T, cfg mock.Config) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- mock.New(cfg).Serve(ln) }()
	t.Cleanup(func() {
		ln.Close()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return "http://" + ln.Addr().String()
}

// post sends a request over net/http, so that the answers are checked by another reader than the benchmark's own.
func post(t *testing.T, url, key string, body io.Reader) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/chat/completions", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, answer
}

func TestAnswersWithoutStream(t *testing.T) {
	t.Parallel()
	url := start(t, mock.Config{Key: "k"})
	for _, w := range []workload.Workload{{}, {Tools: true}} {
		response, answer := post(t, url, "k", bytes.NewReader(w.RequestBody()))
		if response.StatusCode != http.StatusOK || !bytes.Equal(answer, workload.Answer()) {
			t.Errorf("tools %t: %s: %q", w.Tools, response.Status, answer)
		}
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	const delay = 5 * time.Millisecond
	url := start(t, mock.Config{Key: "k", Events: 10, Delay: delay})
	begin := time.Now()
	response, answer := post(t, url, "k", bytes.NewReader(workload.Workload{Stream: true}.RequestBody()))
	if took := time.Since(begin); took < 9*delay {
		t.Errorf("10 events took %s", took)
	}
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	var want strings.Builder
	for _, payload := range workload.Payloads(10) {
		fmt.Fprintf(&want, "data: %s\n\n", payload)
	}
	want.WriteString("data: [DONE]\n\n")
	if string(answer) != want.String() {
		t.Errorf("got %q", answer)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	url := start(t, mock.Config{Key: "k"})
	response, _ := post(t, url, "other", bytes.NewReader(workload.Workload{}.RequestBody()))
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("wrong key: %s", response.Status)
	}
	response, _ = post(t, url, "k", io.MultiReader(strings.NewReader("{}"))) // Of unknown length, so it is sent in chunks.
	if response.StatusCode != http.StatusLengthRequired {
		t.Errorf("chunked request: %s", response.Status)
	}
}

func TestListsModels(t *testing.T) {
	t.Parallel()
	response, answer := post(t, start(t, mock.Config{Key: "k"}), "k", nil)
	if response.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(`"gpt-4o-mini"`)) {
		t.Errorf("%s: %s", response.Status, answer)
	}
}
