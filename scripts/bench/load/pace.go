//go:build linux

package load

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// pace hands out the moments at which the requests of an open loop are due, until the counted time is over. The caller waits
// for its goroutine with the returned group. A closed loop has none.
//
// A kernel timer wakes it. The runtime's own timers are rounded up to a millisecond while a process is idle, which is ten
// times what a proxy adds to a request.
func (g *generator) pace(ctx context.Context) (*sync.WaitGroup, error) {
	var pacing sync.WaitGroup
	if g.due == nil {
		return &pacing, nil
	}
	interval := time.Second / time.Duration(g.cfg.Workload.Rate)
	timer, err := startTimer(interval)
	if err != nil {
		close(g.due)
		return nil, fmt.Errorf("start timer of %s: %w", interval, err)
	}
	start := time.Now()
	unwatch := context.AfterFunc(ctx, func() { timer.Close() })
	pacing.Go(func() {
		defer close(g.due)
		defer timer.Close()
		defer unwatch()
		expirations := make([]byte, 8)
		for n := 1; g.phase.Load() != measured; {
			if _, err := timer.Read(expirations); err != nil {
				return
			}
			for range binary.NativeEndian.Uint64(expirations) {
				select {
				case g.due <- start.Add(time.Duration(n) * interval):
				case <-ctx.Done():
					return
				}
				n++
			}
		}
	})
	return &pacing, nil
}

// startTimer returns a file that is readable each time interval has passed.
func startTimer(interval time.Duration) (*os.File, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	every := unix.NsecToTimespec(int64(interval))
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "timer"), nil
}
