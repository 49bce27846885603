package providers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
)

func TestReadTold(t *testing.T) {
	t.Parallel()
	const google = `{"error":{"code":400,"message":"API Key bad","status":"INVALID_ARGUMENT","details":[{"@type":"x"},{"reason":"API_KEY_INVALID","metadata":{"a":"b"}}]}}`
	asGoogle := providers.Told{Type: "INVALID_ARGUMENT", Message: "api key bad", Reasons: []string{"API_KEY_INVALID"}}
	for _, test := range []struct {
		name, body string
		want       providers.Told
	}{
		{
			"openai", `{"error":{"message":"Over","type":"tokens","param":null,"code":"insufficient_quota"}}`,
			providers.Told{Type: "tokens", Code: "insufficient_quota", Message: "over"},
		},
		{
			"anthropic", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}`,
			providers.Told{Type: "overloaded_error", Message: "overloaded"},
		},
		{"google", google, asGoogle},
		{"google's stream", "\n[" + google + "\n]\n", asGoogle},
		{
			"dashscope", `{"code":"Throttling.RateQuota","message":"Slow","request_id":"r"}`,
			providers.Told{Code: "Throttling.RateQuota", Message: "slow"},
		},
		{"text in the envelope", `{"error":"No Way"}`, providers.Told{Message: "no way"}},
		{"null", `{"error":null,"message":"M"}`, providers.Told{}},
		{"cut short", `{"error":{"message":"Credit`, providers.Told{Message: `{"error":{"message":"credit`}},
		{"page", "<html>Nope", providers.Told{Message: "<html>nope"}},
		{"nothing", "", providers.Told{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, providers.ReadTold([]byte(test.body))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
