package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

const (
	// snapshotBytes is how much the log may grow before a snapshot takes its place. Raft by itself counts entries, of
	// which a few large ones fill a disk, and each start verifies the whole log.
	snapshotBytes = 32 << 20
	// heavyTrailing is how many entries are kept behind such a snapshot. A follower that needs more gets the snapshot,
	// which is smaller than they are.
	heavyTrailing = 8
)

// weighedLogs counts the bytes that are written to the log.
type weighedLogs struct {
	RaftDisk
	grown atomic.Int64
	limit int64
	// heavy holds a token once the log has grown by the limit.
	heavy chan struct{}
}

// weigh counts from what the database's file already has: how much of it is log is not known, and one snapshot too many
// costs milliseconds.
func weigh(disk RaftDisk, size, limit int64) *weighedLogs {
	if limit == 0 {
		limit = snapshotBytes
	}
	w := &weighedLogs{RaftDisk: disk, limit: limit, heavy: make(chan struct{}, 1)}
	w.add(size)
	return w
}

func (w *weighedLogs) add(bytes int64) {
	if w.grown.Add(bytes) < w.limit {
		return
	}
	select {
	case w.heavy <- struct{}{}:
	default:
	}
}

// StoreLog implements raft.LogStore.
func (w *weighedLogs) StoreLog(log *raft.Log) error { return w.StoreLogs([]*raft.Log{log}) }

// StoreLogs implements raft.LogStore.
func (w *weighedLogs) StoreLogs(logs []*raft.Log) error {
	if err := w.RaftDisk.StoreLogs(logs); err != nil {
		return err
	}
	var bytes int64
	for _, log := range logs {
		bytes += int64(len(log.Data))
	}
	w.add(bytes)
	return nil
}

// trimHeavyLog replaces the log by a snapshot whenever it has grown by the limit.
func (s *Store) trimHeavyLog(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.disk.weight.heavy:
		}
		err := s.snapshotHeavyLog()
		if err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) && ctx.Err() == nil {
			s.logger.Warn("log not shortened, it is tried again when it has grown further", "error", err)
		}
	}
}

// snapshotHeavyLog takes a snapshot and keeps few entries behind it, this once. Raft ends it when it shuts down.
func (s *Store) snapshotHeavyLog() error {
	s.disk.weight.grown.Store(0)
	usual := s.raft.ReloadableConfig()
	few := usual
	few.TrailingLogs = heavyTrailing
	if err := s.raft.ReloadConfig(few); err != nil {
		return fmt.Errorf("keep fewer log entries: %w", err)
	}
	return errors.Join(s.raft.Snapshot().Error(), s.raft.ReloadConfig(usual))
}
