// Package stats owns the few statistics that the benchmark reports: nearest-rank percentiles of one run's latencies, and
// medians with their spread over rounds. It holds no state; every function may be called from any goroutine.
package stats

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Percentiles are the latencies of one run, in milliseconds. All are zero when nothing was measured.
type Percentiles struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// PercentilesOf sorts samples in place and returns their percentiles.
func PercentilesOf(samples []time.Duration) Percentiles {
	slices.Sort(samples)
	return Percentiles{
		Count: len(samples),
		P50:   milliseconds(Percentile(samples, 50)),
		P95:   milliseconds(Percentile(samples, 95)),
		P99:   milliseconds(Percentile(samples, 99)),
		Max:   milliseconds(Percentile(samples, 100)),
	}
}

// Percentile returns the smallest sample that at least p percent of the samples do not exceed (nearest rank). The samples
// must be sorted in ascending order; without samples the answer is the zero value.
func Percentile[T cmp.Ordered](sorted []T, p float64) T {
	if len(sorted) == 0 {
		var zero T
		return zero
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Spread is the median of a figure over the rounds of a series, with its extremes.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// SpreadOf returns the spread of values, which it leaves as they are. Without values the answer is zero.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	return Spread{Median: median(sorted), Min: sorted[0], Max: sorted[len(sorted)-1]}
}

// Ratios divides each figure of a by the figure of b in the same round. Rounds that only one of them has, and those where
// b is zero, are left out.
func Ratios(a, b []float64) []float64 {
	ratios := make([]float64, 0, len(a))
	for i := range min(len(a), len(b)) {
		if b[i] != 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return ratios
}

// Differences subtracts from each figure of a the figure of b in the same round.
func Differences(a, b []float64) []float64 {
	differences := make([]float64, 0, len(a))
	for i := range min(len(a), len(b)) {
		differences = append(differences, a[i]-b[i])
	}
	return differences
}

func median(sorted []float64) float64 {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func milliseconds(d time.Duration) float64 {
	return float64(d) / float64(time.Millisecond)
}
