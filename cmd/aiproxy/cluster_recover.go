package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"aiproxy/store"
)

// newClusterRecoverCommand makes the command for a quorum that is lost for good.
func newClusterRecoverCommand() *cobra.Command {
	var dir string
	var yes bool
	cmd := &cobra.Command{
		Use:   "recover --data-dir DIR",
		Short: "Make a node start alone, after most nodes are lost for good",
		Long: "Works on the data directory of a surviving node that is stopped. It makes that node the only voter of a new cluster\n" +
			"with the state of the old one, up to the last entry that this node has. Choose the node with the highest entry: the\n" +
			"command tells before it asks. The files as they were stay in a directory beside. All other nodes must then join anew\n" +
			"with empty data directories; a node with data of the old cluster is refused. While a quorum can still be brought\n" +
			"up, do that instead: nothing is lost then.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return errors.New("give the data directory of the surviving node with --data-dir")
			}
			return recoverNode(cmd, dir, yes)
		},
	}
	cmd.Flags().StringVar(&dir, "data-dir", "", "data directory of the surviving node")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
	return cmd
}

func recoverNode(cmd *cobra.Command, dir string, yes bool) (err error) {
	recovery, err := store.OpenRecovery(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, recovery.Close()) }()
	plan, out := recovery.Plan(), cmd.OutOrStdout()
	tellRecovery(out, dir, plan)
	if !yes {
		if err := confirm(cmd, plan.NodeID); err != nil {
			return err
		}
	}
	result, err := recovery.Run()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "done. The new cluster is %s; the old files are in %s.\n"+
		"Start node %s as before; it leads alone. Then, for each other node: move its data directory away and start it with\n"+
		"--seed-nodes %s.\n", result.ClusterID, result.Kept, plan.NodeID, plan.Address)
	return nil
}

// tellRecovery says what there is and what will become of it.
func tellRecovery(out io.Writer, dir string, plan store.RecoveryPlan) {
	fmt.Fprintf(out, "data directory  %s\nnode            %s at %s\ncluster         %s, which is given up\n"+
		"state           up to entry %d of term %d: revision %d, %d instances\n",
		dir, plan.NodeID, plan.Address, plan.ClusterID, plan.LastIndex, plan.LastTerm, plan.Revision, plan.Instances)
	others := make([]string, 0, len(plan.Others))
	for _, m := range plan.Others {
		others = append(others, m.ID+" at "+m.Address)
	}
	if len(others) == 0 {
		others = append(others, "none")
	}
	fmt.Fprintf(out, "other members   %s\n\n", strings.Join(others, ", "))
	fmt.Fprintf(out, "Node %s becomes the only voter of a new cluster with this state. What only the other nodes have is lost;\n"+
		"entries here that never had a quorum take effect. If another surviving node has a higher entry, recover there.\n"+
		"The other members must join anew with empty data directories. Never start two of them with their old data:\n"+
		"they would go on as the old cluster.\n", plan.NodeID)
	if plan.Removed {
		fmt.Fprintf(out, "Careful: the cluster has removed this node, so it may lack what was written since.\n")
	}
}

// confirm asks a person at a terminal to type the word.
func confirm(cmd *cobra.Command, word string) error {
	if file, ok := cmd.InOrStdin().(*os.File); ok {
		if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
			return errors.New("nothing was changed: there is no terminal to confirm at, add --yes")
		}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Type %s to go on: ", word)
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read confirmation: %w", err)
	}
	if strings.TrimSpace(line) != word {
		return errors.New("nothing was changed: that was not " + word)
	}
	return nil
}
