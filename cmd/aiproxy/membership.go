package main

import (
	"context"
	"sync"

	"aiproxy/store"
)

// membership is the store's membership for the management API, with the end of the process for a node that leaves.
type membership struct {
	*store.Store
	left func()
}

// newMembership closes left once this node has left its cluster.
func newMembership(s *store.Store, left chan struct{}) *membership {
	return &membership{Store: s, left: sync.OnceFunc(func() { close(left) })}
}

// Leave ends the node's membership and then the node, which drains first: the request that asked is among what is in
// flight.
func (m *membership) Leave(ctx context.Context) error {
	if err := m.Store.Leave(ctx); err != nil {
		return err
	}
	m.left()
	return nil
}
