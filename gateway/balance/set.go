package balance

import (
	"cmp"
	"slices"
)

// Candidate is what an algorithm knows of an instance.
type Candidate struct {
	Name string
	// Weight is the share of traffic against that of the other candidates. 0 and below take no traffic.
	Weight int
	// Priority is the tier: lower goes first.
	Priority int
}

// Set is a set of candidates with one algorithm and its running state. All of its methods may be called by many
// goroutines at once; it must not be copied.
type Set struct {
	tiers []Picker
	size  int
}

// New lays out the algorithm over the candidates, in tiers of equal priority and in order of name within a tier. The
// work is in proportion to the number of candidates times the length of the schedule; see schedule.
// An unknown algorithm is an error that wraps ErrUnknownAlgorithm.
func New(algorithm string, candidates []Candidate) (*Set, error) {
	picker, err := layout(algorithm)
	if err != nil {
		return nil, err
	}
	order := make([]int, 0, len(candidates))
	for i, c := range candidates {
		if c.Weight > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := candidates[a], candidates[b]
		return cmp.Or(cmp.Compare(x.Priority, y.Priority), cmp.Compare(x.Name, y.Name))
	})
	set := &Set{size: len(order)}
	for start := 0; start < len(order); {
		var tier []member
		priority := candidates[order[start]].Priority
		for start < len(order) && candidates[order[start]].Priority == priority {
			i := order[start]
			tier = append(tier, member{index: i, weight: candidates[i].Weight})
			start++
		}
		set.tiers = append(set.tiers, picker(tier))
	}
	return set, nil
}

// Len is the number of candidates that can be picked at all: those whose weight is above 0.
func (s *Set) Len() int { return s.size }

// Pick returns the index, among the candidates given to New, of the one to try next: from the first tier that has one
// left which is not in r.Tried. It returns -1 when there is none.
func (s *Set) Pick(r Request) int {
	for _, tier := range s.tiers {
		if i := tier.Pick(r); i >= 0 {
			return i
		}
	}
	return -1
}

var _ Picker = (*Set)(nil)
