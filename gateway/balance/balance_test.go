package balance_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"aiproxy/gateway/balance"
)

func newSet(tb testing.TB, algorithm string, candidates ...balance.Candidate) *balance.Set {
	tb.Helper()
	set, err := balance.New(algorithm, candidates)
	if err != nil {
		tb.Fatalf("New(%q): %v", algorithm, err)
	}
	return set
}

func weighted(weights ...int) []balance.Candidate {
	list := make([]balance.Candidate, len(weights))
	for i, w := range weights {
		list[i] = balance.Candidate{Name: fmt.Sprintf("i%05d", i), Weight: w}
	}
	return list
}

func count(set *balance.Set, picks, candidates int) []int {
	counts := make([]int, candidates)
	for range picks {
		counts[set.Pick(balance.Request{})]++
	}
	return counts
}

func TestSharesAreExact(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		algorithm string
		weights   []int
		picks     int
		want      []int
	}{
		{"round robin ignores weights", balance.RoundRobin, []int{1, 7, 1000}, 300, []int{100, 100, 100}},
		{"round robin leaves out weight 0", balance.RoundRobin, []int{1, 0, 1}, 300, []int{150, 0, 150}},
		{"round robin of one", balance.RoundRobin, []int{5}, 10, []int{10}},
		{"weighted 3 to 1", balance.Weighted, []int{3, 1}, 400, []int{300, 100}},
		{"weighted 5 1 1", balance.Weighted, []int{5, 1, 1}, 700, []int{500, 100, 100}},
		{"weighted leaves out weight 0", balance.Weighted, []int{0, 3, 1}, 400, []int{0, 300, 100}},
		{"weighted with a common divisor", balance.Weighted, []int{1000, 500, 500}, 400, []int{200, 100, 100}},
		{"weighted, four of the heaviest", balance.Weighted, []int{1000, 999, 998, 997}, 3994, []int{1000, 999, 998, 997}},
		{"weighted, negative counts as 0", balance.Weighted, []int{-3, 1}, 10, []int{0, 10}},
		{"switched off", balance.First, []int{0, 1, 1000}, 10, []int{0, 10, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := newSet(t, tt.algorithm, weighted(tt.weights...)...)
			for round := range 3 {
				if diff := cmp.Diff(tt.want, count(set, tt.picks, len(tt.weights))); diff != "" {
					t.Fatalf("round %d: shares (-want +got):\n%s", round, diff)
				}
			}
		})
	}
}

func TestWeightedIsSmooth(t *testing.T) {
	t.Parallel()
	set := newSet(t, balance.Weighted,
		balance.Candidate{Name: "a", Weight: 5}, balance.Candidate{Name: "b", Weight: 1}, balance.Candidate{Name: "c", Weight: 1})
	var order strings.Builder
	for range 14 {
		order.WriteByte("abc"[set.Pick(balance.Request{})])
	}
	if got, want := order.String(), "aabacaaaabacaa"; got != want {
		t.Errorf("order = %s, want %s", got, want)
	}
}

func TestSharesAreExactAmongManyGoroutines(t *testing.T) {
	t.Parallel()
	set := newSet(t, balance.Weighted, weighted(3, 2, 1)...)
	const workers, picks = 8, 6000
	results := make([][]int, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { results[w] = count(set, picks, 3) })
	}
	wg.Wait()
	sum := make([]int, 3)
	for _, counts := range results {
		for i, n := range counts {
			sum[i] += n
		}
	}
	if diff := cmp.Diff([]int{24000, 16000, 8000}, sum); diff != "" {
		t.Errorf("shares (-want +got):\n%s", diff)
	}
}

