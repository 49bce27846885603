package fsm

import (
	"slices"

	"github.com/hashicorp/raft"
)

// RecoverySnapshot captures the state as the first one of a new cluster, of which the member with the ID self is all
// there is: under the new cluster's ID, and without the records of the other members. It changes nothing itself.
func (f *FSM) RecoverySnapshot(clusterID, self string) raft.FSMSnapshot {
	view := newDraft(f.View()).next
	view.ClusterID = clusterID
	view.Members = slices.DeleteFunc(slices.Clone(view.Members), func(m Member) bool { return m.ID != self })
	return &snapshot{view: view}
}
