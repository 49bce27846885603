//go:build linux

package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/stats"
)

const missing = "-"

// WriteTables writes the figures of each workload for people to read.
func WriteTables(w io.Writer, tables []Table) {
	for _, table := range tables {
		fmt.Fprintf(w, "\n%s: %s\n", table.Workload, table.Title)
		if table.stream {
			writeColumns(w, streamColumns(table))
		} else {
			writeColumns(w, exchangeColumns(table))
		}
		for _, row := range table.Rows {
			for _, fault := range row.Faults {
				fmt.Fprintf(w, "  %s: %s\n", row.Server, fault)
			}
		}
	}
}

func exchangeColumns(table Table) [][]string {
	lines := [][]string{{
		"server", "cpu-us/request", "x reverseproxy", "x nginx", "requests/s", "p50 ms", "p95 ms", "p99 ms", "MB idle", "MB peak", "failed",
	}}
	for _, r := range table.Rows {
		lines = append(lines, []string{
			label(r), spread(&r.CPU, 1), spread(r.ToReverseProxy, 2), spread(r.ToNginx, 2), number(r.Rate.Median, 0),
			number(r.Latency.P50, 2), number(r.Latency.P95, 2), number(r.Latency.P99, 2),
			number(r.IdleMemory, 1), number(r.PeakMemory, 1), strconv.Itoa(r.Failed),
		})
	}
	return lines
}

// streamColumns shows the first events' times in place of the whole streams', which say little when events are delayed.
func streamColumns(table Table) [][]string {
	lines := [][]string{{
		"server", "cpu-us/stream", "cpu-us/event", "x reverseproxy", "x nginx", "streams/s",
		"first p50 ms", "p95 ms", "added p50", "p95", "MB idle", "MB peak", "failed", "cut",
	}}
	for _, r := range table.Rows {
		added50, added95 := missing, missing
		if r.Added != nil && table.paced {
			added50, added95 = number(r.Added.P50, 2), number(r.Added.P95, 2)
		}
		lines = append(lines, []string{
			label(r), spread(&r.CPU, 0), number(r.CPUPerEvent.Median, 2), spread(r.ToReverseProxy, 2), spread(r.ToNginx, 2),
			number(r.Rate.Median, 0), number(r.FirstEvent.P50, 2), number(r.FirstEvent.P95, 2), added50, added95,
			number(r.IdleMemory, 1), number(r.PeakMemory, 1), strconv.Itoa(r.Failed), strconv.Itoa(r.Cut),
		})
	}
	return lines
}

func label(r Row) string {
	if r.Server == server.Direct {
		return "(upstream itself)"
	}
	return r.Server
}

// WriteGoals writes how far aiproxy is on the way to its goals.
func WriteGoals(w io.Writer, goals []Goal) {
	if len(goals) == 0 {
		return
	}
	fmt.Fprintln(w, "\ngoals of aiproxy (they do not fail the benchmark)")
	lines := [][]string{{"figure", "measured", "must", "aim", ""}}
	for _, g := range goals {
		lines = append(lines, []string{
			g.Figure, quantity(g.Value, g.Unit), quantity(g.Must, g.Unit), quantity(g.Aim, g.Unit), string(g.Verdict),
		})
	}
	writeColumns(w, lines)
}

// WriteBars writes a line for each bar.
func WriteBars(w io.Writer, bars []Bar) {
	fmt.Fprintln(w)
	for _, b := range bars {
		if b.Verdict == Skipped {
			fmt.Fprintf(w, "%s  aiproxy: %s (not measured)\n", b.Verdict, b.Figure)
			continue
		}
		fmt.Fprintf(w, "%s  aiproxy: %s: %s, bar %s\n", b.Verdict, b.Figure, quantity(b.Value, b.Unit), quantity(b.Limit, b.Unit))
	}
}

func quantity(value float64, unit string) string {
	if unit == "" {
		return number(value, 0)
	}
	return number(value, 2) + " " + unit
}

func number(value float64, decimals int) string {
	return fmt.Sprintf("%.*f", decimals, value)
}

func spread(s *stats.Spread, decimals int) string {
	if s == nil {
		return missing
	}
	return fmt.Sprintf("%.*f [%.*f-%.*f]", decimals, s.Median, decimals, s.Min, decimals, s.Max)
}

// writeColumns aligns lines of equal length: the first column to the left, the others to the right.
func writeColumns(w io.Writer, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			if i == 0 {
				fmt.Fprintf(&b, "  %-*s", widths[i], cell)
			} else {
				fmt.Fprintf(&b, "  %*s", widths[i], cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
