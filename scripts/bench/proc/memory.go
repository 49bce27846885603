//go:build linux

package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// ResetPeak sets the peak of each process's memory to what it has now.
func ResetPeak(pids []int) error {
	for _, pid := range pids {
		// 5 means the peak of the resident set, see proc(5).
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o200); err != nil {
			return fmt.Errorf("reset peak memory: %w", err)
		}
	}
	return nil
}

// Resident returns the sum of the memory that the processes have in use, in bytes. Pages that several of them share count for
// each.
func Resident(pids []int) (int64, error) {
	return memory(pids, "VmRSS")
}

// PeakResident returns the sum of the most memory that each process has had in use since ResetPeak, in bytes.
func PeakResident(pids []int) (int64, error) {
	return memory(pids, "VmHWM")
}

func memory(pids []int, field string) (int64, error) {
	var total int64
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0, err
		}
		kilobytes, err := parseStatus(text, field)
		if err != nil {
			return 0, fmt.Errorf("parse /proc/%d/status: %w", pid, err)
		}
		total += kilobytes << 10
	}
	return total, nil
}

func parseStatus(text []byte, field string) (kilobytes int64, err error) {
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if string(name) != field {
			continue
		}
		number, unit, _ := bytes.Cut(bytes.TrimSpace(value), []byte(" "))
		if string(unit) != "kB" {
			return 0, fmt.Errorf("%s in %q", field, unit)
		}
		return strconv.ParseInt(string(number), 10, 64)
	}
	return 0, fmt.Errorf("no %s", field)
}
