package dialect

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnthropicVersion(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]anthropicGeneration{
		"claude-sonnet-4-5-20250929":                  {4, 5},
		"claude-opus-4-20250514":                      {4, 0},
		"claude-3-7-sonnet-latest":                    {3, 7},
		"claude-3-opus-20240229":                      {3, 0},
		"claude-opus-5":                               {5, 0},
		"claude-fable-5":                              {5, 0},
		"anthropic.claude-opus-4.8":                   {4, 8},
		"claude-latest":                               {},
		"my-model":                                    {},
		"claude-sonnet-4-6[1m]":                       {4, 6},
		"us.anthropic.claude-haiku-4-5-20251001-v1:0": {4, 5},
	} {
		if got := anthropicVersion(model); got != want {
			t.Errorf("%s is read as %v, want %v", model, got, want)
		}
	}
}

func TestAnthropicError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  Error
		status int
		body   string
	}{
		"rate limit": {
			Error{Status: 429, Message: "slow down"},
			429,
			`{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}`,
		},
		"overloaded": {
			Error{Status: 503, Message: "busy"},
			529,
			`{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`,
		},
		"context length": {
			Error{Status: 400, Kind: KindContextLength, Message: "300000 tokens are too many"},
			400,
			`{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 300000 tokens are too many"}}`,
		},
		"a field": {
			Error{Status: 400, Param: "tools[0].name", Message: "is missing"},
			400,
			`{"type":"error","error":{"type":"invalid_request_error","message":"tools[0].name: is missing"}}`,
		},
		"conflict": {
			Error{Status: 409, Message: "twice"},
			409,
			`{"type":"error","error":{"type":"conflict_error","message":"twice"}}`,
		},
		"timeout": {
			Error{Status: 504, Message: "late"},
			504,
			`{"type":"error","error":{"type":"timeout_error","message":"late"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (anthropic{}).ErrorStatus(&test.fault); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
			if got := string(EncodeError(Anthropic, &test.fault)); got != test.body {
				t.Errorf("got  %s\nwant %s", got, test.body)
			}
		})
	}
}

func TestAnthropicDecodeError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   Error
	}{
		"own": {
			529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`,
			Error{Status: 529, Kind: KindOverloaded, Message: "Overloaded"},
		},
		"prompt too long": {
			400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}`,
			Error{Status: 400, Kind: KindContextLength, Message: "prompt is too long: 9 tokens > 8 maximum"},
		},
		"no credit": {
			400, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API"}}`,
			Error{Status: 400, Kind: KindBilling, Message: "Your credit balance is too low to access the API"},
		},
		"a proxy's page": {502, "<html>Bad Gateway</html>", Error{Status: 502, Kind: KindServer}},
		"a type of later": {
			400, `{"type":"error","error":{"type":"new_error","message":"so"}}`,
			Error{Status: 400, Kind: KindBadRequest, Message: "so"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := anthropic{}.DecodeError(test.status, nil, []byte(test.body))
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAnthropicUsageAddsUp(t *testing.T) {
	t.Parallel()
	start := []byte(`{"type":"message_start","message":{"usage":{"input_tokens":5,"cache_read_input_tokens":100,"cache_creation_input_tokens":20,"output_tokens":1}}}`)
	got, ok := anthropic{}.usageFromData(start)
	want := Usage{Input: 125, CachedInput: 100, CacheWrite: 20, Output: 1}
	if !ok || got != want {
		t.Errorf("message_start tells %+v (%t), want %+v", got, ok, want)
	}
	later, _ := anthropic{}.usage(value(`{"output_tokens":30,"output_tokens_details":{"thinking_tokens":8}}`), got)
	want.Output, want.Reasoning = 30, 8
	if later != want {
		t.Errorf("message_delta leaves %+v, want %+v", later, want)
	}
}

func TestAnthropicSchema(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]string{
		``:                                       `{"type":"object","properties":{}}`,
		`{"type":"object"}`:                      `{"type":"object"}`,
		`{"properties":{"a":{"type":"string"}}}`: `{"type":"object","properties":{"a":{"type":"string"}}}`,
		`{"type":"object","anyOf":[{}],"title":"x"}`: `{"type":"object","title":"x","properties":{}}`,
	} {
		if got := string(anthropicSchema([]byte(schema))); got != want {
			t.Errorf("%s becomes %s, want %s", schema, got, want)
		}
	}
}
