//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a running command whose output is kept.
type process struct {
	command *exec.Cmd
	output  *output
	ended   chan struct{}
}

// output keeps what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run starts the binary. The environment is the test's own, without settings of aiproxy, plus env.
func run(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return runProgram(t, binary, env, args...)
}

// runProgram starts another build of the program in the same way.
func runProgram(t *testing.T, program string, env []string, args ...string) *process {
	t.Helper()
	command := exec.Command(program, args...)
	command.Env = env
	command.Dir = t.TempDir()
	return runCommand(t, command)
}

// runCommand starts a command in the same environment.
func runCommand(t *testing.T, command *exec.Cmd) *process {
	t.Helper()
	p := &process{command: command, output: &output{}, ended: make(chan struct{})}
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, p.command.Env...)
	p.command.Stdout, p.command.Stderr = p.output, p.output
	if p.command.SysProcAttr == nil {
		p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	if err := p.command.Start(); err != nil {
		t.Fatalf("start %v: %v", p.command.Args, err)
	}
	go func() {
		_ = p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.ended
	})
	return p
}

// signal sends a signal to the process alone.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		t.Fatalf("signal %v: %v", s, err)
	}
}

// wait waits for the end and returns the exit status, -1 for a process ended by a signal.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode()
	case <-time.After(deadline):
		t.Fatalf("the process did not end in time; it said:\n%s", p.output)
		return 0
	}
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}
