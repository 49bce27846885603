package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"aiproxy/cmd/aiproxy/internal/adminclient"
)

// newHealthcheckCommand makes the command with which a container's engine asks whether the node can take traffic: an image
// without a shell has nothing else to ask with.
func newHealthcheckCommand() *cobra.Command {
	return withClient(&cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a node whether it can take traffic, for container health checks",
		Long: "Asks /readyz of the node at --address, by default the one that the environment configures, as in the node's own\n" +
			"container. Exit status 0 means ready; else it prints why not. It needs no key. Over https it trusts what --ca-file\n" +
			"or --insecure say.",
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, client *adminclient.Client, _ []string) error {
		if err := client.Do(cmd.Context(), http.MethodGet, "/readyz", nil, nil); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), "ready")
		return nil
	})
}
