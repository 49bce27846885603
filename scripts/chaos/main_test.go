//go:build chaos && linux

// Package chaos tries to break a cluster of real node processes while clients use it, and checks what they saw.
//
// It owns the faults (kills, cut links, full, hung and damaged disks, clocks that jump, changes of membership), the clients that
// record a history, and the checks of that history and of every node's status. It must not reach into the product: nodes
// are the built binary, used over HTTP alone. The exception is what no process can do to another, a hung disk and a
// wrong clock, for which a binary of the build tag faults takes orders from files.
//
// Concurrency: a scenario runs on its test's goroutine, one scenario at a time. Traffic, clients and the observer run
// beside it; they note what goes wrong and never end the test themselves.
package chaos

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv(insideVariable) == "" {
		why := whyNotIsolated()
		if why == "" {
			os.Exit(runIsolated())
		}
		fmt.Fprintf(os.Stderr, "\nWARNING: the chaos tests run WITHOUT network namespaces: %s.\n"+
			"WARNING: every scenario that cuts links or fills disks is SKIPPED.\n\n", why)
	} else if err := prepareNamespace(); err != nil {
		fmt.Fprintln(os.Stderr, "chaos: prepare network namespace:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
