package store

import (
	"time"

	"github.com/hashicorp/raft"
)

// RaftDisk is Raft's database: its log, and its term and votes.
type RaftDisk interface {
	raft.LogStore
	raft.StableStore
}

// termPause is the wait before a term that could not be written is written again.
const termPause = 200 * time.Millisecond

// watchedDisk notes every write to Raft's database. Reads pass.
type watchedDisk struct {
	RaftDisk
	writes *writes
}

// watched puts between Raft and its database what notes the writes, and what the configuration wants there.
func (d *disk) watched(c *Config) RaftDisk {
	var database RaftDisk = summedDisk{d.logs}
	if c.WrapDisk != nil {
		database = c.WrapDisk(database)
	}
	return &watchedDisk{RaftDisk: database, writes: d.writes}
}

// StoreLog implements raft.LogStore.
func (d *watchedDisk) StoreLog(log *raft.Log) error {
	slot, began := d.writes.begin()
	return d.writes.end(slot, began, d.RaftDisk.StoreLog(log))
}

// StoreLogs implements raft.LogStore.
func (d *watchedDisk) StoreLogs(logs []*raft.Log) error {
	slot, began := d.writes.begin()
	return d.writes.end(slot, began, d.RaftDisk.StoreLogs(logs))
}

// DeleteRange implements raft.LogStore.
func (d *watchedDisk) DeleteRange(first, last uint64) error {
	slot, began := d.writes.begin()
	return d.writes.end(slot, began, d.RaftDisk.DeleteRange(first, last))
}

// Set implements raft.StableStore.
func (d *watchedDisk) Set(key, value []byte) error {
	slot, began := d.writes.begin()
	return d.writes.end(slot, began, d.RaftDisk.Set(key, value))
}

// SetUint64 implements raft.StableStore. Raft panics when it can't write its term, and a node with a full disk can do
// better than to die: the write is repeated until it succeeds, and counts as hanging meanwhile, so that the node takes
// no part in the cluster and goes on serving traffic.
func (d *watchedDisk) SetUint64(key []byte, value uint64) error {
	slot, began := d.writes.begin()
	err := d.RaftDisk.SetUint64(key, value)
	for err != nil {
		// Its failure is noted while the write itself goes on.
		_ = d.writes.end(writeSlots, began, err)
		<-time.After(termPause)
		err = d.RaftDisk.SetUint64(key, value)
	}
	return d.writes.end(slot, began, nil)
}
