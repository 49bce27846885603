//go:build linux

package report

import "aiproxy/scripts/bench/stats"

// Verdict is what a figure comes to against its limit.
type Verdict string

// The verdicts. Bars pass or fail; of goals it is told which are reached.
const (
	Pass    Verdict = "PASS"
	Fail    Verdict = "FAIL"
	Skipped Verdict = "SKIP"
	AimMet  Verdict = "aim met"
	MustMet Verdict = "must met"
	Missed  Verdict = "missed"
)

// Bar is a limit that aiproxy must keep for the benchmark to succeed.
type Bar struct {
	Figure  string  `json:"figure"`
	Value   float64 `json:"value"`
	Limit   float64 `json:"limit"`
	Unit    string  `json:"unit"`
	Verdict Verdict `json:"verdict"`
}

// Goal is a figure that the project works towards: Must is what it means to reach, Aim what it hopes for.
type Goal struct {
	Figure  string  `json:"figure"`
	Value   float64 `json:"value"`
	Must    float64 `json:"must"`
	Aim     float64 `json:"aim"`
	Unit    string  `json:"unit"`
	Verdict Verdict `json:"verdict"`
}

// Judge holds aiproxy's figures against the bars. A bar whose figures were not measured is skipped.
func Judge(tables []Table) []Bar {
	bars := []Bar{
		{Figure: "processor time of a 1 KB exchange, against httputil.ReverseProxy", Limit: 0.75, Unit: "x"},
		{Figure: "peak memory at 64 connections", Limit: 40, Unit: "MB"},
		{Figure: "failed and cut answers", Limit: 0, Unit: ""},
	}
	values := []figure{ratioOf("chat", reverseProxyRatio), peakMemory, failures}
	for i := range bars {
		value, measured := values[i](tables)
		bars[i].Value, bars[i].Verdict = value, Skipped
		switch {
		case measured && value <= bars[i].Limit:
			bars[i].Verdict = Pass
		case measured:
			bars[i].Verdict = Fail
		}
	}
	return bars
}

// Failed tells whether a bar was missed.
func Failed(bars []Bar) bool {
	for _, bar := range bars {
		if bar.Verdict == Fail {
			return true
		}
	}
	return false
}

// Goals holds aiproxy's figures against the project's goals. Goals whose figures were not measured are left out.
func Goals(tables []Table) []Goal {
	all := []struct {
		Goal
		figure
	}{
		{Goal{Figure: "1 KB exchange, processor time against nginx", Must: 2.2, Aim: 1.5, Unit: "x"}, ratioOf("chat", nginxRatio)},
		{Goal{Figure: "the same against httputil.ReverseProxy", Must: 0.5, Aim: 0.33, Unit: "x"}, ratioOf("chat", reverseProxyRatio)},
		{Goal{Figure: "32 KB request with tools, against nginx", Must: 3.5, Aim: 2, Unit: "x"}, ratioOf("tools", nginxRatio)},
		{Goal{Figure: "streamed event without delay, against nginx", Must: 1.7, Aim: 1.3, Unit: "x"}, ratioOf("stream", nginxRatio)},
		{Goal{Figure: "streamed event each 20 ms, against nginx", Must: 1.5, Aim: 1.2, Unit: "x"}, ratioOf("paced", nginxRatio)},
		{Goal{Figure: "added time to the first event, p50", Must: 0.8, Aim: 0.4, Unit: "ms"}, addedTime(p50)},
		{Goal{Figure: "added time to the first event, p95", Must: 2.5, Aim: 1.5, Unit: "ms"}, addedTime(p95)},
		{Goal{Figure: "1,000 requests/s, processor time against nginx", Must: 2.8, Aim: 1.8, Unit: "x"}, ratioOf("rate", nginxRatio)},
		{Goal{Figure: "1,000 requests/s, p99 against nginx", Must: 1.5, Aim: 1.15, Unit: "x"}, ratioOf("rate", nginxTail)},
		{Goal{Figure: "memory idle", Must: 35, Aim: 25, Unit: "MB"}, idleMemory},
		{Goal{Figure: "memory at 64 connections", Must: 50, Aim: 35, Unit: "MB"}, peakMemory},
	}
	goals := make([]Goal, 0, len(all))
	for _, g := range all {
		value, measured := g.figure(tables)
		if !measured {
			continue
		}
		g.Value, g.Verdict = value, Missed
		switch {
		case value <= g.Aim:
			g.Verdict = AimMet
		case value <= g.Must:
			g.Verdict = MustMet
		}
		goals = append(goals, g.Goal)
	}
	return goals
}

// figure takes one of aiproxy's figures from the tables; false means that it was not measured.
type figure func([]Table) (float64, bool)

func reverseProxyRatio(r Row) *stats.Spread { return r.ToReverseProxy }
func nginxRatio(r Row) *stats.Spread        { return r.ToNginx }
func nginxTail(r Row) *stats.Spread         { return r.TailToNginx }

func ratioOf(workloadName string, of func(Row) *stats.Spread) figure {
	return func(tables []Table) (float64, bool) {
		row, found := aiproxy(tables, workloadName)
		if !found || of(row) == nil {
			return 0, false
		}
		return of(row).Median, true
	}
}

func addedTime(of func(stats.Percentiles) float64) figure {
	return func(tables []Table) (float64, bool) {
		row, found := aiproxy(tables, "paced")
		if !found || row.Added == nil {
			return 0, false
		}
		return of(*row.Added), true
	}
}

// peakMemory is the most of all runs with 64 connections.
func peakMemory(tables []Table) (float64, bool) {
	peak := 0.0
	for _, name := range []string{"chat", "tools", "rate"} {
		row, _ := aiproxy(tables, name)
		peak = max(peak, row.PeakMemory)
	}
	return peak, peak > 0
}

func idleMemory(tables []Table) (float64, bool) {
	for _, table := range tables {
		if row, found := aiproxy(tables, table.Workload); found {
			return row.IdleMemory, true
		}
	}
	return 0, false
}

func failures(tables []Table) (float64, bool) {
	failed, measured := 0, false
	for _, table := range tables {
		if row, found := aiproxy(tables, table.Workload); found {
			failed += row.Failed
			measured = true
		}
	}
	return float64(failed), measured
}
