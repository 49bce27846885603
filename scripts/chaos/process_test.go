//go:build chaos && linux

package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// process is a running command whose output goes to a file.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

// startProcess starts the command, whose output is appended to the log. The kernel ends it when the test process ends.
func startProcess(command *exec.Cmd, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	defer out.Close()
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %v: %w", command.Args, err)
	}
	p := &process{command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// signal sends a signal, which a process that has ended no longer gets.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.command.Process.Signal(s); err != nil && p.running() {
		t.Fatalf("signal %v: %v", s, err)
	}
}

// wait waits for the end and returns the exit status, -1 for a process ended by a signal; ok is false if it took longer.
func (p *process) wait(limit time.Duration) (code int, ok bool) {
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode(), true
	case <-time.After(limit):
		return 0, false
	}
}
