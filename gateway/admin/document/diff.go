package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"aiproxy/fsm"
)

// The kinds of a Difference.
const (
	Added   = "add"
	Removed = "remove"
	Changed = "change"
)

// Difference is one thing in which a configuration differs from another.
type Difference struct {
	// Op is Added, Removed or Changed.
	Op string `json:"op"`
	// Path is the place, such as "settings.load_balancer.algorithm" or "instances[openai-a].weight".
	Path string `json:"path"`
	// From is the value before, To the value after. Secrets are masked; what is added has no From, what is removed no To.
	From any `json:"from,omitempty"`
	To   any `json:"to,omitempty"`
}

// String is the difference on one line that begins with +, - or ~.
func (d Difference) String() string {
	switch d.Op {
	case Added:
		return "+ " + d.Path + show(d.To)
	case Removed:
		return "- " + d.Path
	}
	if d.From == secretMask && d.To == secretMask {
		return "~ " + d.Path + ": another secret"
	}
	return "~ " + d.Path + ": " + word(d.From) + " -> " + word(d.To)
}

func show(v any) string {
	in, ok := v.(Instance)
	if !ok {
		return ""
	}
	text := fmt.Sprintf(": provider %s, base_url %s, models %s, weight %d, priority %d", in.Provider, in.BaseURL, word(in.Models), in.Weight, in.Priority)
	if !in.Enabled {
		text += ", disabled"
	}
	if in.APIKey == "" {
		text += ", without a key"
	}
	return text
}

func word(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case []string:
		return "[" + strings.Join(v, " ") + "]"
	default:
		return fmt.Sprint(v)
	}
}

// Diff lists what leads from one configuration to the other: settings, then instances, then client keys, each in order
// of name. It does not change its arguments.
func Diff(from, to fsm.Configuration, s Sealer) []Difference {
	d := &differ{sealer: s, all: []Difference{}}
	d.settings(from.Settings, to.Settings)
	merge(from.Instances, to.Instances, func(in fsm.Instance) string { return in.Name }, d.instance)
	merge(from.ClientKeys, to.ClientKeys, func(k fsm.ClientKey) string { return k.Name }, d.clientKey)
	return d.all
}

// Lines are the differences for people, one a line.
func Lines(all []Difference) []string {
	lines := make([]string, len(all))
	for i, one := range all {
		lines[i] = one.String()
	}
	return lines
}

type differ struct {
	sealer Sealer
	all    []Difference
}

func (d *differ) add(op, path string, from, to any) {
	d.all = append(d.all, Difference{Op: op, Path: path, From: from, To: to})
}

// scalar adds a change unless both values are the same.
func scalar[T comparable](d *differ, path string, from, to T) {
	if from != to {
		d.add(Changed, path, from, to)
	}
}

func (d *differ) names(path string, from, to []string) {
	if !slices.Equal(from, to) {
		d.add(Changed, path, append([]string{}, from...), append([]string{}, to...))
	}
}

func (d *differ) settings(from, to fsm.Settings) {
	scalar(d, "settings.load_balancer.enabled", from.LoadBalancer.Enabled, to.LoadBalancer.Enabled)
	scalar(d, "settings.load_balancer.algorithm", from.LoadBalancer.Algorithm, to.LoadBalancer.Algorithm)
	d.names("settings.model_providers", from.ModelProviders, to.ModelProviders)
	d.aliases("settings.model_aliases", from.ModelAliases, to.ModelAliases)
	scalar(d, "settings.translation", cmp.Or(from.Translation, fsm.TranslationLenient), cmp.Or(to.Translation, fsm.TranslationLenient))
}

func (d *differ) instance(name string, from, to *fsm.Instance) {
	path := "instances[" + name + "]"
	switch {
	case from == nil:
		d.add(Added, path, nil, masked(*to))
	case to == nil:
		d.add(Removed, path, masked(*from), nil)
	default:
		scalar(d, path+".provider", from.Provider, to.Provider)
		scalar(d, path+".base_url", from.BaseURL, to.BaseURL)
		d.secret(path+".api_key", from.APIKey, to.APIKey, SameAPIKey)
		d.names(path+".models", from.Models, to.Models)
		scalar(d, path+".weight", from.Weight, to.Weight)
		scalar(d, path+".priority", from.Priority, to.Priority)
		scalar(d, path+".enabled", from.Enabled, to.Enabled)
		d.options(path, from.Options, to.Options)
	}
}

func (d *differ) clientKey(name string, from, to *fsm.ClientKey) {
	path := "client_keys[" + name + "]"
	switch {
	case from == nil:
		d.add(Added, path, nil, nil)
	case to == nil:
		d.add(Removed, path, nil, nil)
	default:
		d.secret(path+".key", from.Key, to.Key, SameClientKey)
	}
}

func (d *differ) secret(path string, from, to fsm.Sealed, same func(a, b fsm.Sealed, s Sealer) bool) {
	if len(from) == 0 && len(to) == 0 || same(from, to, d.sealer) {
		return
	}
	d.add(Changed, path, mask(from), mask(to))
}

// mask stands for a secret, nil for none.
func mask(s fsm.Sealed) any {
	if len(s) == 0 {
		return nil
	}
	return secretMask
}

// masked is an instance as a difference shows it.
func masked(in fsm.Instance) Instance {
	d := Instance{
		Name: in.Name, Provider: in.Provider, BaseURL: in.BaseURL, Models: in.Models,
		Weight: in.Weight, Priority: in.Priority, Enabled: in.Enabled, Options: maskedOptions(in.Options),
	}
	if len(in.APIKey) > 0 {
		d.APIKey = secretMask
	}
	return d
}

// merge walks over two lists that are sorted by name and calls visit for every name, with nil where a list lacks it.
func merge[T any](from, to []T, name func(T) string, visit func(name string, from, to *T)) {
	for len(from) > 0 || len(to) > 0 {
		switch {
		case len(to) == 0 || len(from) > 0 && name(from[0]) < name(to[0]):
			visit(name(from[0]), &from[0], nil)
			from = from[1:]
		case len(from) == 0 || name(to[0]) < name(from[0]):
			visit(name(to[0]), nil, &to[0])
			to = to[1:]
		default:
			visit(name(from[0]), &from[0], &to[0])
			from, to = from[1:], to[1:]
		}
	}
}
