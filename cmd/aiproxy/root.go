package main

import (
	"os"

	"github.com/spf13/cobra"

	"aiproxy/cmd/aiproxy/internal/config"
)

// newRootCommand makes the command that runs a node, with the others below it.
func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "aiproxy",
		Short: "A highly available gateway in front of AI model providers",
		Long: "aiproxy stands in front of AI model providers. Without a subcommand it runs one node: alone, or with\n" +
			"--cluster-enabled as one of a cluster. See `aiproxy dev` for a three-node cluster to try.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags(), os.LookupEnv)
			if err != nil {
				return err
			}
			ctx, stop := signalContext(cmd.Context())
			defer stop()
			return runNode(ctx, c, newLogger(os.Stderr, c.Log))
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return config.ExplainFlagError(err) })
	config.Register(root.Flags())
	root.AddCommand(newClusterCommand(), newConfigCommand(), newDevCommand(), newHealthcheckCommand(), newSimulateCommand(), newVersionCommand())
	return root
}
