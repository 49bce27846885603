//go:build !linux

package main

import "syscall"

// childAttributes put a node into a process group of its own, so that Ctrl-C reaches it through dev alone, once.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
