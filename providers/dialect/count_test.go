package dialect_test

import (
	"testing"

	"aiproxy/providers/dialect"
)

func TestEncodeTokenCount(t *testing.T) {
	t.Parallel()
	for name, want := range map[dialect.Name]string{
		dialect.Anthropic:       `{"input_tokens":7}`,
		dialect.Gemini:          `{"totalTokens":7}`,
		dialect.OpenAIResponses: `{"object":"response.input_tokens","input_tokens":7}`,
	} {
		if got := string(dialect.EncodeTokenCount(name, 7)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
