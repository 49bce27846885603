package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aiproxy/cmd/aiproxy/internal/adminclient"
	"aiproxy/fsm/backup"
)

// newClusterBackupCommand makes the command that saves a cluster's state, or looks into a file that it saved.
func newClusterBackupCommand() *cobra.Command {
	var path, inspect string
	cmd := withClient(&cobra.Command{
		Use:   "backup [-o FILE]",
		Short: "Save the state of a cluster in one file, or inspect such a file",
		Long: "Saves the state of the node at --address in one file, verified, mode 0600. Any node will do, with or without quorum;\n" +
			"the summary tells at which index. Secrets in the file are sealed: to use them, a cluster needs the cluster secret\n" +
			"that they are sealed with, so keep that apart. With --inspect no node is asked: the file is verified and told of.",
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, client *adminclient.Client, _ []string) error {
		return saveBackup(cmd, client, path)
	})
	online := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if inspect != "" {
			return inspectBackup(cmd.OutOrStdout(), inspect)
		}
		return online(cmd, args)
	}
	cmd.Flags().StringVarP(&path, "output", "o", "", "file to write (default aiproxy-TIME.backup)")
	cmd.Flags().StringVar(&inspect, "inspect", "", "file to verify and tell of, instead of making one")
	cmd.MarkFlagsMutuallyExclusive("output", "inspect")
	return cmd
}

func saveBackup(cmd *cobra.Command, client *adminclient.Client, path string) error {
	answer, err := client.Stream(cmd.Context(), http.MethodGet, "/cluster/backup", nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, backup.MaxSize+1))
	if err != nil {
		return fmt.Errorf("read backup of %s: %w", client.Address(), err)
	}
	saved, err := backup.Read(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("backup of %s: %w", client.Address(), err)
	}
	if path == "" {
		path = "aiproxy-" + saved.Header.CreatedAt.Format("20060102T150405Z") + ".backup"
	}
	if err := writeWhole(path, raw); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s, %d bytes\n", path, len(raw))
	tellBackup(cmd.OutOrStdout(), saved.Header)
	return nil
}

// writeWhole writes a file that only its owner may read, so that a crash leaves the old one or the new one.
func writeWhole(path string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp-*") // Its mode is 0600.
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func inspectBackup(out io.Writer, path string) error {
	saved, _, err := readBackup(path)
	if err != nil {
		return err
	}
	tellBackup(out, saved.Header)
	fmt.Fprintln(out, "the file is whole")
	return nil
}

// readBackup reads a file and verifies it.
func readBackup(path string) (*backup.Backup, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, backup.MaxSize+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read backup: %w", err)
	}
	saved, err := backup.Read(bytes.NewReader(raw))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return saved, raw, nil
}

func tellBackup(out io.Writer, h backup.Header) {
	fmt.Fprintf(out, "cluster       %s\nmade          %s by node %s, aiproxy %s\nstate         revision %d at index %d, feature level %d\n"+
		"holds         %d instances, %d client keys\nsealed with   cluster secret %s\n",
		h.ClusterID, h.CreatedAt.Format(time.RFC3339), h.Node, h.Version, h.Revision, h.Index, h.FeatureLevel,
		h.Instances, h.ClientKeys, h.SealKey)
}

// newClusterRestoreCommand makes the command that brings a saved configuration back.
func newClusterRestoreCommand() *cobra.Command {
	var dry, yes bool
	cmd := withClient(&cobra.Command{
		Use:   "restore FILE",
		Short: "Make the configuration of a running cluster that of a backup",
		Long: "Replaces settings, instances and client keys of the whole cluster by those of the backup, at once or not at all,\n" +
			"after it has shown what changes. The cluster keeps its id, its members, its audit trail and its revisions:\n" +
			"`aiproxy config rollback` takes a restore back. A new cluster is restored in the same way. Nothing is changed by a\n" +
			"file that is damaged, of a newer version, or sealed with a secret that the cluster does not have.",
		Args: oneArgument("backup file"),
	}, func(cmd *cobra.Command, client *adminclient.Client, args []string) error {
		return restoreBackup(cmd, client, args[0], dry, yes)
	})
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show what would change")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
	return cmd
}

func restoreBackup(cmd *cobra.Command, client *adminclient.Client, path string, dry, yes bool) error {
	saved, raw, err := readBackup(path)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	tellBackup(out, saved.Header)
	planned, err := postRestore(cmd, client, raw, "?dry_run=true", "")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nat %s this changes:\n", client.Address())
	planned.print(out)
	if dry || len(planned.Diff.Lines) == 0 {
		return nil
	}
	if !yes {
		if err := confirm(cmd, "restore"); err != nil {
			return err
		}
	}
	// What was shown is what is done: a write that came between makes the cluster refuse.
	done, err := postRestore(cmd, client, raw, "", strconv.Quote(strconv.FormatUint(planned.Revision, 10)))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "restored as revision %d (index %d), applied on %s\n", done.Revision, done.Index, strings.Join(done.Applied, ", "))
	return nil
}

func postRestore(cmd *cobra.Command, client *adminclient.Client, raw []byte, query, ifMatch string) (configAnswer, error) {
	var answer configAnswer
	response, err := client.Stream(cmd.Context(), http.MethodPost, "/cluster/restore"+query, bytes.NewReader(raw),
		adminclient.WithHeader("Content-Type", "application/octet-stream"), adminclient.WithHeader("If-Match", ifMatch))
	if err != nil {
		return answer, err
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return answer, fmt.Errorf("read answer of %s: %w", client.Address(), err)
	}
	return answer, nil
}
