package config

import (
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Print writes the effective configuration as YAML, each value with its source as a comment. Secrets are masked.
func (c *Config) Print(w io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	groups := make(map[string]*yaml.Node)
	for _, o := range options() {
		if o.Key == "" {
			continue
		}
		parent, key := root, o.Key
		if group := o.group(); group != "" {
			key = key[len(group)+1:]
			if groups[group] == nil {
				groups[group] = &yaml.Node{Kind: yaml.MappingNode}
				root.Content = append(root.Content, keyNode(group), groups[group])
			}
			parent = groups[group]
		}
		if o.value == nil {
			parent.Content = append(parent.Content, keyNode(key), c.instanceNodes())
			continue
		}
		node := valueNode(o.value, c)
		node.LineComment = sourceComment(o.Option, c.sources[o.Key])
		parent.Content = append(parent.Content, keyNode(key), node)
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	return encoder.Close()
}

// instanceNodes lists the instances. What an instance leaves to its default when that is empty is left out.
func (c *Config) instanceNodes() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, in := range c.Instances {
		entry := &yaml.Node{Kind: yaml.MappingNode}
		for _, o := range instanceOptions() {
			node := valueNode(o.value, &in)
			if node.Value == "" && len(node.Content) == 0 || o.Default == "" && node.Value == "0s" {
				continue
			}
			if !in.Derived {
				node.LineComment = sourceComment(o.Option, in.sources[o.Key])
			} else if o.Key == "name" {
				node.LineComment = "derived from the settings of the provider"
			}
			entry.Content = append(entry.Content, keyNode(o.Key), node)
		}
		list.Content = append(list.Content, entry)
	}
	return list
}

func sourceComment(o Option, src Source) string {
	if !src.Explicit() && o.DefaultNote != "" {
		return src.String() + ": " + o.DefaultNote
	}
	return src.String()
}

func keyNode(key string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: key} }

func valueNode[S any](v value[S], s *S) *yaml.Node {
	texts := v.texts(s)
	if !v.list() {
		return scalarNode(v.kind(), texts[0])
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, text := range texts {
		list.Content = append(list.Content, scalarNode("string", text))
	}
	return list
}

// scalarNode is a value as YAML, with what looks like a reference escaped. Those that are text are marked so, which makes the encoder quote where it must.
func scalarNode(kind, text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: strings.ReplaceAll(text, "${", "$${")}
	if kind == "string" || kind == "duration" {
		node.Tag = "!!str"
	}
	return node
}
