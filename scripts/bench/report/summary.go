//go:build linux

// Package report owns what a benchmark says: it sums up runs over their rounds, holds aiproxy's figures against the bars, and
// writes tables and JSON. It measures nothing and keeps nothing; its functions may be called from any goroutine.
package report

import (
	"slices"

	"aiproxy/scripts/bench/series"
	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/stats"
	"aiproxy/scripts/bench/workload"
)

// Table is a workload's figures.
type Table struct {
	Workload string `json:"workload"`
	Title    string `json:"title"`
	Rows     []Row  `json:"servers"`

	stream, paced bool
}

// Row is one server's figures under a workload: medians over the rounds, where nothing else is said. Ratios and differences
// are taken within each round first.
type Row struct {
	Server string `json:"server"`
	// CPU is the processor time per request in microseconds; CPUPerEvent that per event of a stream.
	CPU         stats.Spread  `json:"cpu_us_per_request"`
	CPUPerEvent *stats.Spread `json:"cpu_us_per_event,omitempty"`
	// ToReverseProxy and ToNginx are the ratios of CPU to theirs; missing when they were not measured.
	ToReverseProxy *stats.Spread `json:"cpu_to_reverseproxy,omitempty"`
	ToNginx        *stats.Spread `json:"cpu_to_nginx,omitempty"`
	// Rate is the number of requests answered per second.
	Rate stats.Spread `json:"requests_per_second"`
	// Latency holds medians of the runs' percentiles: of whole answers, and of the first events of streams.
	Latency    stats.Percentiles `json:"latency"`
	FirstEvent stats.Percentiles `json:"first_event"`
	// Added is by how much the first event came later than directly from the upstream.
	Added *stats.Percentiles `json:"first_event_added,omitempty"`
	// TailToNginx is the ratio of the 99th percentile of latency to nginx's.
	TailToNginx *stats.Spread `json:"p99_to_nginx,omitempty"`
	// IdleMemory is what the server had in use before the first run, PeakMemory the most in any run, in megabytes.
	IdleMemory float64 `json:"idle_memory_mb"`
	PeakMemory float64 `json:"peak_memory_mb"`
	// Failed and Cut are the sums over all runs.
	Failed int      `json:"failed"`
	Cut    int      `json:"cut"`
	Faults []string `json:"faults,omitempty"`
}

// Summarize sums up runs, a table for each workload that has any.
func Summarize(workloads []workload.Workload, runs []series.Run) []Table {
	var tables []Table
	for _, w := range workloads {
		byServer := make(map[string][]series.Run)
		for _, run := range runs {
			if run.Workload == w.Name {
				byServer[run.Server] = append(byServer[run.Server], run)
			}
		}
		table := Table{Workload: w.Name, Title: w.Title, stream: w.Stream, paced: w.Delay > 0}
		for _, name := range server.Names() {
			if len(byServer[name]) > 0 {
				table.Rows = append(table.Rows, summarizeServer(w, name, byServer))
			}
		}
		if len(table.Rows) > 0 {
			tables = append(tables, table)
		}
	}
	return tables
}

func summarizeServer(w workload.Workload, name string, byServer map[string][]series.Run) Row {
	runs := byServer[name]
	cpu := figures(runs, func(r series.Run) float64 { return r.CPU })
	row := Row{
		Server:     name,
		CPU:        stats.SpreadOf(cpu),
		Rate:       stats.SpreadOf(figures(runs, func(r series.Run) float64 { return r.Requests / r.Seconds })),
		Latency:    medians(runs, latency),
		FirstEvent: medians(runs, firstEvent),
		IdleMemory: megabytes(runs[0].IdleMemory),
	}
	if w.Stream {
		perEvent := figures(runs, func(r series.Run) float64 { return r.CPU / float64(w.Events) })
		row.CPUPerEvent = new(stats.SpreadOf(perEvent))
	}
	if name != server.Direct {
		row.ToReverseProxy = ratio(runs, byServer[server.ReverseProxy], func(r series.Run) float64 { return r.CPU })
		row.ToNginx = ratio(runs, byServer[server.Nginx], func(r series.Run) float64 { return r.CPU })
		row.TailToNginx = ratio(runs, byServer[server.Nginx], func(r series.Run) float64 { return r.Latency.P99 })
		if direct := byServer[server.Direct]; w.Stream && len(direct) > 0 {
			row.Added = new(added(runs, direct))
		}
	}
	for _, run := range runs {
		row.PeakMemory = max(row.PeakMemory, megabytes(run.PeakMemory))
		row.Failed += run.Failed
		row.Cut += run.Cut
		row.Faults = append(row.Faults, run.Faults...)
	}
	row.Faults = row.Faults[:min(len(row.Faults), 3)]
	return row
}

// Elsewhere returns the part of the machine that processes outside the benchmark took: the median and the worst over all runs.
func Elsewhere(runs []series.Run) stats.Spread {
	return stats.SpreadOf(figures(runs, func(r series.Run) float64 { return r.Elsewhere }))
}

func figures(runs []series.Run, of func(series.Run) float64) []float64 {
	values := make([]float64, len(runs))
	for i, run := range runs {
		values[i] = of(run)
	}
	return values
}

func ratio(runs, base []series.Run, of func(series.Run) float64) *stats.Spread {
	ratios := stats.Ratios(figures(runs, of), figures(base, of))
	if len(ratios) == 0 {
		return nil
	}
	return new(stats.SpreadOf(ratios))
}

func latency(r series.Run) stats.Percentiles    { return r.Latency }
func firstEvent(r series.Run) stats.Percentiles { return r.FirstEvent }

func medians(runs []series.Run, of func(series.Run) stats.Percentiles) stats.Percentiles {
	median := func(part func(stats.Percentiles) float64) float64 {
		return stats.SpreadOf(figures(runs, func(r series.Run) float64 { return part(of(r)) })).Median
	}
	all := stats.Percentiles{P50: median(p50), P95: median(p95), P99: median(p99)}
	for _, run := range runs {
		all.Count += of(run).Count
		all.Max = max(all.Max, of(run).Max)
	}
	return all
}

func added(runs, direct []series.Run) stats.Percentiles {
	median := func(part func(stats.Percentiles) float64) float64 {
		of := func(r series.Run) float64 { return part(r.FirstEvent) }
		return stats.SpreadOf(stats.Differences(figures(runs, of), figures(direct, of))).Median
	}
	return stats.Percentiles{P50: median(p50), P95: median(p95), P99: median(p99)}
}

func p50(p stats.Percentiles) float64 { return p.P50 }
func p95(p stats.Percentiles) float64 { return p.P95 }
func p99(p stats.Percentiles) float64 { return p.P99 }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// aiproxy returns aiproxy's row under a workload.
func aiproxy(tables []Table, workloadName string) (Row, bool) {
	for _, table := range tables {
		if table.Workload != workloadName {
			continue
		}
		i := slices.IndexFunc(table.Rows, func(r Row) bool { return r.Server == server.AIProxy })
		if i >= 0 {
			return table.Rows[i], true
		}
	}
	return Row{}, false
}
