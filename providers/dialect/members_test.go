package dialect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/dialect"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	var got []string
	visit := func(name, value []byte) bool {
		got = append(got, string(name)+"="+string(value))
		return string(name) != "last"
	}
	if err := dialect.Members([]byte(` {"a" : [1, 2] ,"\u0062":"x"}`), visit); err != nil {
		t.Error(err)
	}
	if err := dialect.Members([]byte(`{"last":1,never looked at`), visit); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"a=[1, 2]", `b="x"`, "last=1"}, got); diff != "" {
		t.Error(diff)
	}
	for _, malformed := range []string{``, `[]`, `{"a":1`, `{"a":1} x`} {
		if err := dialect.Members([]byte(malformed), func(_, _ []byte) bool { return true }); err == nil {
			t.Errorf("%s: no error", malformed)
		}
	}
}
