package store

// TakeSnapshot makes Raft take a snapshot now.
func (s *Store) TakeSnapshot() error { return s.raft.Snapshot().Error() }
