package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"

	"aiproxy/fsm"
)

// Recovery turns the data directory of a surviving node into one from which the node starts alone, as the only voter
// of a new cluster with the state of the old. It is for a quorum that is lost for good. It holds the directory, so that
// no node can run on it, until it is closed. It is not for concurrent use.
type Recovery struct {
	dir       string
	node      nodeFile
	logs      *raftboltdb.BoltStore
	snapshots *raft.FileSnapshotStore
	machine   *fsm.FSM
	// scratch is where machine keeps its own mirror.
	scratch string
	plan    RecoveryPlan
}

// RecoveryPlan tells what a recovery finds and what comes of it.
type RecoveryPlan struct {
	NodeID  string
	Address string
	// ClusterID is that of the cluster that is given up.
	ClusterID string
	// LastIndex and LastTerm are those of the last entry that this node has, be it committed or not: all of them count.
	LastIndex, LastTerm uint64
	Revision            uint64
	Instances           int
	// Others are the members that the new cluster does not have, sorted by ID.
	Others []fsm.Member
	// Removed tells that the old cluster has removed this node, which therefore may lack what was written since.
	Removed bool
}

// OpenRecovery reads the whole directory, without changing what a node reads of it, and finds the state that it holds.
// It fails when a process runs on the directory, and when the directory is damaged.
func OpenRecovery(dir string, logger *slog.Logger) (*Recovery, error) {
	r := &Recovery{dir: dir}
	if err := r.open(logger); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Recovery) open(logger *slog.Logger) error {
	var err error
	// The node file comes first: a mistyped directory must not be made.
	if r.node, err = readNodeFile(r.dir); err != nil {
		return fmt.Errorf("%s is no data directory of a node: %w", r.dir, err)
	}
	if r.node.ClusterID == "" {
		return fmt.Errorf("node %s of data directory %s is in no cluster: there is nothing to recover", r.node.NodeID, r.dir)
	}
	if err := PrepareDir(r.dir); err != nil {
		return err
	}
	if r.snapshots, err = raft.NewFileSnapshotStoreWithLogger(r.dir, snapshotsRetained, raftLogger(logger)); err != nil {
		return fmt.Errorf("open snapshots in %s: %w", r.dir, err)
	}
	newest, _, err := r.newestSnapshot()
	if err != nil {
		return err
	}
	path := filepath.Join(r.dir, raftFileName)
	if err := verifyRaft(path, newest.Index); err != nil {
		return err
	}
	if r.logs, err = openLog(path, false); err != nil {
		return explainOpen(path, err)
	}
	if err := r.openMachine(logger); err != nil {
		return err
	}
	if err := r.replay(); err != nil {
		return fmt.Errorf("find the state in %s: %w", r.dir, err)
	}
	return r.makePlan()
}

// openMachine opens a state machine on a copy of the mirror, or on an empty one where that is missing or damaged.
func (r *Recovery) openMachine(logger *slog.Logger) error {
	var err error
	if r.scratch, err = os.MkdirTemp("", "aiproxy-recover-"); err != nil {
		return fmt.Errorf("make a directory to work in: %w", err)
	}
	mirror, copied := filepath.Join(r.dir, mirrorFileName), filepath.Join(r.scratch, mirrorFileName)
	if _, exists, err := fsm.ReadMirrorIndex(mirror); exists && err == nil {
		if err := copyFile(mirror, copied); err != nil {
			return err
		}
	} else if err != nil && !errors.Is(err, fsm.ErrMirrorDamaged) {
		return explainMirror(mirror, err)
	}
	var fault error
	r.machine, err = fsm.Open(copied, fsm.Options{NoSync: true, Logger: logger, OnFault: func(err error) { fault = err }})
	return errors.Join(err, fault)
}

// replay brings the state machine to the end of the log.
func (r *Recovery) replay() error {
	newest, found, err := r.newestSnapshot()
	if err != nil {
		return err
	}
	r.plan.LastIndex, r.plan.LastTerm = r.machine.View().Index, r.machine.View().Term
	if found && newest.Index > r.plan.LastIndex {
		_, content, err := r.snapshots.Open(newest.ID)
		if err != nil {
			return damaged(filepath.Join(r.dir, snapshotsDirName, newest.ID), err)
		}
		if err := errors.Join(r.machine.Restore(content), content.Close()); err != nil {
			return err
		}
		r.plan.LastIndex, r.plan.LastTerm = newest.Index, newest.Term
	}
	last, err := r.logs.LastIndex()
	if err != nil {
		return fmt.Errorf("read last log index: %w", err)
	}
	for index := r.plan.LastIndex + 1; index <= last; index++ {
		if err := r.replayEntry(index); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recovery) replayEntry(index uint64) error {
	var entry raft.Log
	if err := (summedDisk{r.logs}).GetLog(index, &entry); err != nil {
		return fmt.Errorf("read log entry %d: %w", index, err)
	}
	r.plan.LastIndex, r.plan.LastTerm = entry.Index, entry.Term
	if entry.Type != raft.LogCommand && entry.Type != raft.LogConfiguration {
		return nil // Raft keeps the others for itself.
	}
	result, ok := r.machine.Apply(&entry).(fsm.Result)
	if !ok || result.Fault != nil {
		return fmt.Errorf("apply log entry %d: %w", index, result.Fault)
	}
	return nil
}

func (r *Recovery) makePlan() error {
	view := r.machine.View()
	if view.ClusterID == "" {
		return fmt.Errorf("data directory %s holds no state of cluster %s: recover on another node, or restore a backup into a "+
			"new cluster", r.dir, r.node.ClusterID)
	}
	self, ok := view.Member(r.node.NodeID)
	if !ok {
		return fmt.Errorf("node %s is not among the members in its own state: recover on another node", r.node.NodeID)
	}
	r.plan.NodeID, r.plan.Address, r.plan.ClusterID = r.node.NodeID, self.Address, r.node.ClusterID
	r.plan.Revision, r.plan.Instances, r.plan.Removed = view.Revision, len(view.Instances), r.node.Removed
	for _, m := range view.Members {
		if m.ID != r.node.NodeID {
			r.plan.Others = append(r.plan.Others, m)
		}
	}
	return nil
}

// newestSnapshot returns the newest snapshot that Raft's store lists.
func (r *Recovery) newestSnapshot() (raft.SnapshotMeta, bool, error) {
	list, err := r.snapshots.List()
	if err != nil {
		return raft.SnapshotMeta{}, false, fmt.Errorf("list snapshots: %w", err)
	}
	if len(list) == 0 {
		return raft.SnapshotMeta{}, false, nil
	}
	return *list[0], true, nil
}

// Plan tells what Run will do.
func (r *Recovery) Plan() RecoveryPlan { return r.plan }

// Close lets go of the directory.
func (r *Recovery) Close() error {
	var errs []error
	if r.machine != nil {
		errs = append(errs, r.machine.Close())
	}
	if r.scratch != "" {
		errs = append(errs, os.RemoveAll(r.scratch))
	}
	if r.logs != nil {
		errs = append(errs, r.logs.Close())
	}
	return errors.Join(errs...)
}

// keptName is the name of the directory that keeps the files as they were.
func keptName(at time.Time) string { return "recover-" + at.UTC().Format("20060102T150405.000Z") }