func TestPrioritiesAreTiers(t *testing.T) {
	t.Parallel()
	for _, algorithm := range append(balance.Algorithms(), balance.First) {
		t.Run("algorithm "+algorithm, func(t *testing.T) {
			t.Parallel()
			set := newSet(t, algorithm,
				balance.Candidate{Name: "last", Weight: 1, Priority: 9},
				balance.Candidate{Name: "second", Weight: 1, Priority: 5},
				balance.Candidate{Name: "b", Weight: 1, Priority: -1},
				balance.Candidate{Name: "a", Weight: 1, Priority: -1},
				balance.Candidate{Name: "off", Weight: 0, Priority: -2},
			)
			if set.Len() != 4 {
				t.Fatalf("Len() = %d, want 4", set.Len())
			}
			for range 10 {
				var tried []int
				for i := set.Pick(balance.Request{}); i >= 0; i = set.Pick(balance.Request{Tried: tried}) {
					tried = append(tried, i)
				}
				if len(tried) == 4 {
					slices.Sort(tried[:2])
				}
				if diff := cmp.Diff([]int{2, 3, 1, 0}, tried); diff != "" {
					t.Fatalf("order of tries (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestSwitchedOffGoesByPriorityAndName(t *testing.T) {
	t.Parallel()
	set := newSet(t, balance.First,
		balance.Candidate{Name: "b", Weight: 1}, balance.Candidate{Name: "a", Weight: 1}, balance.Candidate{Name: "0", Weight: 1, Priority: 1})
	if got := set.Pick(balance.Request{}); got != 1 {
		t.Errorf("Pick() = %d, want 1", got)
	}
	if got := set.Pick(balance.Request{Tried: []int{1}}); got != 0 {
		t.Errorf("Pick() after a = %d, want 0", got)
	}
}

func TestNobodyLeft(t *testing.T) {
	t.Parallel()
	for _, algorithm := range append(balance.Algorithms(), balance.First) {
		for name, candidates := range map[string][]balance.Candidate{"none": nil, "weight 0": weighted(0, 0)} {
			if got := newSet(t, algorithm, candidates...).Pick(balance.Request{}); got != -1 {
				t.Errorf("%q, %s: Pick() = %d, want -1", algorithm, name, got)
			}
		}
		if got := newSet(t, algorithm, weighted(1, 2)...).Pick(balance.Request{Tried: []int{0, 1}}); got != -1 {
			t.Errorf("%q, all tried: Pick() = %d, want -1", algorithm, got)
		}
	}
}

func TestUnknownAlgorithm(t *testing.T) {
	t.Parallel()
	_, err := balance.New("fastest", weighted(1))
	if !errors.Is(err, balance.ErrUnknownAlgorithm) {
		t.Fatalf("New = %v, want ErrUnknownAlgorithm", err)
	}
	for _, want := range append(balance.Algorithms(), "fastest") {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %q", err, want)
		}
	}
	if balance.Known("fastest") || balance.Known(balance.First) || !balance.Known(balance.Weighted) {
		t.Error("Known is wrong about an algorithm")
	}
}

// TestLongSchedulesKeepTheirBound checks the bound that the schedule's documentation gives.
func TestLongSchedulesKeepTheirBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(1, 1000), 5, 60).Draw(t, "weights")
		set, err := balance.New(balance.Weighted, weighted(weights...))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, w := range weights {
			sum += w
		}
		const limit = 4096
		lifted := 0
		for _, w := range weights {
			if w*limit < sum {
				lifted++
			}
		}
		const picks = 1 << 16
		counts := count(set, picks, len(weights))
		for i, w := range weights {
			share, want := float64(counts[i])/picks, float64(w)/float64(sum)
			// A run that is no whole number of rounds may be off by one more slot at its end.
			bound := 1.0/limit + want*float64(lifted)/limit + 40.0/picks
			if share < want-bound || share > want+bound || counts[i] == 0 {
				t.Fatalf("candidate %d, weight %d of %d: share %.5f, want %.5f +- %.5f", i, w, sum, share, want, bound)
			}
		}
	})
}

// TestPickProperties checks what holds for every algorithm: never weight 0, never one that was tried, never a tier
// while a lower one has somebody left, and -1 only when nobody is left at all.
func TestPickProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		algorithm := rapid.SampledFrom(append(balance.Algorithms(), balance.First)).Draw(t, "algorithm")
		candidates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) balance.Candidate {
			return balance.Candidate{
				Name:     rapid.StringMatching(`[a-c]{1,3}`).Draw(t, "name"),
				Weight:   rapid.IntRange(0, 20).Draw(t, "weight"),
				Priority: rapid.IntRange(-1, 2).Draw(t, "priority"),
			}
		}), 0, 12).Draw(t, "candidates")
		set, err := balance.New(algorithm, candidates)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			tried := rapid.SliceOfDistinct(rapid.IntRange(0, 11), rapid.ID[int]).Draw(t, "tried")
			checkPick(t, candidates, tried, set.Pick(balance.Request{Tried: tried}))
		}
	})
}

func checkPick(t *rapid.T, candidates []balance.Candidate, tried []int, got int) {
	left := func(c balance.Candidate, i int) bool { return c.Weight > 0 && !slices.Contains(tried, i) }
	if got == -1 {
		for i, c := range candidates {
			if left(c, i) {
				t.Fatalf("Pick() = -1 although candidate %d is left", i)
			}
		}
		return
	}
	if !left(candidates[got], got) {
		t.Fatalf("picked %d: %+v with tried %v", got, candidates[got], tried)
	}
	for i, c := range candidates {
		if left(c, i) && c.Priority < candidates[got].Priority {
			t.Fatalf("picked %d of priority %d although %d of priority %d is left", got, candidates[got].Priority, i, c.Priority)
		}
	}
}

func TestPickDoesNotAllocate(t *testing.T) {
	set := newSet(t, balance.Weighted, weighted(3, 2, 1)...)
	tried := []int{0}
	if n := testing.AllocsPerRun(100, func() {
		set.Pick(balance.Request{})
		set.Pick(balance.Request{Tried: tried})
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
