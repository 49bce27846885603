// Package fsm holds the replicated state of an aiproxy cluster and the commands that change it.
//
// It owns the values (settings, instances, client keys, members), the versioned commands, their deterministic
// application, the audit trail and the kept revisions, the snapshot format and the bbolt mirror that lets a restarted
// node serve its last state at once. Everything that replicas must agree on is decided here and nowhere else.
//
// It must not read a clock, a random source, the environment or a map in its own order while it applies a
// command, do I/O other than its mirror's, start a goroutine or import another package of aiproxy. Time and
// identifiers come inside commands, stamped by the leader.
//
// Concurrency: Raft calls ApplyBatch, Snapshot and Restore from one goroutine. Readers on any number of
// goroutines load the current View from an atomic pointer; a View never changes once published.
package fsm
