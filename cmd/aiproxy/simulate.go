package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"aiproxy/providers/simulator"
)

// newSimulateCommand makes the command that runs the simulated upstream alone.
func newSimulateCommand() *cobra.Command {
	var listen string
	var delay time.Duration
	var keys []string
	command := &cobra.Command{
		Use:   "simulate",
		Short: "Run the simulated upstream alone",
		Long: "simulate answers as the upstreams of OpenAI, Anthropic, Google, Qwen and Kiro would, without a model behind it.\n" +
			"The model's name says what happens; any other name gets a sound answer:\n\n" + simulator.Scripts(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signalContext(cmd.Context())
			defer stop()
			listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
			if err != nil {
				return fmt.Errorf("listen on %s: %w (choose another --listen)", listen, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "simulated upstream at http://%s/v1\n", listener.Addr())
			sim := simulator.New(simulator.Options{Name: "simulator", ChunkDelay: delay, APIKeys: keys})
			return serveUntil(ctx, listener, sim)
		},
	}
	command.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on")
	command.Flags().DurationVar(&delay, "chunk-delay", 0, "pause between the events of a stream")
	command.Flags().StringSliceVar(&keys, "api-key", nil, "keys to accept (default any)")
	return command
}

// serveUntil serves the handler until ctx ends.
func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
