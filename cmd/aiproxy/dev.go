package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// devOptions are the flags of `aiproxy dev`.
type devOptions struct {
	nodes   int
	port    int
	dataDir string
}

func newDevCommand() *cobra.Command {
	var o devOptions
	command := &cobra.Command{
		Use:   "dev",
		Short: "Run a real cluster on this machine, with a simulated upstream",
		Long: "dev runs nodes as processes of their own on 127.0.0.1, joined through --seed-nodes as in production, and a\n" +
			"simulated OpenAI upstream behind two instances. It prints what to paste and then the nodes' events.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signalContext(cmd.Context())
			defer stop()
			return runDev(ctx, o, cmd.OutOrStdout())
		},
	}
	command.Flags().IntVar(&o.nodes, "nodes", 3, "number of nodes, 1 to 9")
	command.Flags().IntVar(&o.port, "port", 3000, "port of the first node; the others take the ports that follow")
	command.Flags().StringVar(&o.dataDir, "data-dir", "", "directory to keep the nodes' data in (default a temporary one, removed at the end)")
	return command
}

const maxDevNodes = 9

func (o devOptions) validate() error {
	if o.nodes < 1 || o.nodes > maxDevNodes {
		return fmt.Errorf("--nodes %d: use 1 to %d", o.nodes, maxDevNodes)
	}
	if o.port < 1 || o.port+o.nodes-1 > 65535 {
		return fmt.Errorf("--port %d: %d nodes need ports from 1 to 65535", o.port, o.nodes)
	}
	return nil
}

// runDev runs the cluster until ctx ends or no node is left.
func runDev(ctx context.Context, o devOptions, out io.Writer) error {
	if err := o.validate(); err != nil {
		return err
	}
	if err := checkPortsFree(ctx, o); err != nil {
		return err
	}
	space, err := openDevSpace(o.dataDir)
	if err != nil {
		return err
	}
	defer space.close()

	upstream, err := startDevUpstream(ctx, space)
	if err != nil {
		return err
	}
	defer upstream.close()

	cluster, err := newDevCluster(o, space, upstream, newPrefixer(out))
	if err != nil {
		return err
	}
	defer cluster.stop()

	fmt.Fprintf(out, "starting %d nodes, logs in %s\n\n", o.nodes, space.dir)
	if err := cluster.form(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if ctx.Err() == nil {
		printGuide(out, cluster)
	}
	return cluster.wait(ctx)
}

// checkPortsFree finds busy ports before anything is started.
func checkPortsFree(ctx context.Context, o devOptions) error {
	for i := range o.nodes {
		address := devAddress(o, i)
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("port %d is not free for %s: stop what uses it, or choose another first port with --port: %w",
				o.port+i, devNodeName(i), err)
		}
		if err := listener.Close(); err != nil {
			return fmt.Errorf("free %s again: %w", address, err)
		}
	}
	return nil
}

func devAddress(o devOptions, i int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port+i))
}

func devNodeName(i int) string { return "node" + strconv.Itoa(i+1) }

// printGuide shows what to paste into another terminal.
func printGuide(out io.Writer, c *devCluster) {
	first := c.nodes[0].address
	fmt.Fprintf(out, "\nThe cluster is up (%d nodes).\n\n", len(c.nodes))
	for _, n := range c.nodes {
		fmt.Fprintf(out, "  %s   http://%s   pid %d\n", n.name, n.address, n.pid())
	}
	fmt.Fprintf(out, "\n  API key   %s\n  status    http://%s/cluster/status\n  metrics   http://%s/metrics\n", c.space.apiKey, first, first)
	fmt.Fprintf(out, "\nTry it from another terminal:\n\n")
	last := c.nodes[len(c.nodes)-1].address
	for _, example := range []struct{ what, command string }{
		{"chat", "curl -s http://" + first + "/v1/chat/completions KEY -d '" +
			`{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}` + "'"},
		{"streaming chat, through another node", "curl -sN http://" + last + "/v1/chat/completions KEY -d '" +
			`{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"Hello"}]}` + "'"},
		{"the cluster, as a node sees it", "curl -s http://" + last + "/cluster/status"},
		{"balance by weights on all nodes", "curl -s -X PUT http://" + first + `/loadbalancer/algorithm KEY -d '{"algorithm":"weighted"}'`},
		{"three of four requests for sim-a", "curl -s -X PUT http://" + last + `/loadbalancer/instances/sim-a KEY -d '{"weight":3}'`},
		{"kill a node, then call the others", fmt.Sprintf("kill -9 %d", c.nodes[0].pid())},
	} {
		command := strings.ReplaceAll(example.command, "KEY", "-H 'Authorization: Bearer "+c.space.apiKey+"'")
		fmt.Fprintf(out, "  # %s\n  %s\n\n", example.what, command)
	}
	fmt.Fprint(out, "Ctrl-C stops everything. What the nodes tell:\n\n")
}

// wait tells of nodes that end, until ctx does or none is left.
func (c *devCluster) wait(ctx context.Context) error {
	left := len(c.nodes)
	for left > 0 {
		select {
		case <-ctx.Done():
			return nil
		case n := <-c.exits:
			left--
			c.out.line("dev", fmt.Sprintf("%s ended (%s). Start it again with:\n  %s", n.name, n.state(), n.commandLine()))
		}
	}
	return fmt.Errorf("all nodes have ended: their logs are in %s", c.space.dir)
}

// devSpaceMode is that of the directory of a development cluster: it holds a key.
const devSpaceMode os.FileMode = 0o700
