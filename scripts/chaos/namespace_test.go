//go:build chaos && linux

package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

const (
	// insideVariable tells the test process that it runs in namespaces of its own.
	insideVariable = "AIPROXY_CHAOS_INSIDE"
	bridge         = "chaos0"
	// hostIP is where the test process itself is on the bridge: its clients and the simulated upstream.
	hostIP = "10.111.255.254"
)

// whyNotIsolated returns what keeps this process from making network namespaces and cutting links in them, or "".
func whyNotIsolated() string {
	if os.Geteuid() != 0 {
		return "that takes root"
	}
	for _, tool := range []string{"ip", "iptables", "nsenter", "unshare", "mount"} {
		if _, err := exec.LookPath(tool); err != nil {
			return tool + " is missing (Debian packages iproute2, iptables, util-linux)"
		}
	}
	try := "mount --make-rprivate / && ip link add " + bridge + " type bridge && iptables -w -A INPUT -s " + hostIP + " -j DROP"
	if out, err := exec.Command("unshare", "--net", "--mount", "sh", "-c", try).CombinedOutput(); err != nil {
		return fmt.Sprintf("trying it failed: %v: %s", err, strings.TrimSpace(string(out)))
	}
	return ""
}

// runIsolated runs the tests in a child that has network and mounts of its own, so that nothing of what they do reaches
// the machine, and nothing of it is left when they end in whatever way. It returns the child's exit status.
func runIsolated() int {
	// The kernel ends the child when the thread that started it ends, so this one must stay.
	runtime.LockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos: run the tests in a network namespace:", err)
		return 1
	}
	return 0
}

// prepareNamespace makes the bridge that nodes are joined to.
func prepareNamespace() error {
	return run(
		"mount --make-rprivate /",
		"ip link set lo up",
		"ip link add "+bridge+" type bridge",
		"ip address add "+hostIP+"/16 dev "+bridge,
		"ip link set "+bridge+" up",
	)
}

// run executes commands, whose words are separated by single spaces, until one fails.
func run(commands ...string) error {
	for _, line := range commands {
		words := strings.Split(line, " ")
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}
