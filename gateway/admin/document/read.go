package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"aiproxy/gateway/spelling"
)

// reader walks over the nodes of a text and collects what is wrong with them.
type reader struct {
	rules  Rules
	faults Faults
}

// field is one that a mapping may have, or must.
type field struct {
	name     string
	required bool
	read     func(n *yaml.Node, path string)
}

func (r *reader) fault(n *yaml.Node, path, problem, remedy string) {
	r.faults = append(r.faults, Fault{Path: path, Problem: problem, Remedy: remedy, Line: n.Line})
}

// mapping reads the fields of a mapping. Unknown ones, those that come twice and those that are missing are faults.
func (r *reader) mapping(n *yaml.Node, path string, fields ...field) {
	n = target(n)
	if n.Kind != yaml.MappingNode {
		r.fault(n, path, "is "+describe(n)+", not a mapping of fields", "")
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], target(n.Content[i+1])
		at := join(path, key.Value)
		known := slices.IndexFunc(fields, func(f field) bool { return f.name == key.Value })
		switch {
		case seen[key.Value]:
			r.fault(key, at, "is given twice", "remove one of the two")
		case known < 0:
			r.fault(key, at, "is not a known field", suggest(key.Value, fields))
		default:
			fields[known].read(value, at)
		}
		seen[key.Value] = true
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			r.fault(n, join(path, f.name), "is missing", "")
		}
	}
}

func suggest(name string, fields []field) string {
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.name
	}
	if near := spelling.Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "known here are " + strings.Join(known, ", ")
}

// list reads the items of a list.
func (r *reader) list(n *yaml.Node, path string, read func(n *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n, path, "is "+describe(n)+", not a list", "write [] for none")
		return
	}
	for i, item := range n.Content {
		read(target(item), path+"["+strconv.Itoa(i)+"]")
	}
}

// text reads a string that passes the check.
func (r *reader) text(into *string, check func(string) (problem, remedy string)) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
			r.fault(n, path, "is "+describe(n)+", not a string", quoteAdvice(n))
			return
		}
		if problem, remedy := check(n.Value); problem != "" {
			r.fault(n, path, problem, remedy)
			return
		}
		*into = n.Value
	}
}

// texts reads a list of strings.
func (r *reader) texts(into *[]string, check func(string) (problem, remedy string)) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		*into = []string{}
		r.list(n, path, func(n *yaml.Node, path string) {
			var one string
			r.text(&one, check)(n, path)
			*into = append(*into, one)
		})
	}
}

// secret reads a secret. What is wrong with it is told without it.
func (r *reader) secret(into *Secret) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		var text string
		r.text(&text, checkSecret)(n, path)
		*into = Secret(text)
	}
}

func (r *reader) number(into *int, least, most int) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		value, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || value < least || value > most {
			r.fault(n, path, fmt.Sprintf("is not a whole number from %d to %d", least, most), "")
			return
		}
		*into = value
	}
}

func (r *reader) boolean(into *bool) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(into) != nil {
			r.fault(n, path, "is neither true nor false", "")
		}
	}
}

// target follows an alias of YAML to what it stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// describe says what a node is, without its value.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!null":
		return "null"
	case n.ShortTag() == "!!bool":
		return "a boolean"
	case n.ShortTag() == "!!int", n.ShortTag() == "!!float":
		return "a number"
	case n.ShortTag() == "!!str":
		return "a string"
	default:
		return "another kind of value"
	}
}

func quoteAdvice(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		return "put it in quotes"
	}
	return ""
}

// join is a path as faults show it. A name that is no plain word comes in quotes, and cut to a bearable length.
func join(path, name string) string {
	if checkWord(name) != "" {
		name = strconv.Quote(clip(name))
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func clip(text string) string {
	const longest = 60
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "..."
}
