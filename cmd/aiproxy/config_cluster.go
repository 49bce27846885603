package main

import (
	"context"
	"errors"
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
	"aiproxy/gateway/admin/document"
)

// errDifferences is how `aiproxy config diff` tells a script that there are differences: exit status 2, no message.
var errDifferences = errors.New("there are differences")

// configAnswer is what the commands read of the answers about the configuration as a whole.
type configAnswer struct {
	Index    uint64   `json:"index"`
	Revision uint64   `json:"revision"`
	Applied  []string `json:"applied"`
	Diff     struct {
		Lines []string `json:"lines"`
	} `json:"diff"`
}

// print shows the differences, one a line, or that there are none.
func (a configAnswer) print(w io.Writer) {
	if len(a.Diff.Lines) == 0 {
		fmt.Fprintln(w, "no differences")
	}
	for _, line := range a.Diff.Lines {
		fmt.Fprintln(w, line)
	}
}

func (a configAnswer) printWritten(w io.Writer) {
	a.print(w)
	fmt.Fprintf(w, "written as revision %d (index %d), applied on %s\n", a.Revision, a.Index, strings.Join(a.Applied, ", "))
}

func newConfigExportCommand() *cobra.Command {
	var path string
	var asJSON bool
	cmd := withClient(&cobra.Command{
		Use:   "export",
		Short: "Print the dynamic configuration of a running cluster, secrets sealed",
		Long: "Prints the settings, instances and client keys that the cluster holds, as YAML. Secrets are sealed: this cluster, and\n" +
			"no other, takes them back with `aiproxy config apply`.",
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, client *adminclient.Client, _ []string) error {
		kind := "application/yaml"
		if asJSON {
			kind = "application/json"
		}
		answer, err := client.Stream(cmd.Context(), http.MethodGet, "/config", nil, adminclient.WithHeader("Accept", kind))
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
		if path == "" {
			_, err = cmd.OutOrStdout().Write(text)
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return fmt.Errorf("write configuration: %w", err)
		}
		return nil
	})
	cmd.Flags().StringVarP(&path, "output", "o", "", "file to write, instead of standard output")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of YAML")
	return cmd
}

const configFileHelp = "The file is one that `aiproxy config export` has written, or a node's configuration file. Of the latter, what it\n" +
	"says about load_balancer, model_providers and instances counts, read as a node reads it, environment included; what\n" +
	"it leaves out stays as it is, and so do client keys. Instances that are not in the file are removed."

func newConfigDiffCommand() *cobra.Command {
	var path string
	cmd := withClient(&cobra.Command{
		Use:   "diff -f FILE",
		Short: "Show what applying a file to a running cluster would change",
		Long:  "Shows what `aiproxy config apply` would change. The exit status is 0 without differences and 2 with some.\n\n" + configFileHelp,
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, client *adminclient.Client, _ []string) error {
		wanted, err := readWanted(cmd.Context(), client, path, os.LookupEnv)
		if err != nil {
			return err
		}
		answer, err := wanted.put(cmd.Context(), client, true)
		if err != nil {
			return err
		}
		answer.print(cmd.OutOrStdout())
		if len(answer.Diff.Lines) > 0 {
			return errDifferences
		}
		return nil
	})
	fileFlag(cmd, &path)
	return cmd
}

func newConfigApplyCommand() *cobra.Command {
	var path string
	var dry bool
	var revision uint64
	cmd := withClient(&cobra.Command{
		Use:   "apply -f FILE",
		Short: "Make the dynamic configuration of a running cluster what a file says",
		Long: "Makes the configuration of the whole cluster what the file says, at once or not at all, and prints what changed.\n" +
			"`aiproxy config rollback` takes it back.\n\n" + configFileHelp,
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, client *adminclient.Client, _ []string) error {
		wanted, err := readWanted(cmd.Context(), client, path, os.LookupEnv)
		if err != nil {
			return err
		}
		if revision != 0 {
			wanted.revision = revision
		}
		answer, err := wanted.put(cmd.Context(), client, true)
		if err != nil {
			return err
		}
		if dry || len(answer.Diff.Lines) == 0 {
			answer.print(cmd.OutOrStdout())
			return nil
		}
		if answer, err = wanted.put(cmd.Context(), client, false); err != nil {
			return err
		}
		answer.printWritten(cmd.OutOrStdout())
		return nil
	})
	fileFlag(cmd, &path)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what would change, and change nothing")
	cmd.Flags().Uint64Var(&revision, "if-revision", 0, "write only if this is the configuration's revision")
	return cmd
}

func fileFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "file", "f", "", "file with the configuration, - for standard input")
	if err := cmd.MarkFlagRequired("file"); err != nil {
		panic(err) // The flag was added a line above.
	}
}

func newConfigRevisionsCommand() *cobra.Command {
	return withClient(&cobra.Command{
		Use:   "revisions",
		Short: "List the revisions that the configuration can be rolled back to",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, client *adminclient.Client, _ []string) error {
		var answer struct {
			Revisions []struct {
				Revision uint64    `json:"revision"`
				At       time.Time `json:"at"`
				By       string    `json:"by"`
				Summary  []string  `json:"summary"`
			} `json:"revisions"`
		}
		if err := client.Do(cmd.Context(), http.MethodGet, "/config/revisions", nil, &answer); err != nil {
			return err
		}
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "REVISION\tAT\tBY\tCHANGE")
		for _, r := range answer.Revisions {
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", r.Revision, r.At.UTC().Format(time.RFC3339), r.By, strings.Join(r.Summary, "; "))
		}
		return table.Flush()
	})
}

func newConfigRollbackCommand() *cobra.Command {
	var dry bool
	cmd := withClient(&cobra.Command{
		Use:   "rollback REVISION",
		Short: "Put the configuration of an earlier revision back, as a new revision",
		Args:  oneArgument("revision"),
	}, func(cmd *cobra.Command, client *adminclient.Client, args []string) error {
		revision, err := strconv.ParseUint(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a revision: `aiproxy config revisions` lists them", args[0])
		}
		path := "/config/rollback"
		if dry {
			path += "?dry_run=true"
		}
		var answer configAnswer
		if err := client.Do(cmd.Context(), http.MethodPost, path, map[string]uint64{"revision": revision}, &answer); err != nil {
			return err
		}
		if dry {
			answer.print(cmd.OutOrStdout())
			return nil
		}
		answer.printWritten(cmd.OutOrStdout())
		return nil
	})
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what would change, and change nothing")
	return cmd
}

// wanted is a configuration to be written.
type wanted struct {
	document document.Document
	// revision is the one that the document was made from, 0 where it does not depend on one.
	revision uint64
}

// put writes the configuration, or asks what that would change.
func (w wanted) put(ctx context.Context, client *adminclient.Client, dry bool) (configAnswer, error) {
	path, match := "/config", ""
	if dry {
		path += "?dry_run=true"
	}
	if w.revision != 0 {
		match = strconv.Quote(strconv.FormatUint(w.revision, 10))
	}
	var answer configAnswer
	err := client.Do(ctx, http.MethodPut, path, w.document, &answer, adminclient.WithHeader("If-Match", match))
	return answer, err
}
