package providers_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

func TestForwardHeader(t *testing.T) {
	t.Parallel()
	want := http.Header{
		"Accept": {"*/*"}, "User-Agent": {"OpenAI/Go 3"}, "X-Stainless-Lang": {"go"}, "Openai-Beta": {"b"},
		"X-Unknown": {"a", "b"}, "Content-Type": {"application/json"},
	}
	client := want.Clone()
	for _, name := range []string{
		"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Cookie", "Openai-Organization", "Openai-Project", "Host", "Content-Length", "Accept-Encoding",
		"Expect", "Model-Provider", "X-Aiproxy-Anything", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip",
		"Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade", "Http2-Settings", "X-Hop", "X-Other-Hop",
	} {
		client[name] = []string{"not for upstreams"}
	}
	client["Connection"] = []string{"keep-alive, x-hop", " X-OTHER-HOP ,"}
	before := client.Clone()
	if diff := cmp.Diff(want, providers.ForwardHeader(client)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, client); diff != "" {
		t.Errorf("the client's header has changed:\n%s", diff)
	}
}

func TestCleanReplyHeader(t *testing.T) {
	t.Parallel()
	want := http.Header{
		"Content-Type": {"application/json"}, "Retry-After": {"2"}, "X-Request-Id": {"req_1"},
		"X-Ratelimit-Remaining-Tokens": {"7"}, "Content-Length": {"3"}, "X-Unknown": {"a", "b"},
	}
	header := want.Clone()
	for _, name := range []string{
		"Transfer-Encoding", "Keep-Alive", "Trailer", "Upgrade", "Proxy-Authenticate", "Set-Cookie", "Alt-Svc",
		"Strict-Transport-Security", "X-Hop",
	} {
		header[name] = []string{"not for clients"}
	}
	header["Connection"] = []string{"close, X-Hop"}
	providers.CleanReplyHeader(header)
	if diff := cmp.Diff(want, header); diff != "" {
		t.Error(diff)
	}
}

func TestUpstreamHeader(t *testing.T) {
	t.Parallel()
	client := http.Header{
		"Authorization": {"Bearer client"}, "Traceparent": {"t"}, "X-Team": {"a"}, "User-Agent": {"OpenAI/Go"}, "Accept": {"*/*"},
		"X-Stainless-Lang": {"go"}, "Openai-Beta": {"o"}, "Anthropic-Beta": {"a"}, "X-Claude-Code-Session-Id": {"s"}, "Session_id": {"s"},
	}
	for _, test := range []struct {
		name string
		call providers.Call
		want http.Header
	}{
		{"same dialect", providers.Call{Header: client}, providers.ForwardHeader(client)},
		{
			"translated",
			providers.Call{Header: client, Translated: true},
			http.Header{"Traceparent": {"t"}, "X-Team": {"a"}, "Anthropic-Beta": {"a"}},
		},
		{"none", providers.Call{Translated: true}, http.Header{}},
	} {
		if diff := cmp.Diff(test.want, test.call.UpstreamHeader(dialect.VendorAnthropic)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}
