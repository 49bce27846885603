package dialect_test

import (
	"testing"

	"aiproxy/providers/dialect"
)

func TestPeekAs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect     dialect.Name
		body        string
		model, user string
		stream      bool
	}{
		{dialect.OpenAIChat, `{"model":"m","stream":true,"user":"u"}`, "m", "u", true},
		{dialect.Anthropic, `{"model":"m","stream":true,"metadata":{"user_id":"u\u0041"}}`, "m", "uA", true},
		{dialect.Anthropic, `{"model":"m","metadata":null}`, "m", "", false},
		{dialect.OpenAIResponses, `{"model":"m","safety_identifier":"u"}`, "m", "u", false},
		{dialect.Gemini, `{"model":"models/m","stream":"odd","contents":[]}`, "", "", false},
	} {
		env, err := dialect.PeekAs(test.dialect, []byte(test.body))
		if err != nil || env.Model != test.model || env.Stream != test.stream || env.User != test.user {
			t.Errorf("%s: %+v, %v", test.body, env, err)
		}
	}
}
