package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/raft"
)

// raftStats are Raft's own statistics, whose values are all text.
type raftStats map[string]string

// number returns a statistic, 0 where it is not a number.
func (r raftStats) number(name string) uint64 {
	n, err := strconv.ParseUint(r[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// stateName is Raft's state as users see it.
func stateName(state raft.RaftState) string { return strings.ToLower(state.String()) }

// sortedServers is Raft's latest configuration by node ID.
func (s *Store) sortedServers() []raft.Server {
	servers := slices.Clone(s.servers())
	slices.SortFunc(servers, func(a, b raft.Server) int { return cmp.Compare(a.ID, b.ID) })
	return servers
}
