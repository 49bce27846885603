package relay

import (
	"cmp"
	"slices"
	"strings"

	"aiproxy/gateway/balance"
	"aiproxy/providers"
)

// target is an instance that can be called.
type target struct {
	instance *providers.Instance
	provider providers.Provider
	load     *load
	// header is the value of X-Aiproxy-Instance, shared by all replies and never changed.
	header []string
}

// pool is the targets among which a request has its choice, and the balancer's state over them.
type pool struct {
	set     *balance.Set
	targets []*target
}

// scope answers which pool serves a model, within one provider or among all of them. Instances that list the model
// come before those that serve every model because they list none.
//
// Patterns end in "*" or nowhere, so that all which match a name are nested: the longest one that matches stands
// for every shorter one, and its pool is known beforehand.
type scope struct {
	exact    map[string]*pool
	prefixes map[string]*pool
	// lengths are those of the prefixes, longest first.
	lengths []int
	// rest is the pool of the instances that list no model, nil where there are none.
	rest *pool
}

// find returns the pool for the model, or nil.
func (s *scope) find(model string) *pool {
	if p := s.exact[model]; p != nil {
		return p
	}
	for _, n := range s.lengths {
		if n > len(model) {
			continue
		}
		if p := s.prefixes[model[:n]]; p != nil {
			return p
		}
	}
	return s.rest
}

// newScope lays out the scope of the targets. catchAll tells whether those that list no model belong to it.
func newScope(targets []*target, catchAll bool, newPool func([]*target) *pool) *scope {
	s := &scope{exact: make(map[string]*pool), prefixes: make(map[string]*pool)}
	var rest []*target
	for _, t := range targets {
		if len(t.instance.Models) == 0 {
			rest = append(rest, t)
		}
		for _, pattern := range t.instance.Models {
			if prefix, isPrefix := strings.CutSuffix(pattern, "*"); isPrefix {
				s.prefixes[prefix] = nil
			} else {
				s.exact[pattern] = nil
			}
		}
	}
	for model := range s.exact {
		s.exact[model] = newPool(matching(targets, model, ""))
	}
	for prefix := range s.prefixes {
		s.prefixes[prefix] = newPool(matching(targets, prefix, "*"))
		if !slices.Contains(s.lengths, len(prefix)) {
			s.lengths = append(s.lengths, len(prefix))
		}
	}
	slices.SortFunc(s.lengths, func(a, b int) int { return cmp.Compare(b, a) })
	if catchAll && len(rest) > 0 {
		s.rest = newPool(rest)
	}
	return s
}

// matching returns the targets with a pattern that covers name, which is a model's name (suffix "") or what a
// pattern has before its star (suffix "*").
func matching(targets []*target, name, suffix string) []*target {
	var list []*target
	for _, t := range targets {
		if lists(t.instance.Models, name, suffix) {
			list = append(list, t)
		}
	}
	return list
}

func lists(patterns []string, name, suffix string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, isPrefix := strings.CutSuffix(pattern, "*"); isPrefix {
			return strings.HasPrefix(name, prefix)
		}
		return pattern == name && suffix == ""
	})
}
