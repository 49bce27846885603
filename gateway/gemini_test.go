package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
)

const (
	generateBody  = `{"contents":[{"role":"user","parts":[{"text":"hello, how are you?"}]}],"odd":[1]}`
	generateReply = `{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1,"totalTokenCount":4}}`
	chatStream    = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}

data: [DONE]

`
)

func TestGeminiPasses(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, generateReply), providers.GeminiCLI)
	for _, test := range []struct{ path, upstream string }{
		{"/v1beta/models/gemini-x:generateContent", "/v1beta/models/gemini-x:generateContent"},
		{"/v1beta/models/gemini-x%3AgenerateContent", "/v1beta/models/gemini-x:generateContent"},
		{"/v1/models/gemini-x:generateContent?key=client-key&alt=json", "/v1beta/models/gemini-x:generateContent"},
		{"/gemini/v1beta/models/gemini-x:generateContent", "/v1beta/models/gemini-x:generateContent"},
		{"/v1beta/models/gemini-cli/gemini-x:generateContent", "/v1beta/models/gemini-x:generateContent"},
		{"/v1beta/models/tunedModels%2Fmine:generateContent", "/v1beta/tunedModels/mine:generateContent"},
		{"/v1beta/models/gemini-x:countTokens", "/v1beta/models/gemini-x:countTokens"},
		{"/v1beta/models/gemini-x:embedContent", "/v1beta/models/gemini-x:embedContent"},
		{"/v1beta/models/gemini-x:streamGenerateContent?alt=sse", "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"},
	} {
		got := ask(s, http.MethodPost, test.path, generateBody, "X-Goog-Api-Key", "client-key")
		if got.Code != http.StatusOK || got.Body.String() != generateReply {
			t.Errorf("%s: %d %s", test.path, got.Code, got.Body)
		}
		want := asked{http.MethodPost, test.upstream, generateBody, "upstream-key"}
		if diff := cmp.Diff(want, s.last(t)); diff != "" {
			t.Errorf("%s: upstream got (-want +got):\n%s", test.path, diff)
		}
	}
	batch := `{"requests":[{"content":{"parts":[{"text":"a"}]}}]}`
	ask(s, http.MethodPost, "/v1beta/models/e:batchEmbedContents?key=client-key", batch)
	if up := s.last(t); up.URI != "/v1beta/models/e:batchEmbedContents" || up.Body != batch {
		t.Errorf("upstream got %+v", up)
	}
}

func TestGeminiStreamsPass(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, "data: "+generateReply+"\r\n\r\ndata: "+generateReply+"\r\n\r\n"), providers.GeminiCLI)
	for path, want := range map[string]struct{ kind, body string }{
		"?alt=sse": {"text/event-stream", "data: " + generateReply + "\r\n\r\ndata: " + generateReply + "\r\n\r\n"},
		"":         {"application/json", "[" + generateReply + ",\n" + generateReply + "]\n"},
	} {
		got := ask(s, http.MethodPost, "/v1beta/models/gemini-x:streamGenerateContent"+path, generateBody, keyed()...)
		if got.Code != http.StatusOK || got.Header().Get("Content-Type") != want.kind || got.Body.String() != want.body {
			t.Errorf("%s: %d %v %s", path, got.Code, got.Header(), got.Body)
		}
	}
}

func TestBrokenArrayTellsOfIt(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, "data: {\"candidates\":[]}\r\n\r\n"), providers.GeminiCLI)
	got := ask(s, http.MethodPost, "/v1beta/models/gemini-x:streamGenerateContent", generateBody, keyed()...)
	var elements []struct{ Error struct{ Status string } }
	if err := json.Unmarshal(got.Body.Bytes(), &elements); err != nil || len(elements) != 2 || elements[1].Error.Status == "" {
		t.Errorf("%v: %s", err, got.Body)
	}
}

func TestGeminiIsTranslated(t *testing.T) {
	t.Parallel()
	body := strings.Replace(generateBody, `,"odd":[1]`, "", 1)
	whole := newSurface(t, says(http.StatusOK, chatReply), providers.OpenAICustom)
	got := ask(whole, http.MethodPost, "/v1beta/models/gpt-x:generateContent", body, keyed()...)
	if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"finishReason":"STOP"`) {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if up := whole.last(t); up.URI != "/v1/chat/completions" || !strings.Contains(up.Body, `"model":"gpt-x"`) {
		t.Errorf("upstream got %+v", up)
	}
	streamed := newSurface(t, says(http.StatusOK, chatStream), providers.OpenAICustom)
	got = ask(streamed, http.MethodPost, "/v1beta/models/gpt-x:streamGenerateContent?alt=sse", body, keyed()...)
	if !strings.HasPrefix(got.Body.String(), "data: {") || strings.Contains(got.Body.String(), "event:") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	got = ask(streamed, http.MethodPost, "/v1beta/models/gpt-x:streamGenerateContent", body, keyed()...)
	var elements []any
	if err := json.Unmarshal(got.Body.Bytes(), &elements); err != nil || len(elements) < 2 || got.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%v: %v %s", err, got.Header(), got.Body)
	}
	got = ask(whole, http.MethodPost, "/v1beta/models/gpt-x:countTokens", body, keyed()...)
	if got.Body.String() != `{"totalTokens":8}` || got.Header().Get("X-Aiproxy-Estimated") != "true" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	got = ask(whole, http.MethodPost, "/v1beta/models/gpt-x:embedContent", `{"content":{}}`, keyed()...)
	if shape := shapeOf(got.Body.Bytes()); got.Code != http.StatusNotFound && got.Code != http.StatusBadRequest || !strings.HasPrefix(shape, "gemini") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestModelsInTheClientsShape(t *testing.T) {
	t.Parallel()
	s := newSurface(t, says(http.StatusOK, `{"data":[{"id":"b","object":"model"},{"id":"a","object":"model"}]}`), providers.OpenAICustom)
	for _, test := range []struct {
		path, header, value, want string
	}{
		{"/v1/models", "", "", `"object":"list"`},
		{"/v1/models?limit=1000", "Anthropic-Version", "2023-06-01", `"has_more":false,"first_id":"a","last_id":"b"`},
		{"/v1/models/a", "Anthropic-Version", "2023-06-01", `"type":"model","id":"a"`},
		{"/v1/models", "X-Goog-Api-Key", "client-key", `{"models":[{"name":"models/a"`},
		{"/v1beta/models?pageSize=50&key=client-key", "", "", `{"models":[{"name":"models/a"`},
		{"/v1beta/models/b", "", "", `{"name":"models/b"`},
		{"/openai/v1beta/models/b", "", "", `{"name":"models/b"`},
	} {
		header := keyed()
		if test.header != "" {
			header = keyed(test.header, test.value)
		}
		got := ask(s, http.MethodGet, test.path, "", header...)
		if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), test.want) {
			t.Errorf("%s %s: %d %s", test.path, test.header, got.Code, got.Body)
		}
	}
}
