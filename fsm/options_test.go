package fsm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
)

// withOptions is an instance with all options.
func withOptions(name string) fsm.Instance {
	in := instance(name, 1)
	in.Options = fsm.InstanceOptions{
		Auth: "oauth", ProjectID: "p", Region: "r", ProfileARN: "arn", ProxyURL: "socks5://user@proxy:1080",
		Headers:       map[string]fsm.Sealed{"X-Team": fsm.Sealed("one"), "X-A": fsm.Sealed("two")},
		ProxyPassword: fsm.Sealed("three"), FirstByteTimeout: time.Second, IdleTimeout: time.Minute, CA: "pem\n",
		ModelAliases: map[string]string{"b": "x", "a": "y*"},
	}
	return in
}

func TestOptionsAreAudited(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initialAt2(t))
	plain := withOptions("o")
	plain.Options = fsm.InstanceOptions{}
	m.must(command(t, fsm.InstanceSet, plain))
	m.must(command(t, fsm.InstanceSet, withOptions("o")))
	got := strings.Join(m.View().Audit()[0].Summary, "\n")
	for _, want := range []string{"headers changed", "proxy password changed", "model aliases changed", "ca changed"} {
		if !strings.Contains(got, want) {
			t.Errorf("the audit trail says %s", got)
		}
	}
	if strings.Contains(got, "socks5") || strings.Contains(got, "three") {
		t.Errorf("the audit trail tells too much: %s", got)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*fsm.InstanceOptions){
		"header name":     func(o *fsm.InstanceOptions) { o.Headers["a b"] = fsm.Sealed("x") },
		"header value":    func(o *fsm.InstanceOptions) { o.Headers["A"] = nil },
		"control":         func(o *fsm.InstanceOptions) { o.Region = "a\n" },
		"certificates":    func(o *fsm.InstanceOptions) { o.CA = strings.Repeat("x", 64<<10+1) },
		"timeout":         func(o *fsm.InstanceOptions) { o.IdleTimeout = -1 },
		"alias of nobody": func(o *fsm.InstanceOptions) { o.ModelAliases[""] = "x" },
		"alias to nobody": func(o *fsm.InstanceOptions) { o.ModelAliases["x"] = "" },
	} {
		m := newMachine(t)
		m.must(initialAt2(t))
		in := withOptions("o")
		spoil(&in.Options)
		if res := m.apply(command(t, fsm.InstanceSet, in)); res.Rejection == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSecretsAreSealedAnew(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initialAt2(t))
	m.must(command(t, fsm.InstanceSet, withOptions("o")))
	before, _ := m.View().Instance("o")
	want := map[string]fsm.Sealed{}
	reseal := fsm.Reseal{SealCheck: fsm.Sealed("c")}
	for field := range before.Secrets() {
		want[field] = fsm.Sealed("anew " + field)
		reseal.Instances = append(reseal.Instances, fsm.Resealed{Name: "o", Field: field, Sealed: want[field]})
	}
	m.must(command(t, fsm.ClusterReseal, reseal))
	after, _ := m.View().Instance("o")
	if diff := cmp.Diff(want, after.Secrets()); diff != "" || len(want) < 3 {
		t.Error(diff)
	}
	if string(before.Options.Headers["X-Team"]) != "one" {
		t.Error("the view before has changed")
	}
}
