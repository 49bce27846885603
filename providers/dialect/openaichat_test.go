package dialect_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/dialect"
)

func TestEncodeError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		err  dialect.Error
		want string
	}{
		{
			"all fields",
			dialect.Error{Status: 400, Type: "t", Code: "c", Param: "p", Message: `say "hi"`},
			`{"error":{"message":"say \"hi\"","type":"t","param":"p","code":"c"}}`,
		},
		{
			"nulls",
			dialect.Error{Status: http.StatusNotFound, Message: "größe"},
			`{"error":{"message":"größe","type":"invalid_request_error","param":null,"code":null}}`,
		},
		{
			"unauthorized",
			dialect.Error{Status: http.StatusUnauthorized},
			`{"error":{"message":"","type":"authentication_error","param":null,"code":null}}`,
		},
		{
			"forbidden",
			dialect.Error{Status: http.StatusForbidden},
			`{"error":{"message":"","type":"permission_error","param":null,"code":null}}`,
		},
		{
			"quota",
			dialect.Error{Status: http.StatusTooManyRequests},
			`{"error":{"message":"","type":"rate_limit_error","param":null,"code":null}}`,
		},
		{
			"unavailable",
			dialect.Error{Status: http.StatusServiceUnavailable},
			`{"error":{"message":"","type":"service_unavailable_error","param":null,"code":null}}`,
		},
		{
			"server",
			dialect.Error{Status: http.StatusBadGateway, Message: "bad\xffbytes\n"},
			`{"error":{"message":"bad\ufffdbytes\n","type":"server_error","param":null,"code":null}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range []dialect.Name{dialect.OpenAIChat, "no-such-dialect", ""} {
				body := dialect.EncodeError(name, &test.err)
				if diff := cmp.Diff(test.want, string(body)); diff != "" {
					t.Errorf("dialect %q:\n%s", name, diff)
				}
				if !json.Valid(body) {
					t.Errorf("dialect %q: invalid JSON", name)
				}
				event := string(dialect.EncodeStreamError(name, &test.err))
				if diff := cmp.Diff("data: "+test.want+"\n\n", event); diff != "" {
					t.Errorf("event of dialect %q:\n%s", name, diff)
				}
			}
		})
	}
}

func TestEncodeModels(t *testing.T) {
	t.Parallel()
	models := []dialect.Model{{ID: "org/m:1", OwnedBy: "o", Created: 7}, {ID: "n"}}
	const first = `{"id":"org/m:1","object":"model","created":7,"owned_by":"o"}`
	want := `{"object":"list","data":[` + first + `,{"id":"n","object":"model","created":0,"owned_by":""}]}`
	if diff := cmp.Diff(want, string(dialect.EncodeModels(dialect.OpenAIChat, models))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first, string(dialect.EncodeModel(dialect.OpenAIChat, models[0]))); diff != "" {
		t.Error(diff)
	}
	if got := string(dialect.EncodeModels(dialect.OpenAIChat, nil)); got != `{"object":"list","data":[]}` {
		t.Error(got)
	}
}

const fullUsage = `{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,` +
	`"prompt_tokens_details":{"cached_tokens":8,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4}}`

func TestUsageFromReply(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body string
		want       dialect.Usage
		ok         bool
	}{
		{"full", `{"choices":[],"usage":` + fullUsage + `}`, dialect.Usage{Input: 20, Output: 9, CachedInput: 8, Reasoning: 4}, true},
		{"embeddings", `{"data":[],"usage":{"prompt_tokens":4,"total_tokens":4}}`, dialect.Usage{Input: 4}, true},
		{"null details", `{"usage":{"prompt_tokens":1,"prompt_tokens_details":null}}`, dialect.Usage{Input: 1}, true},
		{"nonsense counts", `{"usage":{"prompt_tokens":-1,"completion_tokens":"3"}}`, dialect.Usage{}, true},
		{"none", `{"choices":[]}`, dialect.Usage{}, false},
		{"null", `{"usage":null}`, dialect.Usage{}, false},
		{"nested only", `{"choices":[{"usage":` + fullUsage + `}]}`, dialect.Usage{}, false},
		{"malformed usage", `{"usage":{"prompt_tokens":}}`, dialect.Usage{}, false},
		{"malformed", `{"usage`, dialect.Usage{}, false},
		{"html", `<html>`, dialect.Usage{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok := dialect.UsageFromReply(dialect.OpenAIChat, []byte(test.body))
			if got != test.want || ok != test.ok {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

func TestUsageFromEvent(t *testing.T) {
	t.Parallel()
	full := dialect.Usage{Input: 20, Output: 9, CachedInput: 8, Reasoning: 4}
	for _, test := range []struct {
		name, event string
		want        dialect.Usage
		ok          bool
	}{
		{"usage chunk", "data: {\"choices\":[],\"usage\":" + fullUsage + "}\n\n", full, true},
		{"no space, crlf", "data:{\"usage\":" + fullUsage + "}\r\n\r\n", full, true},
		{"after a comment", ": \"usage\"\ndata: {\"usage\":" + fullUsage + "}\n\n", full, true},
		{"last of several", "data: {\"usage\":{\"prompt_tokens\":1}}\n\ndata: {\"usage\":" + fullUsage + "}\n\ndata: [DONE]\n\n", full, true},
		{"null after it", "data: {\"usage\":" + fullUsage + "}\n\ndata: {\"usage\":null}\n\n", full, true},
		{"null", "data: {\"usage\":null}\n\n", dialect.Usage{}, false},
		{"said, not meant", `data: {"delta":{"content":"\"usage\":{}"}}` + "\n\n", dialect.Usage{}, false},
		{"done", "data: [DONE]\n\n", dialect.Usage{}, false},
		{"empty", "", dialect.Usage{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok := dialect.UsageFromEvent(dialect.OpenAIChat, []byte(test.event))
			if got != test.want || ok != test.ok {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}
