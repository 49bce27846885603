package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aiproxy/cmd/aiproxy/internal/adminclient"
	"aiproxy/store"
)

const (
	// watchInterval is the time between two looks of --watch. A node asks the others at most once a second.
	watchInterval = time.Second
	// clearScreen moves a terminal's cursor home and clears what is on it.
	clearScreen = "\x1b[H\x1b[2J"
)

func newClusterStatusCommand() *cobra.Command {
	var asJSON, watching bool
	cmd := withClient(&cobra.Command{
		Use:   "status",
		Short: "Show the nodes of a cluster, who leads and what may fail",
		Long: "Shows the cluster as the node at --address sees it. It needs no quorum and no key. --json prints the node's answer,\n" +
			"whose fields scripts may rely on; with --watch it prints one line a second.",
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, client *adminclient.Client, _ []string) error {
		show := showTable
		if asJSON {
			show = showJSON(!watching)
		}
		look := func(ctx context.Context) (string, error) { return lookAtStatus(ctx, client, show) }
		if watching {
			return watch(cmd.Context(), cmd.OutOrStdout(), look)
		}
		page, err := look(cmd.Context())
		fmt.Fprint(cmd.OutOrStdout(), page)
		return err
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer of GET /cluster/status")
	cmd.Flags().BoolVar(&watching, "watch", false, "show it anew every second until interrupted")
	return cmd
}

// showFunc writes a node's answer for people or programs.
type showFunc func(w io.Writer, raw json.RawMessage) error

// lookAtStatus asks the node once and returns what to show of its answer.
func lookAtStatus(ctx context.Context, client *adminclient.Client, show showFunc) (string, error) {
	var raw json.RawMessage
	if err := client.Do(ctx, http.MethodGet, "/cluster/status", nil, &raw); err != nil {
		return "", err
	}
	var page strings.Builder
	err := show(&page, raw)
	return page.String(), err
}

// watch shows what look returns once a second until ctx ends. A node that does not answer is part of what is watched.
func watch(ctx context.Context, out io.Writer, look func(context.Context) (string, error)) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		page, err := look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			page = err.Error() + "\n"
		}
		if isTerminal(out) {
			page = clearScreen + page
		}
		if _, err := io.WriteString(out, page); err != nil {
			return fmt.Errorf("show status: %w", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// showJSON writes the answer as it is, or indented.
func showJSON(indent bool) showFunc {
	return func(w io.Writer, raw json.RawMessage) error {
		page := new(bytes.Buffer)
		page.Write(raw)
		if indent {
			page.Reset()
			if err := json.Indent(page, raw, "", "  "); err != nil {
				return fmt.Errorf("read status: %w", err)
			}
		}
		_, err := fmt.Fprintf(w, "%s\n", bytes.TrimSpace(page.Bytes()))
		return err
	}
}

// showTable writes the status for people: what is wrong first, then the nodes, then what may fail.
func showTable(w io.Writer, raw json.RawMessage) error {
	var s clusterStatus
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("read status: %w", err)
	}
	fmt.Fprintf(w, "cluster %s, seen from %s (%s, term %d, revision %d)\n", orNone(s.ClusterID), s.NodeID, s.State, s.Term, s.Revision)
	if s.Fault != "" {
		fmt.Fprintln(w, "fault:", s.Fault)
	}
	if s.Stale {
		fmt.Fprintln(w, "stale: this node has not caught up with the cluster since its start")
	}
	fmt.Fprintln(w)
	if err := showNodes(w, &s); err != nil {
		return err
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, quorumLine(&s.Status))
	for _, line := range s.SeedConflicts {
		fmt.Fprintln(w, "conflict:", line)
	}
	for _, line := range s.ConfigDrift {
		fmt.Fprintln(w, "differs from this node's own configuration:", line)
	}
	return nil
}

func showNodes(w io.Writer, s *clusterStatus) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tNODE\tADDRESS\tSTATE\tSUFFRAGE\tHEALTH\tLAG\tHEARD LEADER\tVERSION")
	for _, m := range s.Nodes {
		mark := ""
		if s.Leader != nil && s.Leader.NodeID == m.ID {
			mark = "*"
		}
		lag := strconv.FormatUint(m.Lag, 10)
		if !m.Reachable {
			lag = "-"
		}
		fmt.Fprintln(table, strings.Join([]string{
			mark, m.ID, m.APIAddr, m.State, m.Suffrage, health(&m), lag, contact(&m), orNone(m.Version),
		}, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, m := range s.Nodes {
		if m.Error != "" {
			fmt.Fprintf(w, "%s: %s\n", m.ID, m.Error)
		}
	}
	return nil
}

func health(m *store.MemberStatus) string {
	switch {
	case m.Healthy:
		return "healthy"
	case m.Reachable:
		return "unwell"
	default:
		return "unreachable"
	}
}

func contact(m *store.MemberStatus) string {
	switch {
	case m.State == "leader":
		return "leads"
	case m.LastContactMS < 0:
		return "-"
	default:
		return (time.Duration(m.LastContactMS) * time.Millisecond).String() + " ago"
	}
}

// quorumLine says whether the cluster can decide, and how many more voters it can lose.
func quorumLine(s *store.Status) string {
	q := s.Quorum
	votes := fmt.Sprintf("%d of %d voters are healthy, %d are needed", q.HealthyVoters, q.Voters, q.Required)
	switch {
	case s.State == "removed":
		return "quorum: this node is not in the cluster any more; ask another one"
	case q.Voters == 0:
		return "quorum: this node knows of no voters yet"
	case !s.Enabled:
		return "quorum: the node runs alone"
	case q.HealthyVoters < q.Required:
		return "quorum: LOST, " + votes + "; traffic goes on from the last state, writes fail"
	case s.Leader == nil:
		return "quorum: no leader at the moment, " + votes
	case q.FailureTolerance == 0:
		return "quorum: held, " + votes + "; no further voter may fail"
	default:
		return fmt.Sprintf("quorum: held, %s; failure tolerance %d", votes, q.FailureTolerance)
	}
}

func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
