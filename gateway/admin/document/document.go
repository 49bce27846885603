package document

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"go.yaml.in/yaml/v3"

	"aiproxy/fsm"
)

// Document is a whole configuration.
type Document struct {
	// Revision is the one that the document was read at. It is for the reader: a document that is written may have any.
	Revision uint64   `json:"revision,omitempty" yaml:"revision,omitempty"`
	Settings Settings `json:"settings" yaml:"settings"`
	// Instances are sorted by name when they come from the cluster.
	Instances []Instance `json:"instances" yaml:"instances"`
	// ClientKeys are the keys that clients may present on every node, beside those of the node's own configuration.
	ClientKeys []ClientKey `json:"client_keys" yaml:"client_keys"`
}

// Settings are the settings of the whole cluster.
type Settings struct {
	LoadBalancer   LoadBalancer `json:"load_balancer" yaml:"load_balancer"`
	ModelProviders []string     `json:"model_providers" yaml:"model_providers,flow"`
	// ModelAliases map names that clients use to other names of models.
	ModelAliases map[string]string `json:"model_aliases,omitempty" yaml:"model_aliases,omitempty"`
	// Translation is "strict" or "lenient"; none is lenient.
	Translation string `json:"translation,omitempty" yaml:"translation,omitempty"`
}

// LoadBalancer says how an instance is picked.
type LoadBalancer struct {
	Enabled   bool   `json:"enabled" yaml:"enabled"`
	Algorithm string `json:"algorithm" yaml:"algorithm"`
}

// Instance is one upstream endpoint with one account.
type Instance struct {
	Name     string   `json:"name" yaml:"name"`
	Provider string   `json:"provider" yaml:"provider"`
	BaseURL  string   `json:"base_url" yaml:"base_url"`
	APIKey   Secret   `json:"api_key,omitempty" yaml:"api_key,omitempty"`
	Models   []string `json:"models,omitempty" yaml:"models,flow,omitempty"`
	Weight   int      `json:"weight" yaml:"weight"`
	Priority int      `json:"priority" yaml:"priority"`
	Enabled  bool     `json:"enabled" yaml:"enabled"`
	Options  `yaml:",inline"`
}

// ClientKey is a key that clients may present, and the name by which the audit log speaks of who presented it.
type ClientKey struct {
	Name string `json:"name" yaml:"name"`
	Key  Secret `json:"key" yaml:"key"`
}

// Secret is a secret in a document: sealed, as a cluster gives it out, or in plaintext, as an operator may write it. It
// is encoded as it stands, because a document must hold it; printing and logging show a mask.
type Secret string

// sealedPrefix marks a sealed secret. What follows is base64.
const sealedPrefix = "sealed:"

const secretMask = "[secret]"

// String returns a mask, or "" for no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return secretMask
}

// GoString returns the mask for %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue returns the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// sealedText is the form of a sealed secret in a document.
func sealedText(sealed fsm.Sealed) Secret {
	if len(sealed) == 0 {
		return ""
	}
	return Secret(sealedPrefix + base64.StdEncoding.EncodeToString(sealed))
}

// sealed returns the sealed secret that s holds, and false when s is plaintext.
func (s Secret) sealed() (fsm.Sealed, bool, error) {
	text, marked := strings.CutPrefix(string(s), sealedPrefix)
	if !marked {
		return nil, false, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, true, fmt.Errorf("what follows %q is not base64", sealedPrefix)
	}
	return raw, true, nil
}

// Of returns the document of a configuration at a revision, its secrets sealed.
func Of(c fsm.Configuration, revision uint64) Document {
	d := Document{
		Revision: revision,
		Settings: Settings{
			LoadBalancer:   LoadBalancer{Enabled: c.Settings.LoadBalancer.Enabled, Algorithm: c.Settings.LoadBalancer.Algorithm},
			ModelProviders: append([]string{}, c.Settings.ModelProviders...),
			ModelAliases:   c.Settings.ModelAliases,
			Translation:    c.Settings.Translation,
		},
		Instances:  make([]Instance, len(c.Instances)),
		ClientKeys: make([]ClientKey, len(c.ClientKeys)),
	}
	for i, in := range c.Instances {
		d.Instances[i] = Instance{
			Name: in.Name, Provider: in.Provider, BaseURL: in.BaseURL, APIKey: sealedText(in.APIKey),
			Models: in.Models, Weight: in.Weight, Priority: in.Priority, Enabled: in.Enabled, Options: optionsOf(in.Options),
		}
	}
	for i, key := range c.ClientKeys {
		d.ClientKeys[i] = ClientKey{Name: key.Name, Key: sealedText(key.Key)}
	}
	return d
}

// JSON encodes the document for people: indented, with a line break at its end.
func (d Document) JSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	return b.Bytes(), nil
}

// YAML encodes the document.
func (d Document) YAML() ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	return b.Bytes(), nil
}
