package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostDepth bounds how deep a text may be nested. A document needs five.
const mostDepth = 20

// tree parses a text into nodes, JSON and YAML alike. JSON is read by its own rules: not all of it is YAML.
func tree(text []byte) (*yaml.Node, *Fault) {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		root, err := jsonTree(text)
		if err == nil {
			return root, nil
		}
		// A flow mapping of YAML begins in the same way.
		if fromYAML, fault := yamlTree(text); fault == nil {
			return fromYAML, nil
		}
		return nil, &Fault{Problem: "not valid JSON: " + err.Error(), Remedy: "correct the syntax"}
	}
	return yamlTree(text)
}

func yamlTree(text []byte) (*yaml.Node, *Fault) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root, more yaml.Node
	err := decoder.Decode(&root)
	switch {
	case errors.Is(err, io.EOF), err == nil && len(root.Content) == 0:
		return nil, &Fault{Problem: "there is nothing in it", Remedy: "begin with what GET /config answers"}
	case err != nil:
		// The decoder's words may quote a secret; where it stopped does not.
		return nil, &Fault{Problem: "not valid YAML" + place(err), Remedy: "correct the syntax; values with special characters need quotes"}
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Fault{Problem: "something follows the document", Remedy: "send one document"}
	}
	return root.Content[0], nil
}

// place is the line that an error of the YAML decoder names.
func place(err error) string {
	var line int
	if _, scanned := fmt.Sscanf(strings.TrimPrefix(err.Error(), "yaml: "), "line %d:", &line); scanned == nil {
		return fmt.Sprintf(" near line %d", line)
	}
	return ""
}

// jsonTree parses JSON into the nodes that the same values have in YAML.
func jsonTree(text []byte) (*yaml.Node, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	root, err := jsonNode(decoder, 0)
	if err != nil {
		return nil, jsonFault(err, decoder.InputOffset())
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the document at byte %d", decoder.InputOffset())
	}
	return root, nil
}

func jsonFault(err error, offset int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("fault near byte %d", offset)
	}
	return err
}

func jsonNode(decoder *json.Decoder, depth int) (*yaml.Node, error) {
	if depth > mostDepth {
		return nil, fmt.Errorf("it is nested deeper than %d levels", mostDepth)
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		return jsonBranch(decoder, t, depth)
	case string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: t}, nil
	case json.Number:
		tag := "!!int"
		if strings.ContainsAny(t.String(), ".eE") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: t.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(t)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	}
}

func jsonBranch(decoder *json.Decoder, open json.Delim, depth int) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	if open == '[' {
		node.Kind = yaml.SequenceNode
	}
	for decoder.More() {
		child, err := jsonNode(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	_, err := decoder.Token() // The closing bracket.
	return node, err
}
