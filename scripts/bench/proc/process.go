//go:build linux

package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// grace is how long a process may take to end after SIGTERM.
const grace = 5 * time.Second

// Spec tells how to start a process.
type Spec struct {
	// Name is what errors call it.
	Name string
	// Path and Args are its program and the arguments without the program's name.
	Path string
	Args []string
	// Log is the file that gets its standard error and, unless Stdout is set, its standard output.
	Log    string
	Stdout *os.File
}

// Process is a child that runs in a process group of its own, so that a terminal's interrupt reaches it only through its
// owner, and that the kernel ends when the owner dies.
type Process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // Why it ended; valid once done is closed.
}

// Start starts a process. It gets no environment but PATH and HOME, so that no setting of the user's shell reaches a server
// under test. The end of ctx does not end it, because that would leave it no grace: the caller must Stop it.
func Start(ctx context.Context, spec Spec) (*Process, error) {
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", spec.Name, err)
	}
	defer log.Close()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), spec.Path, spec.Args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	cmd.Stdout, cmd.Stderr = log, log
	if spec.Stdout != nil {
		cmd.Stdout = spec.Stdout
	}
	// SIGTERM, because a master that is killed outright leaves its workers behind. The kernel sends it when the thread that
	// started the child ends; the runtime ends threads only with goroutines locked to them, of which there are none here.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	p := &Process{name: spec.Name, log: spec.Log, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID is the process's id, which may belong to another process once this one has ended.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop asks the process to end, kills its group when it takes too long, and waits for the end. It may be called again.
func (p *Process) Stop() error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(grace):
	}
	err := syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.done
	if err != nil {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	return fmt.Errorf("stop %s: killed, because it did not end in %s", p.name, grace)
}

// Kill ends the process without warning, as a crash would, and waits for the end. A process that has ended already is no fault.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.done
	return nil
}

// Fault describes err together with the process's state and the end of its log.
func (p *Process) Fault(err error) error {
	state := "is running"
	select {
	case <-p.done:
		state = "has ended"
		if p.err != nil {
			state += ": " + p.err.Error()
		}
	default:
	}
	return fmt.Errorf("%s: %w (the process %s)%s", p.name, err, state, p.tail())
}

// tail returns the last lines of the log, under a line that introduces them.
func (p *Process) tail() string {
	const lines = 30
	text, err := os.ReadFile(p.log)
	if err != nil {
		return "; its log cannot be read: " + err.Error()
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return "; its log is empty"
	}
	parts := bytes.Split(text, []byte("\n"))
	parts = parts[max(0, len(parts)-lines):]
	return "; its log ends:\n  " + string(bytes.Join(parts, []byte("\n  ")))
}
