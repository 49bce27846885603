package fsm_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"aiproxy/fsm"
)

func TestSealedIsNotPrinted(t *testing.T) {
	t.Parallel()
	in := instance("a", 1)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("instance", "key", in.APIKey)
	for _, text := range []string{fmt.Sprint(in), fmt.Sprintf("%+v", in), fmt.Sprintf("%s %v", in.APIKey, in.APIKey), log.String()} {
		if strings.Contains(text, "sealed key") || !strings.Contains(text, "[sealed]") {
			t.Errorf("printed as %s", text)
		}
	}
	if text := fsm.Sealed(nil).String(); text != "" {
		t.Errorf("no secret is printed as %q", text)
	}
}

// TestLookups finds what is there and nothing else, at both ends and between.
func TestLookups(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t), command(t, fsm.MemberSet, member("n2")), command(t, fsm.MemberSet, member("n1")))
	v := m.View()
	for _, name := range []string{"a", "b"} {
		if in, ok := v.Instance(name); !ok || in.Name != name {
			t.Errorf("instance %s: %+v, %t", name, in, ok)
		}
	}
	for _, id := range []string{"n1", "n2"} {
		if n, ok := v.Member(id); !ok || n.ID != id {
			t.Errorf("member %s: %+v, %t", id, n, ok)
		}
	}
	for _, missing := range []string{"", "A", "aa", "z", "n"} {
		if in, ok := v.Instance(missing); ok || in.Name != "" {
			t.Errorf("instance %q: %+v", missing, in)
		}
		if n, ok := v.Member(missing); ok || n.ID != "" {
			t.Errorf("member %q: %+v", missing, n)
		}
	}
}
