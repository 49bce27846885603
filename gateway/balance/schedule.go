package balance

// A schedule is at most this long, or slotsEach slots for each candidate where that is more. Up to four candidates
// with weights up to 1000 are always exact.
const (
	maxSlots  = 4096
	slotsEach = 8
)

// schedule lays out one round of smooth weighted round robin: every candidate has as many slots as its weight says,
// spread as evenly as the others allow.
//
// The weights are divided by their greatest common divisor. Where their sum is still above the longest round L, they
// are scaled down to it: a candidate then has its exact share of L slots, rounded up or down to a whole slot, and at
// least one. A share is therefore off by less than 1/L of the traffic, plus z/L of itself where z candidates had so
// small a weight that they were lifted to one slot.
func schedule(members []member) []int {
	weights := make([]int, len(members))
	for i, m := range members {
		weights[i] = m.weight
	}
	reduce(weights)
	scaleDown(weights, max(maxSlots, slotsEach*len(weights)))
	slots := smooth(weights)
	for at, i := range slots {
		slots[at] = members[i].index
	}
	return slots
}

// reduce divides the weights by their greatest common divisor.
func reduce(weights []int) {
	divisor := 0
	for _, w := range weights {
		divisor = gcd(divisor, w)
	}
	for i := range weights {
		weights[i] /= divisor
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// scaleDown brings the sum of the weights down to limit where it is above. Rounding the running sum rather than each
// weight keeps the total exact and every weight less than one away from its exact share.
func scaleDown(weights []int, limit int) {
	sum := total(weights)
	if sum <= limit {
		return
	}
	before, seen := 0, 0
	for i, w := range weights {
		seen += w
		after := seen * limit / sum
		weights[i] = max(1, after-before)
		before = after
	}
}

// smooth is nginx's algorithm, run for one whole round: each step every candidate gains its weight, and the one that
// has most (the first of several) is taken and pays the sum of all weights.
func smooth(weights []int) []int {
	sum := total(weights)
	balance := make([]int, len(weights))
	slots := make([]int, sum)
	for at := range slots {
		best := 0
		for i, w := range weights {
			balance[i] += w
			if balance[i] > balance[best] {
				best = i
			}
		}
		balance[best] -= sum
		slots[at] = best
	}
	return slots
}

func total(weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	return sum
}
