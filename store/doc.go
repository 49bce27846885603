// Package store is the replicated store of a node: it forms and joins the cluster, carries writes to the leader,
// and gives readers the state machine's current view.
//
// It owns the Raft group, the data directory, the peers' port and everything that only a leader does for the
// cluster itself (initialising it, admitting and promoting nodes). It must not know what the configuration means,
// nor the gateway.
//
// Concurrency: all methods of Store are safe for concurrent use. View and Watch never block and never touch Raft.
// Apply blocks until a quorum holds the write. Every goroutine belongs to Store and ends in Shutdown.
package store
