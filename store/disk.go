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

const (
	mirrorFileName    = "state.db"
	raftFileName      = "raft.db"
	snapshotsDirName  = "snapshots"
	damagedSuffix     = ".damaged"
	snapshotsRetained = 2
	// lockTimeout bounds the wait for a database that another process holds.
	lockTimeout = time.Second
)

// disk holds what a node keeps in its data directory, opened.
type disk struct {
	dir  string
	logs *raftboltdb.BoltStore
	// raft is logs as Raft uses it: every write is noted in writes.
	raft      RaftDisk
	writes    *writes
	weight    *weighedLogs
	cache     *recentLogs
	snapshots *datedSnapshots
	machine   *fsm.FSM
	// existing tells that Raft has state from an earlier run.
	existing bool
	// mirrored tells that the state machine starts from its own mirror, so that Raft must not restore a snapshot into it.
	mirrored bool
}

// openDisk opens the databases of the directory and decides where the state machine starts from.
func openDisk(c *Config) (*disk, error) {
	d := &disk{dir: c.Dir, writes: newWrites()}
	if err := d.openRaft(c); err != nil {
		return nil, err
	}
	if err := d.openMachine(c); err != nil {
		return nil, errors.Join(err, d.logs.Close())
	}
	return d, nil
}

func (d *disk) openRaft(c *Config) error {
	if err := d.openSnapshots(c); err != nil {
		return err
	}
	snapshot, err := d.newestSnapshot()
	if err != nil {
		return err
	}
	path := filepath.Join(d.dir, raftFileName)
	if err := verifyRaft(path, snapshot); err != nil {
		return err
	}
	if d.logs, err = openLog(path, false); err != nil {
		return explainOpen(path, err)
	}
	file, err := os.Stat(path)
	if err != nil {
		return errors.Join(fmt.Errorf("look at %s: %w", path, err), d.logs.Close())
	}
	d.weight = weigh(d.watched(c), file.Size(), c.SnapshotBytes)
	d.raft, d.cache = d.weight, &recentLogs{LogStore: d.weight}
	d.existing, err = raft.HasExistingState(d.cache, d.raft, d.snapshots)
	if err != nil {
		return errors.Join(fmt.Errorf("look for raft state: %w", err), d.logs.Close())
	}
	return nil
}

func (d *disk) openSnapshots(c *Config) error {
	files, err := raft.NewFileSnapshotStoreWithLogger(d.dir, snapshotsRetained, raftLogger(c.Logger))
	if err != nil {
		return fmt.Errorf("open snapshots in %s: %s: %w", d.dir, adviceOf(err), err)
	}
	d.snapshots, err = newDatedSnapshots(files)
	return err
}

// forgetUnfinishedBootstrap takes back a bootstrap that ended between its two steps: Raft has a term, but not the log
// entry that names its first voter, and would wait for one for ever. Nobody has heard of that term.
func (d *disk) forgetUnfinishedBootstrap(n nodeFile) error {
	snapshot, last, err := d.indexes()
	if err != nil || !n.Founding || !d.existing || max(snapshot, last) > 0 {
		return err
	}
	if err := d.logs.SetUint64([]byte(raftTermKey), 0); err != nil {
		return fmt.Errorf("take back unfinished bootstrap: %w", err)
	}
	d.existing = false
	return nil
}

// openMachine opens the state machine from its mirror. Whether Raft has to restore a snapshot into it depends on how
// far the mirror is.
func (d *disk) openMachine(c *Config) error {
	path := filepath.Join(d.dir, mirrorFileName)
	mirror, exists, err := d.readMirror(path, c.Logger)
	if err != nil {
		return err
	}
	if err := d.verifyWhole(mirror); err != nil {
		return err
	}
	snapshot, _, err := d.indexes()
	if err != nil {
		return err
	}
	d.mirrored = exists && mirror >= snapshot
	// The log is what makes a write durable; the mirror only has to be whole, which its checksum tells. A sync of its
	// own would cost every write a third of its speed.
	onFault := func(err error) { c.OnFault(explainFault(err)) }
	d.machine, err = fsm.Open(path, fsm.Options{Timeout: lockTimeout, OnFault: onFault, NoSync: true, Logger: c.Logger})
	if err != nil {
		return explainMirror(path, err)
	}
	return nil
}

// readMirror returns how far the mirror is. A damaged one, which a power cut can leave behind, is set aside: the log
// and the snapshots hold all that it held.
func (d *disk) readMirror(path string, logger *slog.Logger) (index uint64, exists bool, err error) {
	index, exists, err = fsm.ReadMirrorIndex(path)
	if !errors.Is(err, fsm.ErrMirrorDamaged) {
		return index, exists, explainMirror(path, err)
	}
	logger.Warn("state mirror is damaged, it is rebuilt from the log", "kept_as", path+damagedSuffix, "error", err)
	if err := os.Rename(path, path+damagedSuffix); err != nil {
		return 0, false, fmt.Errorf("set damaged state mirror aside: %w", err)
	}
	return 0, false, nil
}

// indexes returns the index of the newest snapshot and that of the last log entry, 0 for none.
func (d *disk) indexes() (snapshot, last uint64, err error) {
	last, err = d.logs.LastIndex()
	if err != nil {
		return 0, 0, fmt.Errorf("read last log index: %w", err)
	}
	snapshot, err = d.newestSnapshot()
	return snapshot, last, err
}

// newestSnapshot returns the index of the newest snapshot that Raft's store lists, 0 for none.
func (d *disk) newestSnapshot() (uint64, error) {
	list, err := d.snapshots.List()
	if err != nil {
		return 0, fmt.Errorf("list snapshots: %w", err)
	}
	if len(list) == 0 {
		return 0, nil
	}
	return list[0].Index, nil
}

func (d *disk) close() error {
	return errors.Join(d.machine.Close(), d.logs.Close())
}
