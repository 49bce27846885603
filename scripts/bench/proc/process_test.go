//go:build linux

package proc_test

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aiproxy/scripts/bench/proc"
)

func start(t *testing.T, script string) *proc.Process {
	t.Helper()
	p, err := proc.Start(t.Context(), proc.Spec{
		Name: "shell", Path: "/bin/sh", Args: []string{"-c", script}, Log: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("not within 10 s: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestUsageOfAProcessTree(t *testing.T) {
	t.Parallel()
	p := start(t, "while :; do :; done & wait")
	var tree []int
	eventually(t, "the child runs", func() bool {
		var err error
		if tree, err = proc.Tree(p.PID()); err != nil {
			t.Fatal(err)
		}
		return len(tree) == 2
	})
	t.Cleanup(func() {
		for _, pid := range tree { // The shell leaves its own child behind.
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	eventually(t, "the child's processor time is seen", func() bool {
		cpu, err := proc.CPU(tree)
		return err == nil && cpu > 0
	})
	if err := proc.ResetPeak(tree); err != nil {
		t.Fatal(err)
	}
	resident, err := proc.Resident(tree)
	if err != nil || resident < 100<<10 {
		t.Errorf("resident %d, %v", resident, err)
	}
	if peak, err := proc.PeakResident(tree); err != nil || peak < resident/2 || peak > 64<<20 {
		t.Errorf("peak %d, %v", peak, err)
	}
	if machine, err := proc.MachineCPU(); err != nil || machine <= 0 {
		t.Errorf("machine %s, %v", machine, err)
	}
}

func TestStopEndsAProcessOnce(t *testing.T) {
	t.Parallel()
	p := start(t, "exec sleep 100")
	for range 2 {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}
	<-p.Done()
	if cpu, err := proc.CPU([]int{p.PID()}); err == nil {
		t.Errorf("the process still has a clock: %s", cpu)
	}
}

func TestFaultShowsStateAndLog(t *testing.T) {
	t.Parallel()
	p := start(t, "echo first; echo last >&2; exit 3")
	<-p.Done()
	cause := errors.New("cause")
	err := p.Fault(cause)
	if !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"shell: cause", "exit status 3", "first\n", "last"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
}

func TestChildrenGetNoSettings(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "leaked")
	p := start(t, `echo "key=$OPENAI_API_KEY."`)
	<-p.Done()
	if err := p.Fault(errors.New("x")); !strings.Contains(err.Error(), "key=.") {
		t.Error(err)
	}
}
