//go:build linux

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"aiproxy/scripts/bench/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeNode answers what the audit asks a node for.
func fakeNode(t *testing.T, revision uint64, weights map[string]int) *client {
	t.Helper()
	type instance struct {
		Name   string `json:"name"`
		Weight int    `json:"weight"`
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]any{"revision": revision}
		if r.URL.Path == "/loadbalancer/instances" {
			var list []instance
			for name, weight := range weights {
				list = append(list, instance{name, weight})
			}
			answer = map[string]any{"instances": list}
		}
		_ = json.NewEncoder(w).Encode(answer) // The client would complain.
	}))
	c := newClient(server.Listener.Addr().String())
	t.Cleanup(func() { c.close(); server.Close() })
	return &c
}

func TestLostWritesAreCounted(t *testing.T) {
	t.Parallel()
	acks := func(revisions ...uint64) (list []ack) {
		for _, r := range revisions {
			list = append(list, ack{revision: r})
		}
		return list
	}
	tests := []struct {
		name    string
		writers []*writer
		want    int
	}{
		{"nothing was written", []*writer{{instance: "a", weight: -1}}, 0},
		{"all is there", []*writer{{instance: "a", acked: acks(2, 4), weight: 7}, {instance: "b", acked: acks(3), weight: 9}}, 0},
		{"a later write of unknown outcome took effect", []*writer{{instance: "a", acked: acks(2), weight: 6, uncertain: []int{7}}}, 0},
		{"the last is gone", []*writer{{instance: "a", acked: acks(2), weight: 6}}, 1},
		{"two have the same revision", []*writer{{instance: "a", acked: acks(2), weight: 7}, {instance: "b", acked: acks(2), weight: 9}}, 1},
		{"the node is behind", []*writer{{instance: "a", acked: acks(4, 5, 6), weight: 7}}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := lostAt(t.Context(), tt.writers, fakeNode(t, 4, map[string]int{"a": 7, "b": 9}))
			if err != nil || got != tt.want {
				t.Errorf("got %d, %v, want %d", got, err, tt.want)
			}
		})
	}
}

func TestLongestGapCountsFromTheFault(t *testing.T) {
	t.Parallel()
	start := time.Now()
	w := &writer{}
	for _, ms := range []int{0, 500, 510, 530, 700, 710} {
		w.acked = append(w.acked, ack{ended: start.Add(time.Duration(ms) * time.Millisecond)})
	}
	// The fault comes between two acknowledgements: the gap around it counts whole.
	if got := w.longestGap(start.Add(520 * time.Millisecond)); got != 170*time.Millisecond {
		t.Errorf("got %s", got)
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	slow := interruption{Scale: 1, Trials: []float64{2600}}
	slow.Gap.P50 = 2600
	quick := interruption{Scale: 0.25, Trials: []float64{600}, Chat: trafficCounts{Served: 10, Failed: 1}}
	quick.Gap.P50 = 600
	d := document{Failover: []interruption{slow, quick}}
	d.judge()
	verdicts := map[string]report.Verdict{}
	for _, b := range d.Bars {
		verdicts[b.Figure] = b.Verdict
	}
	want := map[string]report.Verdict{
		"failover at scale 1, p50":                       report.Fail,
		"failover at scale 0.25, p50":                    report.Pass,
		"failed requests on surviving nodes":             report.Fail,
		"acknowledged writes lost":                       report.Pass,
		"serial write, p50, the slowest way":             report.Skipped,
		"large configuration: load, replicate, snapshot": report.Skipped,
		"large configuration: memory":                    report.Skipped,
	}
	if diff := cmp.Diff(want, verdicts); diff != "" {
		t.Error(diff)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	if got := run(t.Context(), []string{"-only", "nothing", "-scales", "0", "-trials", "0"}, &stdout, &stderr); got != exitError {
		t.Errorf("exit status %d", got)
	}
	for _, want := range []string{`unknown part "nothing"`, `"0" is not a positive number`, "must be positive"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is not in %s", want, stderr.String())
		}
	}
}
