//go:build linux

// Package proc owns what the benchmark knows of operating-system processes: it starts and stops them so that none is left
// behind, and reads their processor time and memory from /proc. It must not end a process that it has not started.
//
// Functions may be called from any goroutine. A Process may be used by several.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of times in /proc. The kernel's interface fixes it at a hundredth of a second on every architecture that Go
// runs on, whatever the kernel counts with itself.
const tick = 10 * time.Millisecond

// Tree returns pid and all its descendants that run now, in ascending order.
func Tree(pid int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	children := make(map[int][]int)
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := readStat(child)
		if err != nil {
			continue // It has ended since the listing.
		}
		children[stat.parent] = append(children[stat.parent], child)
	}
	tree := []int{pid}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	slices.Sort(tree)
	return tree, nil
}

// CPU returns the processor time, user and system, that the processes, with all their threads, and their ended children have
// used. The kernel's clock of a process counts nanoseconds where /proc counts hundredths of a second, which matters for servers
// that are mostly idle; only for children that have ended there is nothing finer than /proc.
func CPU(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		own, err := clock(pid)
		if err != nil {
			return 0, fmt.Errorf("read processor time of process %d: %w", pid, err)
		}
		stat, err := readStat(pid)
		if err != nil {
			return 0, err
		}
		sum += own + time.Duration(stat.children)*tick
	}
	return sum, nil
}

// clock reads the clock that clock_getcpuclockid(3) names for pid: the complement of the id above three bits that select the
// time the scheduler has given to the whole process.
func clock(pid int) (time.Duration, error) {
	const scheduled = 2
	var now unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &now); err != nil {
		return 0, err
	}
	return time.Duration(now.Nano()), nil
}

// MachineCPU returns the processor time that all processes of the machine have used, and what other machines have stolen from
// it. The time of interrupts is left out: most of it is the loopback's, and it is not in the processes' own times either.
func MachineCPU() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	busy, err := parseMachine(line)
	if err != nil {
		return 0, fmt.Errorf("parse /proc/stat: %w", err)
	}
	return time.Duration(busy) * tick, nil
}

// stat is what is used of /proc/PID/stat.
type stat struct {
	parent   int
	children int64 // The processor time of ended children, in ticks.
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	parsed, err := parseStat(text)
	if err != nil {
		return stat{}, fmt.Errorf("parse /proc/%d/stat: %w", pid, err)
	}
	return parsed, nil
}

// parseStat reads the parent and the sum of cutime and cstime. Fields are counted from behind the command, which
// may hold blanks and brackets itself.
func parseStat(text []byte) (stat, error) {
	const parent, cutime, cstime = 1, 13, 14
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= cstime {
		return stat{}, fmt.Errorf("%d fields", len(fields))
	}
	var parsed stat
	var err error
	if parsed.parent, err = strconv.Atoi(string(fields[parent])); err != nil {
		return stat{}, fmt.Errorf("parent: %w", err)
	}
	parsed.children, err = sum(fields[cutime : cstime+1])
	return parsed, err
}

// parseMachine sums user, nice and system time and steal of the first line of /proc/stat. Guests' time is part of user time.
func parseMachine(line []byte) (int64, error) {
	const idle, steal = 4, 8
	fields := bytes.Fields(line)
	if len(fields) <= steal {
		return 0, fmt.Errorf("%d fields", len(fields))
	}
	return sum(append(fields[1:idle:idle], fields[steal]))
}

func sum(fields [][]byte) (int64, error) {
	var total int64
	for _, field := range fields {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("ticks: %w", err)
		}
		total += n
	}
	return total, nil
}
