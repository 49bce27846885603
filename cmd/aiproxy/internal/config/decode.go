package config

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"aiproxy/gateway/spelling"
)

// topLevel applies the settings of the file's root.
func (l *loader) topLevel(root *yaml.Node) {
	keys, groups := l.keysOf("")
	l.mapping(root, "", func(key string, at, node *yaml.Node) {
		switch {
		case key == "instances":
			l.config.sources[key] = l.place(at)
			l.instances(node)
		case groups[key]:
			l.group(key, node)
		case keys[key] != nil:
			l.setting(*keys[key], at, node)
		default:
			l.unknown(at, key, "")
		}
	})
}

// group applies the settings of one mapping below the root.
func (l *loader) group(group string, node *yaml.Node) {
	keys, _ := l.keysOf(group)
	l.mapping(node, group, func(key string, at, node *yaml.Node) {
		if o := keys[group+"."+key]; o != nil {
			l.setting(*o, at, node)
			return
		}
		l.unknown(at, key, group)
	})
}

// keysOf returns the options of a group by key, and for the top level the names of the groups as well.
func (l *loader) keysOf(group string) (keys map[string]*option[Config], groups map[string]bool) {
	keys, groups = make(map[string]*option[Config]), make(map[string]bool)
	for i := range l.table {
		o := &l.table[i]
		if o.Key == "" {
			continue
		}
		if o.group() == group {
			keys[o.Key] = o
		}
		groups[o.group()] = true
	}
	delete(groups, "")
	return keys, groups
}

// mapping calls visit for every key of a mapping. Null is an empty mapping; a key that comes twice is a fault.
func (l *loader) mapping(node *yaml.Node, name string, visit func(key string, at, node *yaml.Node)) {
	node = target(node)
	if isNull(node) {
		return
	}
	if node.Kind != yaml.MappingNode {
		l.fault(l.place(node), name, "is "+describeNode(node)+", not a mapping", "write one \"key: value\" a line")
		return
	}
	seen := make(map[string]int)
	for i := 0; i+1 < len(node.Content); i += 2 {
		at, value := node.Content[i], node.Content[i+1]
		if at.Kind != yaml.ScalarNode {
			l.fault(l.place(at), name, "a key is "+describeNode(target(at)), "write a plain word as key")
			continue
		}
		if line, twice := seen[at.Value]; twice {
			l.fault(l.place(at), joinKey(name, at.Value), fmt.Sprintf("is set twice, in line %d before", line), "remove one of the two")
			continue
		}
		seen[at.Value] = at.Line
		visit(at.Value, at, value)
	}
}

// setting applies one option's value.
func (l *loader) setting(o option[Config], at, node *yaml.Node) {
	l.noteSecret(o.Option, node)
	texts, ok := l.valueTexts(o.Key, o.value.list(), isMapping(o.value), o.Secret, node)
	if ok {
		l.set(o, l.place(at), texts)
	}
}

// valueTexts reads a value as texts, references expanded. There are none for null, which leaves the default in place.
func (l *loader) valueTexts(key string, list, isMapped, secret bool, node *yaml.Node) ([]string, bool) {
	node = target(node)
	if isNull(node) {
		return nil, false
	}
	if list && node.Kind == yaml.MappingNode && isMapped {
		return l.pairTexts(key, node)
	}
	if list && node.Kind == yaml.SequenceNode {
		texts, ok := []string{}, true
		for _, item := range node.Content {
			text, good := l.scalarText(key, target(item))
			texts, ok = append(texts, text), ok && good
		}
		return texts, ok
	}
	text, ok := l.scalarText(key, node)
	if !ok {
		return nil, false
	}
	if list && !secret {
		return splitList([]string{text}), true
	}
	return []string{text}, true
}

func (l *loader) scalarText(key string, node *yaml.Node) (string, bool) {
	if node.Kind != yaml.ScalarNode {
		l.fault(l.place(node), key, "is "+describeNode(node)+", where one value is due", "write a single value")
		return "", false
	}
	if isNull(node) {
		l.fault(l.place(node), key, "holds an empty element", "remove it, or put it in quotes")
		return "", false
	}
	text, err := expand(node.Value, l.getenv)
	if err != nil {
		l.faultError(l.place(node), key, err)
		return "", false
	}
	return text, true
}

// unknown reports a key that no option has.
func (l *loader) unknown(at *yaml.Node, key, group string) {
	var siblings, elsewhere []string
	known := make(map[string]bool)
	for _, o := range l.table {
		switch {
		case o.Key == "":
		case o.group() == group:
			siblings = append(siblings, strings.TrimPrefix(o.Key, group+"."))
		case strings.HasSuffix(o.Key, "."+key) || o.Key == key:
			elsewhere = append(elsewhere, o.Key)
		}
		if g := o.group(); group == "" && g != "" && !known[g] {
			known[g] = true
			siblings = append(siblings, g)
		}
	}
	remedy := "known here are " + strings.Join(siblings, ", ")
	if near := spelling.Nearest(key, siblings); near != "" {
		remedy = "did you mean " + near + "?"
	} else if len(elsewhere) > 0 {
		remedy = "did you mean " + strings.Join(elsewhere, " or ") + "?"
	}
	l.fault(l.place(at), joinKey(group, key), "is not a known key", remedy)
}

// noteSecret remembers that a secret is written out in the file.
func (l *loader) noteSecret(o Option, node *yaml.Node) {
	node = target(node)
	if !o.Secret {
		return
	}
	for _, n := range append([]*yaml.Node{node}, node.Content...) {
		if n = target(n); n.Kind == yaml.ScalarNode && n.Value != "" && !isNull(n) && !strings.Contains(n.Value, openReference) {
			l.file.secrets = true
		}
	}
}

func (l *loader) place(node *yaml.Node) Source {
	return Source{Origin: FromFile, Name: l.config.File, Line: node.Line}
}

// target follows an alias to its anchor.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

func describeNode(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}

// joinKey is a key as reports show it. Keys that are no plain word come in quotes.
func joinKey(group, key string) string {
	if !plainKey.MatchString(key) {
		key = quote(showReferences(key))
	}
	if group == "" {
		return key
	}
	return group + "." + key
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)
