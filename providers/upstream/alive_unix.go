//go:build unix

package upstream

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// liveness asks the kernel, without waiting, whether an idle connection has anything to read. If it has, the upstream
// closed it, reset it or spoke out of turn, and it is of no use.
type liveness struct {
	raw   syscall.RawConn
	check func(fd uintptr)
	poll  [1]unix.PollFd
	quiet bool
}

func newLiveness(nc any) *liveness {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	l := &liveness{raw: raw}
	l.check = l.ask
	return l
}

func (l *liveness) ask(fd uintptr) {
	l.poll[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	n, err := unix.Poll(l.poll[:], 0)
	l.quiet = n == 0 && err == nil
}

// alive must not be called by two goroutines at once. Where the kernel cannot be asked it says true.
func (l *liveness) alive() bool {
	if l == nil {
		return true
	}
	return l.raw.Control(l.check) == nil && l.quiet
}
