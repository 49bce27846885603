package dialect_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/dialect"
)

func TestForeignError(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 3000)
	tests := []struct {
		name, body string
		want       *dialect.Error // nil for a body that is passed on
	}{
		{"the dialect's own", ` {"error":{"message":"m","type":"t"},"x":1} `, nil},
		{"own, empty", `{"error":{}}`, nil},
		{"text for an error", `{"error":"model is loading"}`, &dialect.Error{Message: "model is loading"}},
		{"null for an error", `{"error":null,"message":"m"}`, &dialect.Error{Message: "m"}},
		{
			"flat", `{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}`,
			&dialect.Error{Message: "too long", Type: "BadRequestError"},
		},
		{"flat with words", `{"message":"m","code":"c","param":"p"}`, &dialect.Error{Message: "m", Code: "c", Param: "p"}},
		{"detail", `{"detail":"Not Found"}`, &dialect.Error{Message: "Not Found"}},
		{
			"list of details", `{"detail":[ {"loc":["body","messages"],"msg":"field required"} ]}`,
			&dialect.Error{Message: `[{"loc":["body","messages"],"msg":"field required"}]`},
		},
		{"nothing said", `{}`, &dialect.Error{}},
		{"empty", ``, &dialect.Error{}},
		{"page", "<html><h1>502 Bad Gateway</h1></html>", &dialect.Error{}},
		{"line", "no healthy upstream\n", &dialect.Error{Message: "no healthy upstream"}},
		{"bytes", "\x1f\x8b\x00", &dialect.Error{}},
		{"no text", "caf\xe9", &dialect.Error{}},
		{"own, cut off", `{"error":{"message":"m"`, &dialect.Error{}},
		{"own, with more behind", `{"error":{}} x`, &dialect.Error{}},
		{"malformed within", `{"detail":[1 2]}`, &dialect.Error{}},
		{"bare list", `["a"]`, &dialect.Error{Message: `["a"]`}},
		{"long", `{"detail":"` + long + `"}`, &dialect.Error{Message: long[:2048] + "..."}},
		{"long line", long, &dialect.Error{Message: long[:2048] + "..."}},
		{"long word", `{"message":"m","code":"` + long + `"}`, &dialect.Error{Message: "m"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.want != nil {
				tt.want.Status = 502
			}
			if diff := cmp.Diff(tt.want, dialect.ForeignError(dialect.OpenAIChat, 502, []byte(tt.body))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzForeignError(f *testing.F) {
	for _, seed := range []string{`{"error":{"message":"m"}}`, `{"detail":[{"msg":"x"}]}`, "<h1>", "", `{"error":"x","code":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := dialect.ForeignError(dialect.OpenAIChat, 500, body)
		if e == nil {
			return
		}
		if len(e.Message) > 2<<10+3 || !utf8.ValidString(e.Message) {
			t.Errorf("message of %d bytes: %q", len(e.Message), e.Message)
		}
		if told := dialect.EncodeError(dialect.OpenAIChat, e); dialect.ForeignError(dialect.OpenAIChat, 500, told) != nil {
			t.Errorf("%s is foreign itself", told)
		}
	})
}
