package store

import (
	"sync"

	"github.com/hashicorp/raft"
)

const (
	// recentEntries is how many of the newest log entries are kept in memory for followers that keep up.
	recentEntries = 512
	// recentSize is the largest entry that is kept, in bytes. Raft's own cache counts entries only, and a change of
	// thousands of instances is an entry of megabytes: 512 of them would be gigabytes.
	recentSize = 16 << 10
)

// recentLogs is Raft's log with its newest entries in memory.
type recentLogs struct {
	raft.LogStore
	mu sync.RWMutex
	// ring holds an entry at its index modulo the length.
	ring [recentEntries]*raft.Log
}

// GetLog implements raft.LogStore.
func (r *recentLogs) GetLog(index uint64, log *raft.Log) error {
	r.mu.RLock()
	entry := r.ring[index%recentEntries]
	r.mu.RUnlock()
	if entry != nil && entry.Index == index {
		*log = *entry
		return nil
	}
	return r.LogStore.GetLog(index, log)
}

// StoreLog implements raft.LogStore.
func (r *recentLogs) StoreLog(log *raft.Log) error { return r.StoreLogs([]*raft.Log{log}) }

// StoreLogs implements raft.LogStore. What could not be written is not remembered either.
func (r *recentLogs) StoreLogs(logs []*raft.Log) error {
	if err := r.LogStore.StoreLogs(logs); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, entry := range logs {
		slot := &r.ring[entry.Index%recentEntries]
		if *slot = entry; len(entry.Data) > recentSize {
			*slot = nil
		}
	}
	return nil
}

// DeleteRange implements raft.LogStore.
func (r *recentLogs) DeleteRange(first, last uint64) error {
	r.mu.Lock()
	clear(r.ring[:])
	r.mu.Unlock()
	return r.LogStore.DeleteRange(first, last)
}
