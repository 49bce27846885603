package dialect

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestResponsesErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault        Error
		status       int
		event, whole string
	}{
		"rate limit": {
			Error{Status: 429, Message: "Slow down.", RetryAfter: 1500 * time.Millisecond},
			429,
			`{"type":"error","code":"rate_limit_exceeded","message":"Slow down. Please try again in 1.5s.","param":null,"sequence_number":0}`,
			`{"error":{"message":"Slow down.","type":"rate_limit_error","param":null,"code":null}}`,
		},
		"overloaded": {
			Error{Status: 529, Kind: KindOverloaded, Message: "busy"},
			503,
			`{"type":"error","code":"server_is_overloaded","message":"busy","param":null,"sequence_number":0}`,
			`{"error":{"message":"busy","type":"service_unavailable_error","param":null,"code":null}}`,
		},
		"bad request": {
			Error{Status: 400, Kind: KindBadRequest, Message: "is wrong", Param: "input[0]"},
			400,
			`{"type":"error","code":"invalid_prompt","message":"is wrong","param":"input[0]","sequence_number":0}`,
			`{"error":{"message":"is wrong","type":"invalid_request_error","param":"input[0]","code":null}}`,
		},
		"context": {
			Error{Status: 400, Kind: KindContextLength, Message: "too long"},
			400,
			`{"type":"error","code":"context_length_exceeded","message":"too long","param":null,"sequence_number":0}`,
			`{"error":{"message":"too long","type":"invalid_request_error","param":null,"code":"context_length_exceeded"}}`,
		},
		"its own code": {
			Error{Status: 502, Code: "upstream_broken", Message: "oops"},
			502,
			`{"type":"error","code":"upstream_broken","message":"oops","param":null,"sequence_number":0}`,
			`{"error":{"message":"oops","type":"server_error","param":null,"code":"upstream_broken"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (openAIResponses{}).ErrorStatus(&test.fault); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
			if diff := cmp.Diff("event: error\ndata: "+test.event+"\n\n", string(EncodeStreamError(OpenAIResponses, &test.fault))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.whole, string(EncodeError(OpenAIResponses, &test.fault))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResponsesDecodeError(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]ErrorKind{
		`{"error":{"message":"m","type":"invalid_request_error","code":"previous_response_not_found"}}`: KindBadRequest,
		`{"error":{"message":"m","type":"usage_limit_reached","code":"usage_limit_reached"}}`:           KindBilling,
		`{"error":{"message":"m","code":"bio_policy"}}`:                                                 KindFiltered,
		`{"error":{"message":"m","code":"context_length_exceeded"}}`:                                    KindContextLength,
		`{"error":{"message":"m","code":"slow_down"}}`:                                                  KindOverloaded,
		`<html>`: KindBadRequest,
	} {
		if got := (openAIResponses{}).DecodeError(400, nil, []byte(body)); got.Kind != want {
			t.Errorf("%s is of kind %d, want %d", body, got.Kind, want)
		}
	}
}

func TestResponsesUsage(t *testing.T) {
	t.Parallel()
	const usage = `{"input_tokens":30,"input_tokens_details":{"cached_tokens":10,"cache_write_tokens":4},"output_tokens":12,` +
		`"output_tokens_details":{"reasoning_tokens":5},"total_tokens":42}`
	want := Usage{Input: 30, CachedInput: 10, CacheWrite: 4, Output: 12, Reasoning: 5}
	if got, ok := UsageFromReply(OpenAIResponses, []byte(`{"usage":`+usage+`}`)); !ok || got != want {
		t.Errorf("of a whole answer: %+v, %t", got, ok)
	}
	event := "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":" + usage + "}}\n\n"
	if got, ok := UsageFromEvent(OpenAIResponses, []byte(event)); !ok || got != want {
		t.Errorf("of a stream: %+v, %t", got, ok)
	}
	for _, none := range []string{`{"response":{"usage":null}}`, `{"usage":null}`, `{}`, `x`} {
		if _, ok := UsageFromEvent(OpenAIResponses, []byte("data: "+none+"\n\n")); ok {
			t.Errorf("%s tells a usage", none)
		}
	}
}

// TestResponsesThoughtsReturn gives thoughts of every vendor to a client and takes them back, also from one that has
// not kept their ids, as Codex does.
func TestResponsesThoughtsReturn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := Part{Kind: PartThinking, Text: rapid.SampledFrom([]string{"", "a thought\n\nin two parts", "é \"x\""}).Draw(t, "text")}
		secret := rapid.StringMatching(`[A-Za-z0-9+/_-]{1,40}={0,2}`).Draw(t, "value")
		want.Signature = Signature{Origin: rapid.SampledFrom([]Vendor{VendorAnthropic, VendorGoogle, VendorQwen}).Draw(t, "origin"), Value: secret}
		want.Encrypted = want.Text == "" && rapid.Bool().Draw(t, "encrypted")
		if own := rapid.Bool().Draw(t, "own"); own {
			want.ID = rapid.SampledFrom([]string{"", "rs_1"}).Draw(t, "id")
			want.Signature = responsesPack(VendorOpenAI, want.ID, secret)
			want.Encrypted = want.Text == ""
		}
		x := &Exchange{ID: "r1", Request: &Request{}}
		answer := openAIResponses{}.EncodeResponse(nil, &Response{Choices: []Choice{{Parts: []Part{want}}}}, x)
		item := strings.TrimSuffix(strings.TrimPrefix(string(value(answer).get("output")), "["), "]")
		reader := responsesReader{report: &Report{}}
		got := reader.thought([]byte(item))
		got.ID = want.ID // Where there was none the item needed one.
		if id, _ := responsesUnpack(want.Signature.Value); want.Signature.Origin == VendorOpenAI && id == "" {
			_, value := responsesUnpack(got.Signature.Value)
			got.Signature = responsesPack(VendorOpenAI, "", value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s\n%s", diff, item)
		}
	})
}

func TestResponsesKeepAlive(t *testing.T) {
	t.Parallel()
	e := openAIResponses{}.NewEncoder(&Exchange{ID: "r1", Request: &Request{}})
	if got := string(e.KeepAlive(nil)); got != ": keep-alive\n\n" {
		t.Errorf("before the answer: %q", got)
	}
	e.Encode(nil, &Event{Kind: EventStart, ID: "resp_1"})
	got := string(e.KeepAlive(nil))
	if !strings.HasPrefix(got, "event: response.in_progress\ndata: {\"type\":\"response.in_progress\",\"sequence_number\":2,") {
		t.Errorf("within the answer: %q", got)
	}
}

func TestResponsesRefusesMalformedRequests(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{
		`{}`:                           "input",
		`{"input":1}`:                  "input",
		`{"input":[{"role":"robot"}]}`: "input[0].role",
		`{"input":[{"role":"user","content":[{"type":"smell"}]}]}`: "input[0].content[0].type",
		`{"input":[{"type":"function_call","call_id":"c"}]}`:       "input[0].name",
		`{"input":[{"type":"function_call","name":"f"}]}`:          "input[0].call_id",
		`{"input":[{"type":"function_call_output","output":"x"}]}`: "input[0].call_id",
		`{"input":"x","tools":{}}`:                                 "tools",
		`{"input":"x","tools":[{"type":"function"}]}`:              "tools[0].name",
		`{"input":"x","tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f","parameters":"none"}]}]}`: "tools[0].tools[0].parameters",
		`{"input":"x","tool_choice":"perhaps"}`:                  "tool_choice",
		`{"input":"x","text":{"format":{"type":"json_schema"}}}`: "text.format.schema",
		`{"input":"x","reasoning":"much"}`:                       "reasoning",
		`{"input":"x","max_output_tokens":"many"}`:               "max_output_tokens",
	} {
		_, err := openAIResponses{}.DecodeRequest([]byte(body), &Report{})
		if fault, ok := errors.AsType[*FieldError](err); !ok || fault.Field != field {
			t.Errorf("%s: %v, want a fault of %s", body, err, field)
		}
	}
}
