package config

import "strings"

// Fault is one mistake in the configuration.
type Fault struct {
	// Source is where the mistake was made. That of a value that is missing is the default.
	Source Source
	// Key is the option's key in the file, such as "cluster.node_id"; it may be empty.
	Key string
	// Problem says what is wrong. It never holds a secret.
	Problem string
	// Remedy says what to do; it may be empty.
	Remedy string
}

// String is the fault on one line: place, key, what is wrong, what to do.
func (f Fault) String() string {
	var b strings.Builder
	if f.Source.Explicit() {
		b.WriteString(f.Source.String() + ": ")
	}
	if f.Key != "" {
		b.WriteString(f.Key + ": ")
	}
	b.WriteString(f.Problem)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// Faults are all mistakes of one configuration, in the order in which they were found. They are the error of Load.
//
//nolint:errname // a list of faults is an error, but reads best as what it is
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// valueError says what is wrong with a value, without saying where it stands.
type valueError struct {
	problem, remedy string
}

func (e *valueError) Error() string { return e.problem }

func invalid(problem, remedy string) error { return &valueError{problem: problem, remedy: remedy} }
