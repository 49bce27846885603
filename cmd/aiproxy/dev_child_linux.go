package main

import "syscall"

// childAttributes put a node into a process group of its own, so that Ctrl-C reaches it through dev alone, once; and
// the kernel ends it when dev is killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
