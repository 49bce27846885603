package config

import "strconv"

// Origin is the kind of place that a value comes from, in ascending order of precedence.
type Origin int

// The origins.
const (
	FromDefault Origin = iota
	FromFile
	FromEnvironment
	FromFlag
)

// Source says where a value comes from.
type Source struct {
	Origin Origin
	// Name is the path of the file, the name of the variable, or the name of the flag without dashes.
	Name string
	// Line is the line in the file, from 1; 0 elsewhere.
	Line int
}

// Explicit tells whether somebody gave the value, as against the default.
func (s Source) Explicit() bool { return s.Origin != FromDefault }

// String describes the place in the way in which reports name it.
func (s Source) String() string {
	switch s.Origin {
	case FromFlag:
		return "flag --" + s.Name
	case FromEnvironment:
		return "environment " + s.Name
	case FromFile:
		if s.Line == 0 {
			return s.Name
		}
		return s.Name + ":" + strconv.Itoa(s.Line)
	default:
		return "default"
	}
}
