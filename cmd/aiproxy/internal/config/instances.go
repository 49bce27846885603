package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"aiproxy/gateway/spelling"
)

// instances applies the entries of "instances".
func (l *loader) instances(node *yaml.Node) {
	node = target(node)
	if isNull(node) {
		return
	}
	if node.Kind != yaml.SequenceNode {
		l.fault(l.place(node), "instances", "is "+describeNode(node)+", not a list", "begin each instance with a dash")
		return
	}
	for i, entry := range node.Content {
		entry = target(entry)
		name := fmt.Sprintf("instances[%d]", i)
		if entry.Kind != yaml.MappingNode {
			l.fault(l.place(entry), name, "is "+describeNode(entry)+", not a mapping", "write {name: …, provider: …}")
			continue
		}
		l.instance(name, entry)
	}
}

func (l *loader) instance(name string, entry *yaml.Node) {
	in := Instance{path: name, source: l.place(entry), sources: make(map[string]Source)}
	table := make(map[string]option[Instance])
	for _, o := range instanceOptions() {
		table[o.Key] = o
		if o.Default != "" {
			l.setInstance(&in, name, o, Source{}, []string{o.Default})
		}
	}
	l.mapping(entry, name, func(key string, at, node *yaml.Node) {
		o, known := table[key]
		if !known {
			l.unknownInstanceKey(at, name, key)
			return
		}
		l.noteSecret(o.Option, node)
		if texts, ok := l.valueTexts(joinKey(name, key), o.value.list(), isMapping(o.value), o.Secret, node); ok {
			l.setInstance(&in, name, o, l.place(at), texts)
		}
	})
	l.config.Instances = append(l.config.Instances, in)
}

func (l *loader) setInstance(in *Instance, name string, o option[Instance], src Source, texts []string) {
	if err := o.value.set(in, texts); err != nil {
		l.faultError(src, joinKey(name, o.Key), err)
		return
	}
	in.sources[o.Key] = src
}

func (l *loader) unknownInstanceKey(at *yaml.Node, name, key string) {
	var known []string
	for _, o := range instanceOptions() {
		known = append(known, o.Key)
	}
	remedy := "known here are " + strings.Join(known, ", ")
	if near := spelling.Nearest(key, known); near != "" {
		remedy = "did you mean " + near + "?"
	}
	l.fault(l.place(at), joinKey(name, key), "is not a known key", remedy)
}
