package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
)

// RecoveryResult tells what a recovery has made.
type RecoveryResult struct {
	// ClusterID is the new cluster's.
	ClusterID string
	// Kept is the directory that holds the files as they were before.
	Kept string
}

// Run makes the directory that of the new cluster's only voter. The old files are copied aside first. A recovery that is
// interrupted leaves a directory on which no node starts, and can be run again.
//
// The new cluster has an ID of its own. By it, a node of the old cluster that comes back with its data is refused by the
// handshake, on both sides, like any foreign node: it can neither vote here nor bring back what was given up.
func (r *Recovery) Run() (RecoveryResult, error) {
	result := RecoveryResult{ClusterID: newID(), Kept: filepath.Join(r.dir, keptName(time.Now()))}
	if err := keep(r.dir, result.Kept); err != nil {
		return result, fmt.Errorf("copy the old files to %s: %w", result.Kept, err)
	}
	marked := r.node
	marked.Recovering = filepath.Base(result.Kept)
	if err := marked.write(r.dir); err != nil {
		return result, err
	}
	if err := r.rewrite(result.ClusterID); err != nil {
		return result, fmt.Errorf("recover %s (the files as they were are in %s): %w", r.dir, result.Kept, err)
	}
	n := nodeFile{Format: dataFormat, NodeID: r.node.NodeID, InstanceID: r.node.InstanceID, ClusterID: result.ClusterID}
	return result, n.write(r.dir)
}

// rewrite puts a snapshot of the new cluster in the place of log, mirror and older snapshots.
func (r *Recovery) rewrite(clusterID string) error {
	written, err := r.writeSnapshot(clusterID)
	if err != nil {
		return err
	}
	if err := r.removeSnapshots(written); err != nil {
		return err
	}
	if err := r.emptyLog(); err != nil {
		return err
	}
	// The mirror is of the old cluster. The next start makes one of the snapshot.
	for _, name := range []string{mirrorFileName, mirrorFileName + damagedSuffix} {
		if err := os.Remove(filepath.Join(r.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(r.dir)
}

// writeSnapshot writes the state with a Raft configuration of this node alone, and returns the snapshot's ID.
func (r *Recovery) writeSnapshot(clusterID string) (string, error) {
	alone := raft.Configuration{Servers: []raft.Server{{
		Suffrage: raft.Voter, ID: raft.ServerID(r.plan.NodeID), Address: raft.ServerAddress(r.plan.Address),
	}}}
	_, transport := raft.NewInmemTransport("") // Raft wants one to write addresses in their old form.
	sink, err := r.snapshots.Create(raft.SnapshotVersionMax, r.plan.LastIndex, r.plan.LastTerm, alone, 1, transport)
	if err != nil {
		return "", fmt.Errorf("make snapshot: %w", err)
	}
	if err := r.machine.RecoverySnapshot(clusterID, r.plan.NodeID).Persist(sink); err != nil {
		return "", err
	}
	return sink.ID(), nil
}

// removeSnapshots removes all but the one.
func (r *Recovery) removeSnapshots(but string) error {
	dir := filepath.Join(r.dir, snapshotsDirName)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == but {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// emptyLog removes all entries: those of the old cluster's configuration would bring its voters back. Raft's term stays.
func (r *Recovery) emptyLog() error {
	first, err := r.logs.FirstIndex()
	if err != nil {
		return fmt.Errorf("read first log index: %w", err)
	}
	last, err := r.logs.LastIndex()
	if err != nil {
		return fmt.Errorf("read last log index: %w", err)
	}
	if err := r.logs.DeleteRange(first, last); err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	term, err := promised(r.logs, raftTermKey)
	if err != nil {
		return err
	}
	if err := r.logs.SetUint64([]byte(raftTermKey), max(term, r.plan.LastTerm)); err != nil {
		return fmt.Errorf("write term: %w", err)
	}
	return nil
}

// keep copies what a node has in its directory, whole or not at all.
func keep(dir, to string) error {
	temporary := to + ".tmp"
	if err := os.MkdirAll(temporary, 0o700); err != nil {
		return err
	}
	for _, name := range []string{nodeFileName, raftFileName, mirrorFileName, snapshotsDirName} {
		if err := copyTree(filepath.Join(dir, name), filepath.Join(temporary, name)); err != nil {
			return errors.Join(err, os.RemoveAll(temporary))
		}
	}
	if err := syncTree(temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, to); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncTree brings the names of all files in the directory to the disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return syncDir(path)
	})
}

// copyTree copies a file, or a directory with all in it, where there is one.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if path == from && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		target := filepath.Join(to, path[len(from):])
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		return copyFile(path, target)
	})
}

// copyFile copies a file and brings the copy to the disk.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
