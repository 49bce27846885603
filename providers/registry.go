package providers

import (
	"slices"
	"strconv"
)

// Registry holds the providers that the program was built with. It never changes and is safe for concurrent use.
type Registry struct {
	byName map[string]Provider
	names  []string
}

// NewRegistry returns a registry of ps. Two providers of one name are a mistake in the program, and it panics.
func NewRegistry(ps ...Provider) *Registry {
	r := &Registry{byName: make(map[string]Provider, len(ps))}
	for _, p := range ps {
		name := p.Name()
		if _, twice := r.byName[name]; twice {
			panic("providers: two providers named " + strconv.Quote(name))
		}
		r.byName[name] = p
		r.names = append(r.names, name)
	}
	slices.Sort(r.names)
	return r
}

// Lookup returns the provider of that name or alias.
func (r *Registry) Lookup(name string) (Provider, bool) {
	p, ok := r.byName[Canonical(name)]
	return p, ok
}

// Names returns the canonical names in alphabetical order. The caller owns the slice.
func (r *Registry) Names() []string { return slices.Clone(r.names) }
