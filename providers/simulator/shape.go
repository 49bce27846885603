package simulator

import (
	"maps"
	"slices"
)

// shape says which members an object of a request may have, and what may be in them. It is strict about names only:
// types are checked where a request is read. It never changes once it is in use.
type shape struct {
	// members are an object's, by name; a nil shape allows anything. With nil members any are allowed.
	members map[string]*shape
	// elements are those of an array, values those of an object whose names are free.
	elements, values *shape
	// kinds are the shapes of an object by its member "type", fallback that of an object without one.
	kinds    map[string]*shape
	fallback string
}

// stray is what a request may not have.
type stray struct {
	// path leads to the object: names and numbers, and the kinds of objects that have several.
	path []step
	name string
	// kind is set if it is the object's kind that is unknown.
	kind string
}

// step is one step on the way to a value.
type step struct {
	name  string
	index int
	// isKind tells that the step is no member but the kind of the object.
	isKind bool
}

// named is the shape of an object whose members hold anything.
func named(names ...string) *shape {
	s := &shape{members: make(map[string]*shape, len(names))}
	for _, name := range names {
		s.members[name] = nil
	}
	return s
}

// and adds a member with a shape of its own.
func (s *shape) and(name string, member *shape) *shape {
	s.members[name] = member
	return s
}

// list is the shape of an array.
func list(elements *shape) *shape { return &shape{elements: elements} }

// find returns the first stray member of the value, in alphabetical order; nil if there is none.
func (s *shape) find(value any, path []step) *stray {
	if s == nil {
		return nil
	}
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			if found := s.elements.find(element, append(path, step{index: i})); found != nil {
				return found
			}
		}
	case map[string]any:
		return s.findIn(v, path)
	}
	return nil
}

func (s *shape) findIn(object map[string]any, path []step) *stray {
	if s.kinds != nil {
		kind, _ := object["type"].(string)
		if kind == "" {
			kind = s.fallback
		}
		of, ok := s.kinds[kind]
		if !ok {
			return &stray{path: slices.Clone(path), kind: kind}
		}
		return of.find(object, append(path, step{name: kind, isKind: true}))
	}
	for i, name := range slices.Sorted(maps.Keys(object)) {
		if s.values != nil {
			if found := s.values.find(object[name], append(path, step{index: i})); found != nil {
				return found
			}
			continue
		}
		member, ok := s.members[name]
		if !ok && s.members != nil {
			return &stray{path: slices.Clone(path), name: name}
		}
		if found := member.find(object[name], append(path, step{name: name})); found != nil {
			return found
		}
	}
	return nil
}
