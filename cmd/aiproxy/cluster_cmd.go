package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"aiproxy/cmd/aiproxy/internal/adminclient"
	"aiproxy/cmd/aiproxy/internal/config"
)

// newClusterCommand makes the command that looks at a running cluster and changes who is in it.
func newClusterCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Look at a cluster, and change who is in it and who leads it",
		Args:  cobra.NoArgs,
		// Without a function of its own cobra would answer a misspelt subcommand with the help and success.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return config.ExplainFlagError(err) })
	cmd.AddCommand(newClusterStatusCommand(), newClusterLeaveCommand(), newClusterRemoveCommand(), newClusterTransferCommand(),
		newClusterBackupCommand(), newClusterRestoreCommand(), newClusterRecoverCommand())
	return cmd
}

// withClient makes cmd one that talks to a node: it gets the flags by which the node is found, and its function a client.
func withClient(cmd *cobra.Command, run func(cmd *cobra.Command, client *adminclient.Client, args []string) error) *cobra.Command {
	flags := adminclient.AddFlags(cmd.Flags())
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		client, err := flags.Client(os.LookupEnv)
		if err != nil {
			return err
		}
		ctx, stop := signalContext(cmd.Context())
		defer stop()
		cmd.SetContext(ctx)
		return run(cmd, client, args)
	}
	return cmd
}

func newClusterLeaveCommand() *cobra.Command {
	return withClient(&cobra.Command{
		Use:   "leave",
		Short: "Make a node leave its cluster for good and stop",
		Long: "Makes the node at --address leave its cluster: it hands leadership over if it has it, is removed, ends its requests\n" +
			"in flight and stops with status 0. Its data directory is of no use any more: to bring the node back, move the\n" +
			"directory away and start the node with --seed-nodes. A node that only restarts needs SIGTERM, not this.",
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, client *adminclient.Client, _ []string) error {
		if err := client.Do(cmd.Context(), http.MethodPost, "/cluster/leave", nil, nil); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "the node at %s has left its cluster and stops\n", client.Address())
		return nil
	})
}

func newClusterRemoveCommand() *cobra.Command {
	var force bool
	cmd := withClient(&cobra.Command{
		Use:   "remove ID",
		Short: "Remove a node from its cluster, be it up or down",
		Long: "Removes the node from its cluster; ask any node. A leader hands over first. What would cost the cluster its quorum\n" +
			"is refused. A node that still runs learns that it was removed and is not ready any more: stop it.",
		Args: oneArgument("node id"),
	}, func(cmd *cobra.Command, client *adminclient.Client, args []string) error {
		path := "/cluster/nodes/" + url.PathEscape(args[0])
		if force {
			path += "?force=true"
		}
		if err := client.Do(cmd.Context(), http.MethodDelete, path, nil, nil); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "node %s is not in the cluster any more\n", args[0])
		return nil
	})
	cmd.Flags().BoolVar(&force, "force", false, "be content with remaining voters that answer, even if they lag behind")
	return cmd
}

func newClusterTransferCommand() *cobra.Command {
	return withClient(&cobra.Command{
		Use:   "transfer [ID]",
		Short: "Hand leadership to a node, or to the best one",
		Args:  cobra.MaximumNArgs(1),
	}, func(cmd *cobra.Command, client *adminclient.Client, args []string) error {
		request := struct {
			To string `json:"to,omitempty"`
		}{}
		if len(args) > 0 {
			request.To = args[0]
		}
		var answer struct {
			Leader string `json:"leader"`
		}
		if err := client.Do(cmd.Context(), http.MethodPost, "/cluster/transfer", request, &answer); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "node %s leads the cluster\n", answer.Leader)
		return nil
	})
}
