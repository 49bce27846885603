package metrics

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxLabelSize is the longest label value kept, in bytes.
const maxLabelSize = 128

// nameSet admits names until it is full; those that come later are "other".
type nameSet struct {
	mu    sync.RWMutex
	limit int
	names map[string]string
}

func newNameSet(limit int) *nameSet {
	return &nameSet{limit: limit, names: make(map[string]string)}
}

// label returns the name, which is admitted if there is room, or "other".
func (s *nameSet) label(name string) string {
	if kept, ok := s.lookup(name); ok {
		return kept
	}
	return s.admit(name)
}

func (s *nameSet) lookup(name string) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	kept, ok := s.names[name]
	return kept, ok
}

// admit keeps a copy: the name may be part of a request that is much larger.
func (s *nameSet) admit(name string) string {
	if !printable(name) {
		return other
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.names[name]; ok {
		return kept
	}
	if len(s.names) >= s.limit {
		return other
	}
	kept := strings.Clone(name)
	s.names[kept] = kept
	return kept
}

// modelSet decides which models have series. Clients choose model names, so a name counts only when the
// configuration has it or when an upstream has answered for it, and then only so many of them.
type modelSet struct {
	known      func(model string) bool
	configured *nameSet
	learnt     *nameSet
}

// label returns the model or "other"; answered tells that an upstream has served it.
func (s *modelSet) label(model string, answered bool) string {
	if kept, ok := s.configured.lookup(model); ok {
		return kept
	}
	if kept, ok := s.learnt.lookup(model); ok {
		return kept
	}
	if s.known(model) {
		return s.configured.admit(model)
	}
	if !answered {
		return other
	}
	return s.learnt.admit(model)
}

func printable(name string) bool {
	if name == "" || len(name) > maxLabelSize || !utf8.ValidString(name) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// handles keeps the collectors' children by their label values. Keys are bounded because label values are.
type handles[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

// get returns the handle of key, made at the first use. Create must give equal handles for equal keys: two callers
// that come first at the same time may both call it.
func (h *handles[K, V]) get(key K, create func(K) V) V {
	h.mu.RLock()
	v, ok := h.m[key]
	h.mu.RUnlock()
	if ok {
		return v
	}
	return h.add(key, create(key))
}

func (h *handles[K, V]) add(key K, v V) V {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.m == nil {
		h.m = make(map[K]V)
	}
	h.m[key] = v
	return v
}
