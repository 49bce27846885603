package stats_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/scripts/bench/stats"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	t.Parallel()
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	tests := []struct {
		name    string
		samples []int
		p       float64
		want    int
	}{
		{"no samples", nil, 50, 0},
		{"one sample", []int{7}, 99, 7},
		{"lowest", hundred, 0, 1},
		{"middle", hundred, 50, 50},
		{"tail", hundred, 99, 99},
		{"highest", hundred, 100, 100},
		{"rank is rounded up", []int{1, 2, 3}, 50, 2},
		{"tail of few samples is the highest", []int{1, 2, 3}, 95, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := stats.Percentile(tt.samples, tt.p); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestPercentilesOfSortsAndConvertsToMilliseconds(t *testing.T) {
	t.Parallel()
	got := stats.PercentilesOf([]time.Duration{3 * time.Millisecond, time.Millisecond, 2500 * time.Microsecond})
	want := stats.Percentiles{Count: 3, P50: 2.5, P95: 3, P99: 3, Max: 3}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSpreadOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []float64
		want   stats.Spread
	}{
		{"none", nil, stats.Spread{}},
		{"one", []float64{4}, stats.Spread{Median: 4, Min: 4, Max: 4}},
		{"odd", []float64{9, 1, 5}, stats.Spread{Median: 5, Min: 1, Max: 9}},
		{"even", []float64{4, 1, 2, 8}, stats.Spread{Median: 3, Min: 1, Max: 8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := append([]float64(nil), tt.values...)
			if diff := cmp.Diff(tt.want, stats.SpreadOf(tt.values)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(before, tt.values); diff != "" {
				t.Errorf("the values were reordered: %s", diff)
			}
		})
	}
}

func TestRatiosAndDifferencesPairTheRounds(t *testing.T) {
	t.Parallel()
	a, b := []float64{1, 6, 5, 4}, []float64{2, 3, 0}
	if diff := cmp.Diff([]float64{0.5, 2}, stats.Ratios(a, b)); diff != "" {
		t.Errorf("ratios: %s", diff)
	}
	if diff := cmp.Diff([]float64{-1, 3, 5}, stats.Differences(a, b)); diff != "" {
		t.Errorf("differences: %s", diff)
	}
}
