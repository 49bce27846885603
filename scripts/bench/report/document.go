//go:build linux

package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"aiproxy/scripts/bench/series"
)

// Machine is where a benchmark ran.
type Machine struct {
	Processor string    `json:"processor"`
	CPUs      int       `json:"cpus"`
	Kernel    string    `json:"kernel"`
	Go        string    `json:"go"`
	Time      time.Time `json:"time"`
}

// ThisMachine describes the machine and the time. What the system does not tell stays empty.
func ThisMachine() Machine {
	m := Machine{CPUs: runtime.NumCPU(), Go: runtime.Version(), Time: time.Now().UTC().Truncate(time.Second)}
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(kernel))
	}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		m.Processor = processor(text)
	}
	return m
}

func processor(cpuinfo []byte) string {
	for line := range bytes.Lines(cpuinfo) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if string(bytes.TrimSpace(name)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

// String is the line that opens a report.
func (m Machine) String() string {
	return fmt.Sprintf("%d x %s, Linux %s, %s, %s", m.CPUs, m.Processor, m.Kernel, m.Go, m.Time.Format(time.RFC3339))
}

// Document is a whole benchmark, for programs to read.
type Document struct {
	Machine   Machine      `json:"machine"`
	Rounds    int          `json:"rounds"`
	Duration  string       `json:"duration"`
	Nodes     int          `json:"nodes"`
	Workloads []Table      `json:"workloads"`
	Bars      []Bar        `json:"bars"`
	Goals     []Goal       `json:"goals"`
	Runs      []series.Run `json:"runs"`
}

// WriteFile writes the document as JSON.
func (d Document) WriteFile(path string) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
