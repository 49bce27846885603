//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"aiproxy/scripts/bench/report"
)

// document is all that was measured, for programs to read.
type document struct {
	Machine  report.Machine `json:"machine"`
	Failover []interruption `json:"failover,omitempty"`
	Handover []interruption `json:"handover,omitempty"`
	Writes   []writeRate    `json:"writes,omitempty"`
	Restart  []restart      `json:"restart,omitempty"`
	Scale    *scaleFigures  `json:"instances,omitempty"`
	Bars     []report.Bar   `json:"bars"`
}

// The bars. Failover has one for each scale that is usual.
const (
	failoverBar   = 2500.0 // ms, at scale 1
	fastBar       = 700.0  // ms, at scale 0.25
	handoverBar   = 100.0  // ms
	writeBar      = 3.0    // ms
	instancesBar  = 2000.0 // ms
	memoryBar     = 100.0  // MB
	bytesPerMB    = 1e6
	defaultScale  = 1
	fastScale     = 0.25
	millisUnit    = "ms"
	megabytesUnit = "MB"
)

// judge holds the figures against the bars. What was not measured is skipped.
func (d *document) judge() {
	d.bar("failover at scale 1, p50", failoverBar, millisUnit, gapAt(d.Failover, defaultScale))
	d.bar("failover at scale 0.25, p50", fastBar, millisUnit, gapAt(d.Failover, fastScale))
	for _, i := range d.Handover {
		d.bar(fmt.Sprintf("write gap of a handover at scale %v, p50", i.Scale), handoverBar, millisUnit, []float64{i.Gap.P50})
	}
	var failed, lost, serial []float64
	for _, list := range [][]interruption{d.Failover, d.Handover} {
		for _, i := range list {
			failed, lost = append(failed, float64(i.Chat.Failed)), append(lost, float64(i.Writes.Lost))
		}
	}
	d.bar("failed requests on surviving nodes", 0, "", failed)
	d.bar("acknowledged writes lost", 0, "", lost)
	for _, w := range d.Writes {
		if w.Callers == 1 {
			serial = append(serial, w.Latency.P50)
		}
	}
	d.bar("serial write, p50, the slowest way", writeBar, millisUnit, serial)
	var total, memory []float64
	if d.Scale != nil && d.Scale.Snapshot.Bytes > 0 {
		total, memory = []float64{d.Scale.Total}, []float64{float64(d.Scale.Memory) / bytesPerMB}
	}
	d.bar("large configuration: load, replicate, snapshot", instancesBar, millisUnit, total)
	d.bar("large configuration: memory", memoryBar, megabytesUnit, memory)
}

// bar adds a bar that the largest of the values must keep.
func (d *document) bar(figure string, limit float64, unit string, values []float64) {
	b := report.Bar{Figure: figure, Limit: limit, Unit: unit, Verdict: report.Skipped}
	for _, value := range values {
		b.Value, b.Verdict = max(b.Value, value), report.Pass
	}
	if b.Value > limit {
		b.Verdict = report.Fail
	}
	d.Bars = append(d.Bars, b)
}

func gapAt(list []interruption, scale float64) []float64 {
	for _, i := range list {
		if i.Scale == scale && len(i.Trials) > 0 {
			return []float64{i.Gap.P50}
		}
	}
	return nil
}

func (d *document) writeFile(path string) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode figures: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}
