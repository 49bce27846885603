package dialect_test

import (
	"testing"

	"aiproxy/providers/dialect"
)

func TestPasses(t *testing.T) {
	t.Parallel()
	qwen := dialect.Target{Dialect: dialect.OpenAIChat, Vendor: dialect.VendorQwen}
	openAI := dialect.Target{Dialect: dialect.OpenAIChat, Vendor: dialect.VendorOpenAI}
	for _, test := range []struct {
		body         string
		qwen, openAI bool
	}{
		{`{"messages":[{"content":"search with the code_interpreter"}]}`, true, true},
		{`{"enable_search":true}`, true, true},
		{`{"web_search_options":{}}`, false, true},
		{`{"tools":[{"type":"function","function":{"name":"web_search"}}]}`, true, true},
		{`{"tools":[{"type":"function","function":{"name":"search"}}]}`, false, true},
		{`{"tools":[{"type":"web_search"}]}`, false, true},
		{`{"tools":[{"type":"code_interpreter"}],"stream":true}`, false, true},
		{`{"enable_code_interpreter":true}`, false, true},
		{`{"enable_code_interpreter":true,"stream":true}`, true, true},
		{`{"web_search_options":{}`, true, true},
		{`{"messages":[{"tool_call_id":"x_aiproxy1tgAA"}]}`, false, false},
	} {
		if got := dialect.Passes([]byte(test.body), &qwen); got != test.qwen {
			t.Errorf("%s passes to Qwen: %t", test.body, got)
		}
		if got := dialect.Passes([]byte(test.body), &openAI); got != test.openAI {
			t.Errorf("%s passes to OpenAI: %t", test.body, got)
		}
	}
}
