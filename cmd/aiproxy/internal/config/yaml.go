package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML returns the root of the one document in content, nil when it is empty.
func parseYAML(content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(protectReferences(content)))
	var first, second yaml.Node
	if err := decoder.Decode(&first); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil //nolint:nilnil // an empty file is no fault and holds no node
		}
		return nil, err
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, errManyDocuments
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(first.Content) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	return first.Content[0], nil
}

var errManyDocuments = errors.New("the file holds more than one document")

// syntaxLine finds the line at which a text stops being YAML: the one after the longest part that is. The decoder's
// own line is that of the construct around it, if it knows any. It returns 0 for a text too long to be parsed once a
// line.
func syntaxLine(content []byte) int {
	const mostBytes = 16 << 20
	lines := bytes.SplitAfter(content, []byte("\n"))
	if len(lines)*len(content) > mostBytes {
		return 0
	}
	end := len(content)
	for i := len(lines) - 1; i > 0; i-- {
		end -= len(lines[i])
		if _, err := parseYAML(content[:end]); err == nil {
			return i + 1
		}
	}
	return 1
}

var (
	yamlPlace  = regexp.MustCompile(`^yaml: (line \d+: )?`)
	yamlQuoted = regexp.MustCompile("'[^']*'|`[^`]*`")
)

// describeSyntax says what a YAML error is about and what to do. What the decoder quotes is left out, but for a
// single character: it may be a part of a secret.
func describeSyntax(err error) (problem, remedy string) {
	problem = yamlQuoted.ReplaceAllStringFunc(yamlPlace.ReplaceAllString(err.Error(), ""), func(quoted string) string {
		if len(quoted) == len("'x'") {
			return quoted
		}
		return "…"
	})
	if strings.Contains(problem, "unknown anchor") {
		return "a value begins with *, which is an alias in YAML", "put it in quotes"
	}
	return problem, "correct the syntax; values with special characters need quotes"
}
