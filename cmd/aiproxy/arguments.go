package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// oneArgument makes a command take one argument, and say which where it got another number.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return fmt.Errorf("give one %s, not %d: %s", what, len(args), cmd.UseLine())
	}
}
