package document_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
)

// sealer seals by turning a text round, anew each time.
type sealer struct{ sealed *int }

func newSealer() sealer { return sealer{new(int)} }

func (s sealer) SealAPIKey(key string) fsm.Sealed { return s.seal("api", key) }

func (s sealer) OpenAPIKey(sealed fsm.Sealed) (string, error) { return s.open("api", sealed) }

func (s sealer) SealClientKey(key string) fsm.Sealed { return s.seal("client", key) }

func (s sealer) OpenClientKey(sealed fsm.Sealed) (string, error) { return s.open("client", sealed) }

func (s sealer) seal(purpose, key string) fsm.Sealed {
	*s.sealed++
	return fsm.Sealed(fmt.Sprintf("%s %d %s", purpose, *s.sealed, backwards(key)))
}

func (s sealer) open(purpose string, sealed fsm.Sealed) (string, error) {
	parts := strings.Split(string(sealed), " ")
	if len(parts) != 3 || parts[0] != purpose {
		return "", errors.New("sealed with another cluster secret")
	}
	return backwards(parts[2]), nil
}

func backwards(text string) string {
	raw := []byte(text)
	for i := range len(raw) / 2 {
		raw[i], raw[len(raw)-1-i] = raw[len(raw)-1-i], raw[i]
	}
	return string(raw)
}

func configuration(s sealer) fsm.Configuration {
	return fsm.Configuration{
		Settings: fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"}, ModelProviders: []string{"openai-custom"}},
		Instances: []fsm.Instance{
			{Name: "a", Provider: "openai-custom", BaseURL: "http://a/v1", Models: []string{"gpt-4o*"}, Weight: 1, Enabled: true, APIKey: s.SealAPIKey("sk-a")},
			{Name: "b", Provider: "openai-custom", BaseURL: "http://b/v1", Weight: 1, Enabled: true},
		},
		ClientKeys: []fsm.ClientKey{{Name: "ci", Key: s.SealClientKey("key-of-ci")}},
	}
}

var rules = document.Rules{Algorithms: []string{"round_robin", "weighted"}, Providers: []string{"openai-custom"}}

// TestWrittenBackAsReadNothingChanges takes both forms through a round trip.
func TestWrittenBackAsReadNothingChanges(t *testing.T) {
	t.Parallel()
	s := newSealer()
	held := configuration(s)
	d := document.Of(held, 7)
	for name, encode := range map[string]func() ([]byte, error){"JSON": d.JSON, "YAML": d.YAML} {
		text, err := encode()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "sk-a") || strings.Contains(string(text), "key-of-ci") || !strings.Contains(string(text), "sealed:") {
			t.Errorf("%s:\n%s", name, text)
		}
		again, err := document.Parse(text, rules)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("%s (-wrote +read):\n%s", name, diff)
		}
		wanted, err := document.Resolve(again, held, s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := document.Diff(held, wanted, s); len(diff) != 0 {
			t.Errorf("%s differs: %v", name, diff)
		}
		if diff := cmp.Diff(fsm.ConfigChange{}, document.Change(held, wanted)); diff != "" {
			t.Errorf("%s: change (-want +got):\n%s", name, diff)
		}
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	const text = `{
  "revision": 7,
  "setings": {},
  "instances": [
    {"name": "a", "provider": "openai-costum", "base_url": "http://u:p4ss@a", "wieght": 1, "weight": 1.5, "api_key": "bl4nk "},
    {"name": "a", "provider": "openai", "base_url": "ftp://a/", "models": ["*x", "", 3], "enabled": "yes", "weight": 1001},
    {"provider": "openai-custom", "priority": -1, "name": "two words"},
    3
  ],
  "client_keys": [{"name": "local-1", "key": "has space"}, {"name": "ci"}, {"name": "cd", "key": ""}, {"name": "cd", "key": "k", "key": "l"}]
}`
	_, err := document.Parse([]byte(text), rules)
	want := `setings: is not a known field; did you mean settings?
instances[0].provider: "openai-costum" is no known provider; did you mean openai-custom? known are openai-custom
instances[0].base_url: holds a user name or password; give the key with api_key
instances[0].wieght: is not a known field; did you mean weight?
instances[0].weight: is not a whole number from 0 to 1000
instances[0].api_key: has white space around it or holds a control character; remove it
instances[1].base_url: is not a URL with http or https; write one such as https://api.openai.com/v1
instances[1].models[0]: "*x" has a * that is not at its end; only a name's end may be open, such as gpt-4o*
instances[1].models[1]: is empty; remove it
instances[1].models[2]: is a number, not a string; put it in quotes
instances[1].enabled: is neither true nor false
instances[1].weight: is not a whole number from 0 to 1000
instances[1].name: is the name of instances[0] too; choose another name
instances[2].priority: is not a whole number from 0 to 1000
instances[2].name: "two words" is not a usable name; use up to 128 letters, digits, dots, dashes and underscores
instances[2].base_url: is missing
instances[3]: is a number, not a mapping of fields
client_keys[0].name: "local-1" is a name that the audit log uses for others; choose another name
client_keys[0].key: has characters that clients cannot send in a header; use letters, digits and punctuation of ASCII
client_keys[1].key: is missing
client_keys[2].key: is empty; give the key in plaintext; the cluster seals it
client_keys[3].key: is given twice; remove one of the two
client_keys[3].name: is the name of client_keys[2] too; choose another name
settings: is missing`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(fmt.Sprint(err), "\n")); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	for _, secret := range []string{"p4ss", "bl4nk", "has space"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the faults tell %q", secret)
		}
	}
}

