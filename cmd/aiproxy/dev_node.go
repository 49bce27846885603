package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// devNode is one node of a development cluster, as a process.
type devNode struct {
	name    string
	address string
	binary  string
	args    []string
	logPath string

	process *exec.Cmd
	ended   chan struct{}
}

// start runs the node. Its log goes to its file and, prefixed with its name, to out.
func (n *devNode) start(out *prefixer, exits chan<- *devNode) error {
	log, err := os.OpenFile(n.logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open log of %s: %w", n.name, err)
	}
	lines := out.writer(n.name)
	n.process = exec.Command(n.binary, n.args...) //nolint:noctx // It ends by stop, which asks it kindly first.
	n.process.Stdout, n.process.Stderr = log, io.MultiWriter(log, lines)
	n.process.SysProcAttr = childAttributes()
	if err := n.process.Start(); err != nil {
		return fmt.Errorf("start %s: %w", n.name, err)
	}
	n.ended = make(chan struct{})
	go func() {
		// How it ended is in ProcessState.
		_ = n.process.Wait()
		_ = log.Close()
		close(n.ended)
		exits <- n
	}()
	return nil
}

// stop sends SIGTERM, and SIGKILL to a node that has not ended in time. A node that was not started is no matter.
func (n *devNode) stop(timeout time.Duration) {
	if n.ended == nil {
		return
	}
	_ = n.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.ended:
		return
	case <-time.After(timeout):
	}
	_ = n.process.Process.Kill()
	<-n.ended
}

func (n *devNode) pid() int { return n.process.Process.Pid }

// state says how an ended node ended.
func (n *devNode) state() string { return n.process.ProcessState.String() }

// commandLine is the node's command line, ready to paste.
func (n *devNode) commandLine() string {
	return n.binary + " " + strings.Join(n.args, " ")
}

// prefixer writes the lines of several writers to one, each whole and with its source's name.
type prefixer struct {
	mu  sync.Mutex
	out io.Writer
}

func newPrefixer(out io.Writer) *prefixer { return &prefixer{out: out} }

func (p *prefixer) line(name, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%-6s| %s\n", name, text)
}

func (p *prefixer) writer(name string) io.Writer { return &lineWriter{name: name, to: p} }

// lineWriter hands on whole lines.
type lineWriter struct {
	name string
	to   *prefixer
	rest []byte
}

// Write implements io.Writer. It keeps an unfinished line for the next call.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, found := strings.Cut(string(w.rest), "\n")
		if !found {
			return len(p), nil
		}
		w.to.line(w.name, line)
		w.rest = []byte(rest)
	}
}
