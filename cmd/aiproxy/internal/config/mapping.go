package config

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// names is an option with a mapping of names to values. As texts, each pair is "name: value".
type names[S, T any] struct {
	codec[T]
	field func(*S) *map[string]T
	check func(name string) error
}

// mapped is what options with a mapping have, whatever the values.
type mapped interface{ mapped() }

func (v names[S, T]) mapped()      {}
func (v names[S, T]) kind() string { return "mapping of names to " + v.codec.kind + "s" }
func (v names[S, T]) list() bool   { return true }

func (v names[S, T]) set(s *S, texts []string) error {
	all := make(map[string]T, len(texts))
	for _, text := range texts {
		name, rest, ok := strings.Cut(text, ": ")
		if !ok || rest == "" {
			return invalid("has a name without a value", "write {name: value}")
		}
		if err := v.check(name); err != nil {
			return err
		}
		parsed, err := v.parse(rest)
		if err != nil {
			return err
		}
		all[name] = parsed
	}
	*v.field(s) = all
	return nil
}

func (v names[S, T]) texts(s *S) []string {
	all := *v.field(s)
	texts := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		texts = append(texts, name+": "+v.format(all[name]))
	}
	return texts
}

// pairTexts reads a mapping as texts.
func (l *loader) pairTexts(key string, node *yaml.Node) ([]string, bool) {
	texts, ok := []string{}, true
	l.mapping(node, key, func(name string, _, value *yaml.Node) {
		text, good := l.scalarText(joinKey(key, name), target(value))
		texts, ok = append(texts, name+": "+text), ok && good
	})
	return texts, ok
}

func isMapping(v any) bool {
	_, is := v.(mapped)
	return is
}
