package dialect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/dialect"
)

func TestPeekReadsTopLevelMembers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body, model, user string
		stream            bool
	}{
		"model first":        {body: `{"model":"gpt-4o","messages":[]}`, model: "gpt-4o"},
		"model last":         {body: `{"messages":[{"role":"user","content":"hi"}],"stream":true,"model":"m"}`, model: "m", stream: true},
		"white space":        {body: " \r\n\t{ \"model\" : \"m\" ,\n\"stream\" :\ttrue } \n", model: "m", stream: true},
		"nested namesakes":   {body: `{"messages":[{"model":"x","stream":true}],"metadata":{"user":"x"},"model":"m"}`, model: "m"},
		"namesakes in text":  {body: `{"prompt":"\"model\":\"x\",\"stream\":true}","model":"m"}`, model: "m"},
		"escaped model":      {body: `{"model":"a\/b\u00e9\ud83d\ude00\"\\"}`, model: `a/bé😀"\`},
		"escaped name":       {body: `{"\u006dodel":"m","str\u0065am":true}`, model: "m", stream: true},
		"stream false":       {body: `{"stream":false,"model":"m","user":"u"}`, model: "m", user: "u"},
		"nulls":              {body: `{"model":null,"stream":null,"user":null}`},
		"nothing":            {body: `{}`},
		"user is no string":  {body: `{"user":{"id":1},"model":"m"}`, model: "m"},
		"user twice":         {body: `{"user":"a","user":"b"}`, user: "b"},
		"all kinds of value": {body: `{"a":-0.5e+10,"b":[],"c":{},"d":"","e":true,"f":false,"g":null,"h":0,"model":"m"}`, model: "m"},
		"backslashes":        {body: `{"a":"\\","b":"\\\"","c":["\\\\","\\\\\"]"],"model":"m"}`, model: "m"},
		"brackets in text":   {body: `{"a":[{"b":"]}}"},"[[{"],"model":"m"}`, model: "m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, err := dialect.Peek([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if env.Model != test.model || env.Stream != test.stream || env.User != test.user {
				t.Errorf("got model %q, stream %v, user %q", env.Model, env.Stream, env.User)
			}
		})
	}
}

func TestPeekTellsSpans(t *testing.T) {
	t.Parallel()
	body := `{"stream": true , "model" : "a\u0062" }`
	env, err := dialect.Peek([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if got := body[env.ModelSpan.Start:env.ModelSpan.End]; got != `"a\u0062"` {
		t.Errorf("model spans %s", got)
	}
	if got := body[env.StreamSpan.Start:env.StreamSpan.End]; got != `true` {
		t.Errorf("stream spans %s", got)
	}
	env, err = dialect.Peek([]byte(`{}`))
	if err != nil || !env.ModelSpan.Empty() || !env.StreamSpan.Empty() {
		t.Errorf("missing members have spans %v and %v, error %v", env.ModelSpan, env.StreamSpan, err)
	}
}

func TestPeekRefusesMalformedBodies(t *testing.T) {
	t.Parallel()
	for body, offset := range map[string]int{
		``:                            0,
		"  \n":                        3,
		`[]`:                          0,
		`"model"`:                     0,
		`null`:                        0,
		`{`:                           1,
		`{"model"`:                    8,
		`{"model":`:                   9,
		`{"model":"m`:                 11,
		`{"model":"m\"}`:              14,
		`{"model":"m"`:                12,
		`{"model":"m"]`:               12,
		`{"model":"m",}`:              13,
		`{,"model":"m"}`:              1,
		`{"model" "m"}`:               9,
		`{model:"m"}`:                 1,
		`{"model":m}`:                 9,
		`{"a":[1,2,{"b":"c"}`:         19,
		`{"a":tru}`:                   5,
		`{"a":01}`:                    6,
		`{"a":1.}`:                    7,
		`{"a":1e+}`:                   8,
		`{"a":-}`:                     6,
		`{"model":"a` + "\n" + `b"}`:  9,
		`{"model":"\x"}`:              9,
		`{"mod\el":"m"}`:              1,
		`{"model":"m"} {"model":"n"}`: 14,
		`{"model":"m"}}`:              13,
		"\ufeff" + `{"model":"m"}`:    0,
	} {
		_, err := dialect.Peek([]byte(body))
		syntax, ok := errors.AsType[*dialect.SyntaxError](err)
		if !ok {
			t.Errorf("%q: got %v, want a syntax error", body, err)
		} else if syntax.Offset != offset {
			t.Errorf("%q: %v, want byte %d", body, err, offset)
		}
	}
}

func TestPeekRefusesUnusableFields(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{
		`{"model":"a","model":"b"}`:      "model",
		`{"model":"a","mod\u0065l":"b"}`: "model",
		`{"model":null,"model":"b"}`:     "model",
		`{"stream":true,"stream":false}`: "stream",
		`{"model":1}`:                    "model",
		`{"model":["m"]}`:                "model",
		`{"stream":"true"}`:              "stream",
		`{"stream":1}`:                   "stream",
	} {
		_, err := dialect.Peek([]byte(body))
		var fault *dialect.FieldError
		if !errors.As(err, &fault) || fault.Field != field {
			t.Errorf("%s: got %v, want a fault of %s", body, err, field)
		}
	}
}

func TestErrorsQuoteNothingOfTheBody(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"model":"secret`, `{"secret"`, `{"model":{"secret":1}}`, `secret`} {
		if _, err := dialect.Peek([]byte(body)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestWithModelChangesNothingElse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ body, model, want string }{
		{`{"model":"a","x":1}`, "b", `{"model":"b","x":1}`},
		{`{"x": 1e2 ,"model" : "a\u0062" }` + "\n", "", `{"x": 1e2 ,"model" : "" }` + "\n"},
		{`{"model":"a"}`, "q\"\\\n", `{"model":"q\"\\\n"}`},
		{`{"model":"a"}`, "größe/<&>", `{"model":"größe/<&>"}`},
		{`{"model":null}`, "b", `{"model":"b"}`},
		{` {}`, "b", ` {"model":"b"}`},
		{`{ "x":1}`, "b", `{"model":"b", "x":1}`},
	} {
		env, err := dialect.Peek([]byte(test.body))
		if err != nil {
			t.Fatal(err)
		}
		got := env.WithModel([]byte("kept "), []byte(test.body), test.model)
		if diff := cmp.Diff("kept "+test.want, string(got)); diff != "" {
			t.Errorf("%s with model %q:\n%s", test.body, test.model, diff)
		}
	}
}

// FuzzPeek holds Peek against encoding/json: what that accepts, Peek accepts and reads alike; what Peek finds
// malformed, that does as well.
func FuzzPeek(f *testing.F) {
	f.Add([]byte(`{"model":"m","stream":true,"user":"u"}`))
	f.Add([]byte(`{"messages":[{"content":"\\\"]}"}],"model":"a\u00e9\ud800","stream":null}`))
	f.Add([]byte(` { "mod\u0065l" : "m" , "n" : -1.5E-7 } `))
	f.Add(requestOf(3 << 10))
	f.Fuzz(func(t *testing.T, body []byte) {
		env, err := dialect.Peek(body)
		want, valid := readTopLevel(body)
		var syntax *dialect.SyntaxError
		var field *dialect.FieldError
		switch {
		case errors.As(err, &syntax):
			if valid {
				t.Fatalf("valid JSON refused: %v", err)
			}
			if syntax.Offset < 0 || syntax.Offset > len(body) {
				t.Fatalf("offset %d is out of %d bytes", syntax.Offset, len(body))
			}
			return
		case errors.As(err, &field):
			if valid && want.usable {
				t.Fatalf("usable fields refused: %v", err)
			}
			return
		case err != nil:
			t.Fatalf("unexpected kind of error: %v", err)
		case !valid:
			return // what is malformed deep inside is left to the upstream
		}
		if !want.usable {
			t.Fatal("unusable fields accepted")
		}
		if env.Model != want.model || env.Stream != want.stream || env.User != want.user {
			t.Fatalf("got %+v, want %+v", env, want)
		}
		const model = "other \"model\" \u2028é"
		again, err := dialect.Peek(env.WithModel(nil, body, model))
		if err != nil || again.Model != model || again.Stream != env.Stream || again.User != env.User {
			t.Fatalf("after the change of model: %+v, %v", again, err)
		}
	})
}

// topLevel is what encoding/json makes of a body.
type topLevel struct {
	model, user    string
	stream, usable bool
}

func readTopLevel(body []byte) (top topLevel, valid bool) {
	if !json.Valid(body) || bytes.TrimLeft(body, " \t\r\n")[0] != '{' {
		return topLevel{}, false
	}
	top.usable = true
	seen := map[string]bool{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	_, _ = decoder.Token()
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return topLevel{}, false
		}
		name, _ := token.(string)
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return topLevel{}, false
		}
		switch name {
		case "model":
			top.usable = top.usable && !seen[name] && json.Unmarshal(value, &top.model) == nil
		case "stream":
			top.usable = top.usable && !seen[name] && json.Unmarshal(value, &top.stream) == nil
		case "user":
			var user string
			if value[0] == '"' && json.Unmarshal(value, &user) == nil {
				top.user = user
			}
		}
		seen[name] = true
	}
	return top, true
}
