//go:build linux

package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/scripts/bench/load"
	"aiproxy/scripts/bench/report"
	"aiproxy/scripts/bench/series"
	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/stats"
	"aiproxy/scripts/bench/workload"
)

// runs returns a run for each of the server's processor times, with 10 MB idle and the peak given.
func runs(workloadName, name string, peak int64, cpu ...float64) []series.Run {
	made := make([]series.Run, len(cpu))
	for i, c := range cpu {
		made[i] = series.Run{
			Workload: workloadName, Server: name, Round: i + 1, CPU: c, IdleMemory: 10e6, PeakMemory: peak,
			Result: load.Result{
				Seconds: 2, Requests: 1000,
				Latency:    stats.Percentiles{Count: 1000, P50: c / 10, P95: c / 5, P99: c / 2, Max: c},
				FirstEvent: stats.Percentiles{Count: 10, P50: c / 10, P95: c / 5},
			},
		}
	}
	return made
}

func summarize(t *testing.T, names string, all ...[]series.Run) []report.Table {
	t.Helper()
	workloads, err := workload.Select(names)
	if err != nil {
		t.Fatal(err)
	}
	var flat []series.Run
	for _, some := range all {
		flat = append(flat, some...)
	}
	return report.Summarize(workloads, flat)
}

func TestRatiosAreTakenWithinRounds(t *testing.T) {
	t.Parallel()
	tables := summarize(t, "chat,tools",
		runs("chat", server.AIProxy, 30e6, 50, 200, 60),
		runs("chat", server.ReverseProxy, 20e6, 100, 400, 100),
	)
	if len(tables) != 1 || len(tables[0].Rows) != 2 {
		t.Fatalf("got %+v", tables)
	}
	row := tables[0].Rows[0]
	if diff := cmp.Diff(&stats.Spread{Median: 0.5, Min: 0.5, Max: 0.6}, row.ToReverseProxy); diff != "" {
		t.Error(diff)
	}
	if row.ToNginx != nil || row.TailToNginx != nil {
		t.Error("there is a ratio to a server that was not measured")
	}
	if diff := cmp.Diff(stats.Spread{Median: 60, Min: 50, Max: 200}, row.CPU); diff != "" {
		t.Error(diff)
	}
	if row.Rate.Median != 500 || row.IdleMemory != 10 || row.PeakMemory != 30 || row.Latency.P99 != 30 {
		t.Errorf("got %+v", row)
	}
}

func TestAddedTimeIsTakenOffTheUpstreamsOwn(t *testing.T) {
	t.Parallel()
	tables := summarize(t, "paced",
		runs("paced", server.Direct, 1, 2, 2),
		runs("paced", server.AIProxy, 1, 7, 9),
	)
	row := tables[0].Rows[1]
	if row.Added == nil || row.Added.P50 < 0.599 || row.Added.P50 > 0.601 {
		t.Errorf("got %+v", row.Added)
	}
	if row.CPUPerEvent == nil || row.CPUPerEvent.Max != 9.0/50 {
		t.Errorf("got %+v", row.CPUPerEvent)
	}
	if tables[0].Rows[0].Added != nil {
		t.Error("the upstream adds something to itself")
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	failing := runs("tools", server.AIProxy, 20e6, 1)
	failing[0].Failed = 2
	proxy := runs("chat", server.ReverseProxy, 1, 100)
	tests := []struct {
		name   string
		runs   [][]series.Run
		want   []report.Verdict
		failed bool
	}{
		{name: "all kept", runs: [][]series.Run{runs("chat", server.AIProxy, 40e6, 75), proxy}, want: []report.Verdict{"PASS", "PASS", "PASS"}},
		{
			name: "too slow", runs: [][]series.Run{runs("chat", server.AIProxy, 40e6, 76), proxy},
			want: []report.Verdict{"FAIL", "PASS", "PASS"}, failed: true,
		},
		{
			name: "too large", runs: [][]series.Run{runs("chat", server.AIProxy, 41e6, 1), proxy},
			want: []report.Verdict{"PASS", "FAIL", "PASS"}, failed: true,
		},
		{name: "answers failed", runs: [][]series.Run{failing}, want: []report.Verdict{"SKIP", "PASS", "FAIL"}, failed: true},
		{name: "nothing measured", runs: [][]series.Run{proxy}, want: []report.Verdict{"SKIP", "SKIP", "SKIP"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bars := report.Judge(summarize(t, "chat,tools", tt.runs...))
			got := make([]report.Verdict, len(bars))
			for i, bar := range bars {
				got[i] = bar.Verdict
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if report.Failed(bars) != tt.failed {
				t.Errorf("failed is %t", !tt.failed)
			}
		})
	}
}

func TestGoals(t *testing.T) {
	t.Parallel()
	goals := report.Goals(summarize(t, "chat",
		runs("chat", server.AIProxy, 60e6, 40), runs("chat", server.Nginx, 1, 20)))
	got := make(map[string]report.Verdict)
	for _, goal := range goals {
		got[goal.Figure] = goal.Verdict
	}
	want := map[string]report.Verdict{
		"1 KB exchange, processor time against nginx": report.MustMet,
		"memory idle":              report.AimMet,
		"memory at 64 connections": report.Missed,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	broken := runs("stream", server.AIProxy, 20e6, 40)
	broken[0].Failed, broken[0].Cut, broken[0].Faults = 1, 1, []string{"answer cut off"}
	tables := summarize(t, "chat,stream", broken,
		runs("chat", server.Direct, 1e6, 10), runs("chat", server.AIProxy, 20e6, 40), runs("chat", server.Nginx, 1e6, 20))
	var text strings.Builder
	report.WriteTables(&text, tables)
	report.WriteGoals(&text, report.Goals(tables))
	report.WriteBars(&text, report.Judge(tables))
	for _, want := range []string{
		"chat: 1 KB request", "(upstream itself)", "40.0 [40.0-40.0]", "2.00 [2.00-2.00]",
		"  aiproxy: answer cut off\n", "must met", "\nPASS  aiproxy: peak memory at 64 connections: 20.00 MB, bar 40.00 MB\n",
		"\nFAIL  aiproxy: failed and cut answers: 1, bar 0\n", "\nSKIP  aiproxy: processor time of a 1 KB exchange",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "figures.json")
	tables := summarize(t, "chat", runs("chat", server.AIProxy, 20e6, 40))
	want := report.Document{
		Machine: report.ThisMachine(), Rounds: 1, Duration: "4s", Nodes: 1, Workloads: tables, Bars: report.Judge(tables),
		Runs: runs("chat", server.AIProxy, 20e6, 40),
	}
	if err := want.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got report.Document
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Machine.Kernel == "" || got.Machine.CPUs < 1 || got.Machine.Go == "" {
		t.Errorf("machine %+v", got.Machine)
	}
	if diff := cmp.Diff(want.Runs, got.Runs); diff != "" {
		t.Error(diff)
	}
}