func TestFaultsOfTheTextAsAWhole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "there is nothing in it; begin with what GET /config answers",
		`{"settings": `:                "not valid JSON: it ends too early; correct the syntax",
		`{"settings": {}]`:             "not valid JSON: fault near byte 15; correct the syntax",
		"settings: {\n":                "not valid YAML near line 1; correct the syntax; values with special characters need quotes",
		"a: 1\n---\nb: 2\n":            "something follows the document; send one document",
		"- a\n":                        "line 1: is a list, not a mapping of fields",
		strings.Repeat(`{"a":`, 50):    "not valid JSON: it is nested deeper than 20 levels; correct the syntax",
		"settings: null\ninstances: 3": "line 1: settings: is null, not a mapping of fields",
	} {
		_, err := document.Parse([]byte(text), rules)
		if got, _, _ := strings.Cut(fmt.Sprint(err), "\n"); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestNamesInForceStayAllowed is about a configuration that a newer node has written.
func TestNamesInForceStayAllowed(t *testing.T) {
	t.Parallel()
	held := configuration(newSealer())
	held.Settings.LoadBalancer.Algorithm = "newer"
	held.Instances[0].Provider = "newer-custom"
	text, err := document.Of(held, 1).JSON()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := document.Parse(text, rules); err == nil {
		t.Error("names that this build does not know were taken")
	}
	if _, err := document.Parse(text, rules.Allowing(held)); err != nil {
		t.Error(err)
	}
	if _, err := document.Parse(text, document.Rules{}); err != nil {
		t.Error(err)
	}
}

func TestDifferencesAndTheChangeThatMakesThem(t *testing.T) {
	t.Parallel()
	s := newSealer()
	held := configuration(s)
	d := document.Of(held, 7)
	d.Settings.LoadBalancer.Algorithm = "weighted"
	d.Instances[0].APIKey = "sk-another"
	d.Instances[0].Weight = 3
	d.Instances[1] = document.Instance{Name: "c", Provider: "openai-custom", BaseURL: "http://c/v1", APIKey: "sk-c", Weight: 0}
	d.ClientKeys = append(d.ClientKeys, document.ClientKey{Name: "bot", Key: "key-of-bot"})
	wanted, err := document.Resolve(d, held, s)
	if err != nil {
		t.Fatal(err)
	}
	diff := document.Diff(held, wanted, s)
	want := []string{
		"~ settings.load_balancer.algorithm: round_robin -> weighted",
		"~ instances[a].api_key: another secret",
		"~ instances[a].weight: 1 -> 3",
		"- instances[b]",
		"+ instances[c]: provider openai-custom, base_url http://c/v1, models [], weight 0, priority 0, disabled",
		"+ client_keys[bot]",
	}
	if diff := cmp.Diff(want, document.Lines(diff)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if text := fmt.Sprintf("%#v", diff); strings.Contains(text, "sk-") || strings.Contains(text, "key-of") {
		t.Errorf("the difference tells a secret: %s", text)
	}
	change := document.Change(held, wanted)
	if change.Settings == nil || len(change.Instances) != 2 || len(change.DeletedInstances) != 1 || len(change.ClientKeys) != 1 || change.DeletedClientKeys != nil {
		t.Errorf("change %+v", change)
	}
	if back := document.Lines(document.Diff(wanted, held, s)); len(back) != len(want) || back[3] != "+ instances[b]: provider openai-custom, base_url http://b/v1, models [], weight 1, priority 0, without a key" {
		t.Errorf("the other way round: %q", back)
	}
}

func TestASecretThatIsTheSameKeepsItsSealedForm(t *testing.T) {
	t.Parallel()
	s := newSealer()
	held := configuration(s)
	d := document.Of(held, 7)
	d.Instances[0].APIKey, d.ClientKeys[0].Key = "sk-a", "key-of-ci"
	wanted, err := document.Resolve(d, held, s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(held, wanted); diff != "" {
		t.Errorf("configuration (-held +wanted):\n%s", diff)
	}
}

func TestSecretsThatTheClusterCannotUseAreFaults(t *testing.T) {
	t.Parallel()
	s := newSealer()
	held := configuration(s)
	d := document.Of(held, 7)
	d.Instances[0].APIKey = "sealed:bm90IG91cnM="
	d.Instances[1].APIKey = "sealed:%%%"
	d.ClientKeys = append(d.ClientKeys, document.ClientKey{Name: "twin", Key: "key-of-ci"}, document.ClientKey{Name: "none", Key: "sealed:"})
	_, err := document.Resolve(d, held, s)
	want := `instances[0].api_key: this cluster can't use the sealed value: sealed with another cluster secret; give the key in plaintext; the cluster seals it
instances[1].api_key: what follows "sealed:" is not base64; copy the whole value, or give the key in plaintext
client_keys[2].key: nothing follows "sealed:"; copy the whole value, or give the key in plaintext
client_keys[1].key: is the same key as that of "ci"; give every name a key of its own`
	if fmt.Sprint(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
