package store

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// datedSnapshots is Raft's snapshot store, which also knows in memory when the newest snapshot was made: to read that
// from the disk could hang.
type datedSnapshots struct {
	raft.SnapshotStore
	// newest is when the newest snapshot was finished, in milliseconds since 1970, or 0.
	newest atomic.Int64
}

// newDatedSnapshots looks for the newest snapshot on disk. Raft's store ends a snapshot's name with its time.
func newDatedSnapshots(store raft.SnapshotStore) (*datedSnapshots, error) {
	d := &datedSnapshots{SnapshotStore: store}
	list, err := store.List()
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	if len(list) == 0 {
		return d, nil
	}
	name := list[0].ID
	// A name of another form, which Raft does not give, would only leave the age unknown.
	if ms, err := strconv.ParseInt(name[strings.LastIndexByte(name, '-')+1:], 10, 64); err == nil {
		d.newest.Store(ms)
	}
	return d, nil
}

// Create implements raft.SnapshotStore.
func (d *datedSnapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, transport raft.Transport,
) (raft.SnapshotSink, error) {
	sink, err := d.SnapshotStore.Create(version, index, term, configuration, configurationIndex, transport)
	if err != nil {
		return nil, err
	}
	return &datedSink{SnapshotSink: sink, store: d}, nil
}

// age is the time since the newest snapshot was finished. ok is false when there is none.
func (d *datedSnapshots) age() (age time.Duration, ok bool) {
	made := d.newest.Load()
	return max(0, time.Since(time.UnixMilli(made))), made != 0
}

// datedSink notes when its snapshot is finished.
type datedSink struct {
	raft.SnapshotSink
	store    *datedSnapshots
	canceled bool
}

// Cancel implements raft.SnapshotSink.
func (s *datedSink) Cancel() error {
	s.canceled = true
	return s.SnapshotSink.Cancel()
}

// Close implements raft.SnapshotSink. Raft may close a sink that it has canceled.
func (s *datedSink) Close() error {
	err := s.SnapshotSink.Close()
	if err == nil && !s.canceled {
		s.store.newest.Store(time.Now().UnixMilli())
	}
	return err
}
