//go:build linux

package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"aiproxy/scripts/bench/report"
	"aiproxy/scripts/bench/stats"
)

// write writes the tables and the bars.
func (d *document) write(w io.Writer) {
	fmt.Fprintln(w, d.Machine)
	writeInterruptions(w, "leader killed: time to the first accepted write", d.Failover)
	writeInterruptions(w, "leader stopped: longest time without an accepted write", d.Handover)
	d.writeRates(w)
	d.writeRestarts(w)
	d.writeScale(w)
	report.WriteBars(w, d.Bars)
}

// table writes lines of tab-separated cells under a title.
func table(w io.Writer, title string, lines func(w io.Writer)) {
	fmt.Fprintf(w, "\n%s\n", title)
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines(columns)
	_ = columns.Flush() // What went wrong shows at the last line, as everywhere.
}

func writeInterruptions(w io.Writer, title string, list []interruption) {
	if len(list) == 0 {
		return
	}
	table(w, title, func(w io.Writer) {
		fmt.Fprintln(w, "scale\ttrials\tp50 ms\tp95 ms\tmax ms\trequests\tfailed\twrites\tfailed\tlost")
		for _, i := range list {
			fmt.Fprintf(w, "%v\t%d\t%.1f\t%.1f\t%.1f\t%d\t%d\t%d\t%d\t%d\n", i.Scale, len(i.Trials), i.Gap.P50, i.Gap.P95, i.Gap.Max,
				i.Chat.Served, i.Chat.Failed, i.Writes.Acked, i.Writes.Failed, i.Writes.Lost)
		}
	})
	for _, i := range list {
		if i.FirstFailure != "" {
			fmt.Fprintf(w, "first failed request at scale %v: %s\n", i.Scale, i.FirstFailure)
		}
	}
}

func (d *document) writeRates(w io.Writer) {
	if len(d.Writes) == 0 {
		return
	}
	table(w, "writes, synced by a quorum", func(w io.Writer) {
		fmt.Fprintln(w, "way\tvia\tcallers\twrites/s\tp50 ms\tp95 ms\tp99 ms\tmax ms\tfailed")
		for _, r := range d.Writes {
			fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%s\t%d\n", r.Way, r.Via, r.Callers, r.Rate, percentiles(r.Latency), r.Failed)
		}
	})
}

func percentiles(p stats.Percentiles) string {
	return fmt.Sprintf("%.2f\t%.2f\t%.2f\t%.2f", p.P50, p.P95, p.P99, p.Max)
}

func (d *document) writeRestarts(w io.Writer) {
	if len(d.Restart) == 0 {
		return
	}
	table(w, "killed and started again", func(w io.Writer) {
		fmt.Fprintln(w, "nodes\ttrials\tready p50 ms\tmax ms\ta write p50 ms\tmax ms")
		for _, r := range d.Restart {
			fmt.Fprintf(w, "%s\t%d\t%.0f\t%.0f\t%.0f\t%.0f\n",
				r.What, r.Ready.Count, r.Ready.P50, r.Ready.Max, r.Writable.P50, r.Writable.Max)
		}
	})
}

func (d *document) writeScale(w io.Writer) {
	f := d.Scale
	if f == nil {
		return
	}
	table(w, "configuration of many instances", func(w io.Writer) {
		fmt.Fprintln(w, "instances\tload ms\treplicate ms\trestart ms\tMB\tMB restarted")
		for _, row := range []struct {
			instances int
			clusterFigures
		}{{clusterSize, f.Small}, {f.Instances, f.Large}} {
			fmt.Fprintf(w, "%d\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\n", row.instances, row.Load, row.Replicate, row.Restart,
				float64(row.Resident)/bytesPerMB, float64(row.Restarted)/bytesPerMB)
		}
	})
	fmt.Fprintf(w, "state machine alone: applied in %.0f ms, snapshot of %.1f MB taken in %.0f ms, restored in %.0f ms\n",
		f.Snapshot.Apply, float64(f.Snapshot.Bytes)/bytesPerMB, f.Snapshot.Take, f.Snapshot.Restore)
}
