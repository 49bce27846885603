// Command aiproxy is the gateway: one static binary, alone or as one node of a cluster.
//
// It owns the wiring: flags and files become a configuration, the configuration becomes constructors, and what they
// make runs until a signal or a fault ends it. Nothing imports it.
package main

import (
	"errors"
	"fmt"
	"os"

	"aiproxy/cmd/aiproxy/internal/config"
)

// differencesStatus is the exit status of a comparison that found differences, as those of diff tools go.
const differencesStatus = 2

func main() { os.Exit(run(os.Args[1:])) }

// run executes the command line and returns the process's exit status.
func run(args []string) int {
	root := newRootCommand()
	root.SetArgs(args)
	err := root.Execute()
	var faults config.Faults
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errDifferences):
		return differencesStatus
	case errors.As(err, &faults):
		fmt.Fprintln(os.Stderr, "aiproxy: the configuration has faults:")
		fmt.Fprintln(os.Stderr, faults.Error())
	default:
		fmt.Fprintln(os.Stderr, "aiproxy:", err)
	}
	return 1
}
