// Package spelling guesses what a misspelt name was meant to be, for messages about configuration.
//
// It must not know what the names are for. Its one function keeps nothing and is safe for concurrent use.
package spelling

import "strings"

// Nearest returns the candidate that s was most likely meant to be, empty when none is near.
func Nearest(s string, candidates []string) string {
	// No name is as long as that, and comparing would take its time.
	const longest = 64
	if len(s) > longest {
		return ""
	}
	s = strings.ReplaceAll(strings.ToLower(s), "-", "_")
	best, bestDistance := "", furthest(s)+1
	for _, c := range candidates {
		plain := strings.ReplaceAll(strings.ToLower(c), "-", "_")
		d := distance(s, plain)
		if len(s) >= 3 && (strings.HasPrefix(plain, s) || strings.HasPrefix(s, plain)) {
			d = min(d, 1)
		}
		if d < bestDistance && d < max(len(s), len(plain)) {
			best, bestDistance = c, d
		}
	}
	return best
}

// furthest is how far from a known name a misspelling of this length may be.
func furthest(s string) int {
	switch {
	case len(s) < 4:
		return 1
	case len(s) < 9:
		return 2
	default:
		return 3
	}
}

// distance is the number of insertions, deletions, replacements and swaps of neighbours that make a into b.
func distance(a, b string) int {
	var before []int
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, previous[j+1]+1, previous[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, previous = previous, row
	}
	return previous[len(b)]
}
