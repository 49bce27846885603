package relay

import (
	"fmt"
	"slices"
	"strings"

	"aiproxy/gateway/spelling"
)

// maxNear bounds the names that a guess is looked for among, and maxShown those that a refusal shows.
const (
	maxNear  = 2000
	maxShown = 5
)

// near says which models are served in place of one that is not: the one that was probably meant, and some others.
func (t *Table) near(s surface, model string) string {
	names := t.listedModels(s)
	if len(names) == 0 {
		return ""
	}
	guess := ""
	if name := spelling.Nearest(model, names); name != "" {
		guess = fmt.Sprintf("; did you mean %q?", name)
	}
	more := ""
	if len(names) > maxShown {
		names, more = names[:maxShown], " and others"
	}
	return guess + "; served are " + strings.Join(names, ", ") + more
}

// listedModels are the names and patterns that instances list for a surface, sorted, each once.
func (t *Table) listedModels(s surface) []string {
	var names []string
	for _, one := range t.targets {
		if len(names) >= maxNear {
			break
		}
		if one.provider.Supports(s.operation, s.dialect) {
			names = append(names, one.instance.Models...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
