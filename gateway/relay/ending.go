package relay

import (
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// ending is how a reply ended: what its dialect tells of that, and whose fault it was.
type ending struct {
	dialect.Ending
	// class is that of a reply which is no success.
	class providers.Class
}

// fault is the class of the fault that the upstream's own words tell of.
func (e *ending) fault() providers.Class {
	if e.class == providers.ClassNone && e.Failed {
		return providers.ClassProvider
	}
	return e.class
}
