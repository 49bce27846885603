package document

import (
	"fmt"
	"strings"
)

// Fault is one mistake in a document.
type Fault struct {
	// Path is the place in the document, such as "instances[2].weight"; empty for the document as a whole.
	Path string `json:"path"`
	// Problem says what is wrong. It never holds a secret.
	Problem string `json:"problem"`
	// Remedy says what to do; it may be empty.
	Remedy string `json:"remedy,omitempty"`
	// Line is the line in a YAML text, from 1; 0 where it is not known.
	Line int `json:"line,omitempty"`
}

// String is the fault on one line: line, path, what is wrong, what to do.
func (f Fault) String() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Problem)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// Faults are all mistakes of one document, in the order in which they stand in it.
//
//nolint:errname // A list of faults is an error, but reads best as what it is.
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}
