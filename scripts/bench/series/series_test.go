//go:build linux

package series

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/workload"
)

func TestServersTakeTurnsInFront(t *testing.T) {
	t.Parallel()
	want := []string{"abc", "bca", "cab", "abc"}
	for round := range want {
		got := strings.Join(turn([]string{"a", "b", "c"}, round), "")
		if got != want[round] {
			t.Errorf("round %d: got %s, want %s", round, got, want[round])
		}
	}
	if got := turn([]string(nil), 1); len(got) > 0 {
		t.Errorf("got %v of nothing", got)
	}
}

func TestPIDsSurviveTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, want := range [][]int{nil, {7}, {7, 42}} {
		got, err := ParsePIDs(FormatPIDs(want))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
	if _, err := ParsePIDs("7,x"); err == nil {
		t.Error("no error for a list that is none")
	}
}

func TestOnlyDirectRunsAreShort(t *testing.T) {
	t.Parallel()
	plan := Plan{Duration: 4 * time.Second}
	flatOut, paced := workload.Workload{Share: 1}, workload.Workload{Share: 0.5, Delay: time.Millisecond}
	got := []time.Duration{
		plan.duration(flatOut, server.AIProxy), plan.duration(flatOut, server.Direct),
		plan.duration(paced, server.AIProxy), plan.duration(paced, server.Direct),
		Plan{Duration: MinDuration}.duration(paced, server.AIProxy),
	}
	want := []time.Duration{4 * time.Second, time.Second, 2 * time.Second, 2 * time.Second, MinDuration}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
