package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// exitAtOnce is the status of a process that a second signal ends, as a shell reports SIGINT.
const exitAtOnce = 130

// signalContext ends with the first SIGINT or SIGTERM. A second one ends the process at once, whatever it is doing.
func signalContext(parent context.Context) (context.Context, context.CancelFunc) {
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
			return
		}
		cancel()
		<-signals
		os.Exit(exitAtOnce)
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
