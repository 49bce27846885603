package store

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/store/peer"
)

// secretFault says why a member can't come back: its own cluster secret is not, or no longer, that of the others.
const secretFault = "the other nodes do not accept this node's cluster secret: start it with the --cluster-secret that they use now"

// lookForSecretFault tells the operator of a restarted member that no other node believes. Raft alone would try for ever.
func (s *Store) lookForSecretFault(ctx context.Context) {
	if leader, _ := s.raft.LeaderWithID(); leader != "" || time.Since(s.started) < s.config.scaled(heartbeatTimeout) {
		return
	}
	var addresses []string
	for _, server := range s.servers() {
		if server.ID != raft.ServerID(s.config.NodeID) {
			addresses = append(addresses, string(server.Address))
		}
	}
	refused, answered := 0, 0
	for _, probe := range s.probes.all(ctx, addresses) {
		switch {
		case probe.err == nil:
			answered++
		case errors.Is(probe.err, peer.ErrSecret):
			refused++
		}
	}
	switch {
	case answered > 0:
		s.clearSecretFault()
	case refused > 0 && s.joinFault.Load() == nil:
		text := secretFault
		s.joinFault.Store(&text)
		s.logger.Error("node is not let into its cluster", "reason", text)
	}
}

// clearSecretFault forgets that fault, and no other.
func (s *Store) clearSecretFault() {
	if was := s.joinFault.Load(); was != nil && *was == secretFault {
		s.joinFault.CompareAndSwap(was, nil)
	}
}
