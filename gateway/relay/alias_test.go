package relay_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
)

func TestAliasesOfModels(t *testing.T) {
	t.Parallel()
	listed, other := at("listed", "", "gpt-4o"), at("other", "")
	listed.Options.ModelAliases = map[string]string{"fast": "gpt-4o-mini", "gpt-4o": "gpt-4o-2024"}
	other.Priority = 1
	other.Options.ModelAliases = map[string]string{"*": "vendor/*"}
	v := view(listed, other, of("claude-custom", at("claude", "")))
	v.Settings.ModelAliases = map[string]string{"quick": "fast", "clever": "claude/opus", "house-*": "gpt-4o"}
	openai, claude := &fake{name: "openai-custom"}, &fake{name: "claude-custom"}
	r := relay.New(relay.Config{Router: newRouter(t, v, openai, claude)})
	for model, want := range map[string][2]string{
		"fast":       {"listed", "gpt-4o-mini"},
		"gpt-4o":     {"listed", "gpt-4o-2024"},
		"quick":      {"listed", "gpt-4o-mini"},
		"house-red":  {"listed", "gpt-4o-2024"},
		"clever":     {"claude", "opus"},
		"unheard-of": {"other", "vendor/unheard-of"},
	} {
		if w := ask(t, r, providers.Chat, "", model); w.Code != 200 {
			t.Fatalf("%s: %s", model, w.Body)
		}
		calls := append(openai.made(), claude.made()...)
		openai.calls, claude.calls = nil, nil
		if len(calls) != 1 {
			t.Fatalf("%s: calls %v", model, calls)
		}
		if diff := cmp.Diff(want, [2]string{calls[0].instance, calls[0].model}); diff != "" {
			t.Errorf("%s:\n%s", model, diff)
		}
		if body := `{"model":"` + want[1] + `","x":1}`; calls[0].body != body {
			t.Errorf("%s: body %s", model, calls[0].body)
		}
	}
}

// Instances that are tried one after the other may know the model by different names.
func TestAliasesChangeFromAttemptToAttempt(t *testing.T) {
	t.Parallel()
	one, two := at("one", ""), at("two", "")
	one.Options.ModelAliases = map[string]string{"m": "m-one"}
	two.Options.ModelAliases = map[string]string{"m": "m-two"}
	openai := &fake{name: "openai-custom", do: byInstance(map[string]doFunc{"one": answering(503, "{}"), "two": answering(200, "{}")})}
	r := relay.New(relay.Config{Router: newRouter(t, view(prioritized(one, two)...), openai)})
	ask(t, r, providers.Chat, "", "m")
	var got []string
	for _, call := range openai.made() {
		got = append(got, call.instance+" "+call.body)
	}
	if diff := cmp.Diff([]string{`one {"model":"m-one","x":1}`, `two {"model":"m-two","x":1}`}, got); diff != "" {
		t.Error(diff)
	}
}

var errShut = errors.New("shut")

func TestInstanceWhoseSecretCannotBeOpenedIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, spoil := range []func(*fsm.InstanceOptions){
		func(o *fsm.InstanceOptions) { o.ProxyPassword = fsm.Sealed("shut") },
		func(o *fsm.InstanceOptions) { o.Headers = map[string]fsm.Sealed{"X-A": fsm.Sealed("shut")} },
	} {
		in := at("shut", "")
		spoil(&in.Options)
		open := func(fsm.Sealed) (string, error) { return "", errShut }
		table, faults := relay.NewTable(view(in), open, providers.NewRegistry(&fake{name: "openai-custom"}))
		if len(table.Instances()) != 0 || len(faults) != 1 {
			t.Errorf("instances %v, faults %v", table.Instances(), faults)
		}
	}
}
