package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"aiproxy/store/peer"
)

const (
	// seedInterval is the mean time between two looks at the seeds of a node that is in a cluster.
	seedInterval = 30 * time.Second
	// seedDelay is the mean wait before the first look, and before the next one while the node is in no cluster yet.
	seedDelay = time.Second
)

// watchSeeds looks for seeds in another cluster than this node's: two clusters were started where one was meant, and the
// node has joined the one that answered first. Nothing else would show it, since a node talks to its own cluster only.
func (s *Store) watchSeeds(ctx context.Context) {
	wait := seedDelay
	for pause(ctx, wait) {
		if s.node.Load().ClusterID == "" {
			continue
		}
		wait = seedInterval
		conflicts := s.seedConflicts(ctx)
		if ctx.Err() != nil {
			return
		}
		if before := s.conflicts.Swap(&conflicts); before != nil && slices.Equal(*before, conflicts) {
			continue
		}
		for _, text := range conflicts {
			s.logger.Error("seeds belong to different clusters", "reason", text)
		}
	}
}

// seedConflicts names the seeds that belong to another cluster. Seeds that do not answer are no conflict.
func (s *Store) seedConflicts(ctx context.Context) []string {
	conflicts := []string{}
	for _, address := range s.config.otherSeeds() {
		probeCtx, cancel := context.WithTimeout(ctx, dialBackTimeout)
		_, err := s.peers.Probe(probeCtx, address)
		cancel()
		refused, ok := errors.AsType[*peer.RefusedError](err)
		if !ok || refused.Code != peer.CodeCluster {
			continue
		}
		conflicts = append(conflicts, fmt.Sprintf("seed %s (node %s) belongs to cluster %s, this node to cluster %s: decide which one "+
			"shall live, move the data directories of the other one's nodes away and start them with seeds of the first, or take the seed out",
			address, refused.Peer.NodeID, refused.Peer.ClusterID, s.node.Load().ClusterID))
	}
	return conflicts
}

// conflictList is what watchSeeds found last, for the status.
func (s *Store) conflictList() []string {
	if found := s.conflicts.Load(); found != nil {
		return *found
	}
	return []string{}
}
