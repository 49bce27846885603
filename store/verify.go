package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"

	"aiproxy/fsm/pages"
)

// Raft's keys for what it has promised.
const (
	raftTermKey     = "CurrentTerm"
	raftVoteTermKey = "LastVoteTerm"
)

// errDamaged means that a file of the data directory is not what was written to it.
var errDamaged = errors.New("damaged")

// verifyRaft reads the whole of Raft's database before anything relies on it. bbolt does not check its pages: it would
// panic over some damage, hang over other, and hand out the rest. A missing file is no error here, nor is a missing entry
// up to the newest snapshot's index.
func verifyRaft(path string, snapshot uint64) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return explainOpen(path, err)
	}
	if info.Size() == 0 {
		return nil // bbolt makes a new database of it. Whether there may be a new one, the rest of the directory tells.
	}
	return guard(path, func() error {
		logs, err := openLog(path, true) // It waits for the lock of a process that uses the file.
		if err != nil {
			return explainOpen(path, err)
		}
		defer func() { _ = logs.Close() }() // It was only read.
		if err := verifyFile(path); err != nil {
			return damaged(path, err)
		}
		if err := verifyEntries(summedDisk{logs}, logs, snapshot); err != nil {
			return damaged(path, err)
		}
		return nil
	})
}

func verifyFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return pages.Verify(file)
}

// openLog opens Raft's database. What is opened to be read can't be opened to be written anywhere else.
func openLog(path string, readOnly bool) (*raftboltdb.BoltStore, error) {
	return raftboltdb.New(raftboltdb.Options{
		Path: path,
		// Not writing the freelist at every commit, and keeping it as a map, keeps commits fast after a burst.
		BoltOptions: &bbolt.Options{
			Timeout: lockTimeout, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, ReadOnly: readOnly,
		},
		MsgpackUseNewTimeFormat: true,
	})
}

// verifyEntries reads every entry, and judges Raft's promises by them.
func verifyEntries(logs raft.LogStore, promises *raftboltdb.BoltStore, snapshot uint64) error {
	first, err := logs.FirstIndex()
	if err != nil {
		return fmt.Errorf("read first log index: %w", err)
	}
	last, err := logs.LastIndex()
	if err != nil {
		return fmt.Errorf("read last log index: %w", err)
	}
	var entry raft.Log
	for index := first; index <= last && last > 0; index++ {
		term := entry.Term
		entry = raft.Log{}
		err := logs.GetLog(index, &entry)
		switch {
		case errors.Is(err, raft.ErrLogNotFound) && index <= snapshot:
			// A snapshot from the leader may leave older entries, and a gap behind them.
			entry.Term = term
		case err != nil:
			return fmt.Errorf("read log entry %d of %d to %d: %w", index, first, last, err)
		case entry.Term < term:
			return fmt.Errorf("log entry %d is of term %d, the one before it of term %d", index, entry.Term, term)
		}
	}
	term, err := promised(promises, raftTermKey)
	if err != nil {
		return err
	}
	vote, err := promised(promises, raftVoteTermKey)
	if err != nil {
		return err
	}
	if term < max(entry.Term, vote) {
		return fmt.Errorf("its term is %d, but it has an entry of term %d and a vote in term %d", term, entry.Term, vote)
	}
	return nil
}

// promised reads one of Raft's numbers, 0 where there is none.
func promised(logs *raftboltdb.BoltStore, key string) (uint64, error) {
	n, err := logs.GetUint64([]byte(key))
	if err != nil && !errors.Is(err, raftboltdb.ErrKeyNotFound) {
		return 0, fmt.Errorf("read %s: %w", key, err)
	}
	return n, nil
}

// guard runs read, which reads the database at path through a memory map: damage can show as a panic, or as a fault of
// the map where the file is too short.
func guard(path string, read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = damaged(path, fmt.Errorf("it can't be read: %v", p))
		}
	}()
	return read()
}

// damaged says what to do about a damaged file.
func damaged(path string, err error) error {
	return fmt.Errorf("%s is %w: %w. Move the data directory away and let the node join anew with --seed-nodes: the other "+
		"nodes hold all of its state. A node that runs alone needs a copy of its directory or, in a new directory, a backup "+
		"(aiproxy cluster restore)", path, errDamaged, err)
}

// verifyWhole refuses a directory of which a part is missing: going on without it would forget what this node has
// acknowledged, or whom it has voted for. mirror is the state mirror's index.
func (d *disk) verifyWhole(mirror uint64) error {
	snapshot, last, err := d.indexes()
	if err != nil {
		return err
	}
	term, err := promised(d.logs, raftTermKey)
	if err != nil {
		return err
	}
	first, err := d.logs.FirstIndex()
	if err != nil {
		return fmt.Errorf("read first log index: %w", err)
	}
	lost := func(format string, args ...any) error {
		return fmt.Errorf("data directory %s: %s. Move the directory away and let the node join anew with --seed-nodes: the other "+
			"nodes hold all of its state. A node that runs alone needs a copy of its directory or, in a new directory, a "+
			"backup (aiproxy cluster restore)", d.dir, fmt.Sprintf(format, args...))
	}
	switch {
	case term == 0 && max(mirror, snapshot) > 0:
		return lost("%s is missing or empty, but there is state up to entry %d: the log was lost", raftFileName, max(mirror, snapshot))
	case mirror > max(snapshot, last):
		return lost("the state mirror is at index %d but the Raft log ends at %d: the log was lost or replaced", mirror, max(snapshot, last))
	case last > 0 && first > snapshot+1:
		return lost("the Raft log begins at entry %d but the newest snapshot that can be read ends at %d: a snapshot in %s "+
			"was lost or damaged", first, snapshot, filepath.Join(d.dir, snapshotsDirName))
	}
	return d.verifySnapshot()
}

// verifySnapshot reads the newest snapshot, which Raft may not do before another node needs it.
func (d *disk) verifySnapshot() error {
	list, err := d.snapshots.List()
	if err != nil || len(list) == 0 {
		return err
	}
	_, content, err := d.snapshots.Open(list[0].ID) // It verifies Raft's checksum over the whole.
	if err != nil {
		return damaged(filepath.Join(d.dir, snapshotsDirName, list[0].ID), err)
	}
	return content.Close()
}

// verifyOwner refuses state of another cluster than the node file's.
func (d *disk) verifyOwner(n nodeFile) error {
	held := d.machine.View().ClusterID
	if held == "" || held == n.ClusterID {
		return nil
	}
	return fmt.Errorf("data directory %s: %s is of cluster %q, but the state beside it is of cluster %q: files of two directories "+
		"were mixed, or the file is damaged. Restore the whole directory from one copy, or move it away and let the node join "+
		"anew with --seed-nodes", d.dir, nodeFileName, n.ClusterID, held)
}
