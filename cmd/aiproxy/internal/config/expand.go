package config

import (
	"regexp"
	"strings"
)

// In a flow mapping such as {api_key: ${KEY}} the braces of a reference are YAML's own. Before YAML is parsed,
// references are therefore rewritten with two private-use characters in place of "${" and "}". They stay what they
// are until a value is read, so that the text of a variable is never taken for YAML.
const (
	openReference  = "\uE000"
	closeReference = "\uE001"
)

var (
	rawReference = regexp.MustCompile(`\$?\$\{[A-Za-z_][A-Za-z0-9_]*\}`)
	// reference finds an escaped "${", a rewritten reference, or what is left of one.
	reference = regexp.MustCompile(`\$\$\{|\$\{[^}]*\}?|` + openReference + `[^` + closeReference + `]*` + closeReference)
	nameOnly  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// protectReferences rewrites the references in a YAML text. Lines stay where they are.
func protectReferences(yaml []byte) []byte {
	return rawReference.ReplaceAllFunc(yaml, func(match []byte) []byte {
		if match[1] == '$' {
			return match
		}
		return []byte(openReference + string(match[2:len(match)-1]) + closeReference)
	})
}

// showReferences undoes protectReferences, for messages.
func showReferences(text string) string {
	return strings.NewReplacer(openReference, "${", closeReference, "}").Replace(text)
}

// expand replaces the references in a value by the environment's values.
func expand(text string, getenv func(string) (string, bool)) (string, error) {
	var err error
	expanded := reference.ReplaceAllStringFunc(text, func(match string) string {
		if match == "$${" {
			return "${"
		}
		name := strings.TrimSuffix(strings.TrimPrefix(showReferences(match), "${"), "}")
		if !nameOnly.MatchString(name) || !strings.HasSuffix(showReferences(match), "}") {
			err = invalid("holds a malformed reference", "write ${NAME}, or $${ for the characters ${")
			return ""
		}
		value, ok := getenv(name)
		if !ok && err == nil {
			err = invalid("${"+name+"} is not set in the environment", "set it, or write $${ for the characters ${")
		}
		return value
	})
	return expanded, err
}
