package balance

import (
	"slices"
	"sync/atomic"
)

// cycle walks over its slots for ever. The cursor hands every pick a slot of its own, so that the shares over a whole
// round are exact, however many goroutines pick.
type cycle struct {
	cursor atomic.Uint64
	slots  []int
}

// Pick takes the next slot. Where that candidate has been tried, the slots after it are looked at in turn.
func (c *cycle) Pick(r Request) int {
	at := int((c.cursor.Add(1) - 1) % uint64(len(c.slots)))
	if len(r.Tried) == 0 {
		return c.slots[at]
	}
	for range c.slots {
		if i := c.slots[at]; !slices.Contains(r.Tried, i) {
			return i
		}
		if at++; at == len(c.slots) {
			at = 0
		}
	}
	return -1
}

// inOrder prefers an earlier candidate to a later one.
type inOrder []int

// Pick returns the first candidate that has not been tried.
func (o inOrder) Pick(r Request) int {
	for _, i := range o {
		if !slices.Contains(r.Tried, i) {
			return i
		}
	}
	return -1
}
