package store

import (
	"path/filepath"

	"github.com/hashicorp/raft"
)

// TakeSnapshot makes Raft take a snapshot now.
func (s *Store) TakeSnapshot() error { return s.raft.Snapshot().Error() }

// LogSize returns how many entries Raft's log has, and their bytes.
func (s *Store) LogSize() (entries, bytes int) {
	first, _ := s.disk.cache.FirstIndex()
	last, _ := s.disk.cache.LastIndex()
	for index := first; index <= last; index++ {
		var log raft.Log
		if s.disk.cache.GetLog(index, &log) == nil {
			entries, bytes = entries+1, bytes+len(log.Data)
		}
	}
	return entries, bytes
}

// Entry is what a log entry proposes.
type Entry struct {
	Index, Term uint64
	Type        raft.LogType
	Data        string
}

// ReadEntries verifies a directory's Raft database and reads its log, as a start does.
func ReadEntries(dir string) ([]Entry, error) {
	path := filepath.Join(dir, raftFileName)
	if err := verifyRaft(path, 0); err != nil {
		return nil, err
	}
	logs, err := openLog(path, false)
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	first, err := logs.FirstIndex()
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for index := first; ; index++ {
		var entry raft.Log
		if err := (summedDisk{logs}).GetLog(index, &entry); err != nil {
			return entries, nil
		}
		entries = append(entries, Entry{Index: entry.Index, Term: entry.Term, Type: entry.Type, Data: string(entry.Data)})
	}
}
