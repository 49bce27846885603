package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"aiproxy/cmd/aiproxy/internal/config"
)

// newConfigCommand makes the commands about configuration: that of a node, without starting one, and that of a running
// cluster.
func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration of a node; look at that of a running cluster and change it",
		Args:  cobra.NoArgs,
		// Without a function of its own cobra would answer a misspelt subcommand with the help and success.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return config.ExplainFlagError(err) })
	cmd.AddCommand(
		withNodeFlags(newConfigCheckCommand()), withNodeFlags(newConfigPrintCommand()),
		newConfigExportCommand(), newConfigDiffCommand(), newConfigApplyCommand(),
		newConfigRevisionsCommand(), newConfigRollbackCommand(),
	)
	return cmd
}

// withNodeFlags gives the command the flags of a node, so that a command line can be checked as it stands.
func withNodeFlags(cmd *cobra.Command) *cobra.Command {
	config.Register(cmd.Flags())
	return cmd
}

func newConfigCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Report every fault of the configuration, or ok",
		Long: "Reports every fault of the configuration, each with its place and what to do. Without faults it prints ok, then\n" +
			"what is unwise and what this version does not do yet.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags(), os.LookupEnv)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintln(out, "ok")
			for _, line := range append(c.Warnings(), config.UnknownVariables(os.Environ())...) {
				fmt.Fprintln(out, "warning:", line)
			}
			for _, line := range c.Pending() {
				fmt.Fprintln(out, "to come:", line)
			}
			return nil
		},
	}
}

func newConfigPrintCommand() *cobra.Command {
	return &cobra.Command{
		Use:           "print",
		Short:         "Print the effective configuration with the source of each value, secrets masked",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags(), os.LookupEnv)
			if err != nil {
				return err
			}
			return c.Print(cmd.OutOrStdout())
		},
	}
}
