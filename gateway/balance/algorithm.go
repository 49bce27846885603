package balance

import (
	"fmt"
	"slices"
	"strings"
)

// The names of the algorithms, as they stand in settings.
const (
	// RoundRobin gives every candidate the same share, whatever its weight, as long as that is above 0.
	RoundRobin = "round_robin"
	// Weighted gives every candidate a share in proportion to its weight, spread evenly over time.
	Weighted = "weighted"
)

// First stands for a balancer that is switched off: always the first candidate by priority and name that has not
// been tried. It is no algorithm that settings can name.
const First = ""

// Request is what an algorithm may consider when it picks.
type Request struct {
	// Tried holds the indexes of the candidates not to be picked again. Pick neither keeps nor changes it.
	Tried []int
}

// Picker picks among the candidates of one priority. Pick is called by many goroutines at once.
type Picker interface {
	// Pick returns the index of a candidate that is not among r.Tried, or -1 when none is left.
	Pick(r Request) int
}

// member is a candidate inside a tier: its index among the candidates of the Set, and its weight, which is above 0.
type member struct {
	index  int
	weight int
}

// layout finds the function that builds the algorithm's picker over the members of one tier, in order of name.
func layout(algorithm string) (func([]member) Picker, error) {
	switch algorithm {
	case First:
		return func(m []member) Picker { return inOrder(indexes(m)) }, nil
	case RoundRobin:
		return func(m []member) Picker { return &cycle{slots: indexes(m)} }, nil
	case Weighted:
		return func(m []member) Picker { return &cycle{slots: schedule(m)} }, nil
	}
	return nil, fmt.Errorf("%w %q: the known ones are %s", ErrUnknownAlgorithm, algorithm, strings.Join(Algorithms(), ", "))
}

func indexes(members []member) []int {
	list := make([]int, len(members))
	for i, m := range members {
		list[i] = m.index
	}
	return list
}

// Algorithms lists the names that settings may hold, sorted. The slice is the caller's.
func Algorithms() []string { return []string{RoundRobin, Weighted} }

// Known tells whether settings may name the algorithm.
func Known(algorithm string) bool { return slices.Contains(Algorithms(), algorithm) }
