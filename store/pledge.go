package store

import "slices"

// pledge is a node's promise to take part in the founding of one cluster and no other. It is on disk before anybody
// learns of it. The founder's own is its intention: it bootstraps only while it holds it, and it never takes up a
// cluster ID again that it has dropped. That is what allows the others to take a pledge back: see reconsider.
type pledge struct {
	ClusterID string `json:"cluster_id"`
	// Founder is the ID of the node that founds the cluster. Empty in a node that has been in ClusterID and lost its
	// state: that cluster exists, so the node joins one, but founds none.
	Founder         string `json:"founder,omitempty"`
	FounderInstance string `json:"founder_instance_id,omitempty"`
	FounderAddress  string `json:"founder_address,omitempty"`
}

// notice is what nodes without a cluster tell each other about themselves.
type notice struct {
	Member memberNotice `json:"member"`
	// Expect is the number of nodes that found a cluster together.
	Expect int `json:"expect"`
	// NonVoter tells that the node wants no vote, and founds nothing.
	NonVoter bool `json:"non_voter,omitempty"`
	// Seeds are all addresses that the node knows, its own among them, sorted.
	Seeds []string `json:"seeds"`
	// Pledge is the node's promise, zero for none. In a founder's notice it asks for the same promise.
	Pledge pledge `json:"pledge,omitzero"`
	// Looked tells that the node has asked all seeds since its start.
	Looked bool `json:"looked"`
	// ClusterAt is the address of a seed that the node has just found in a cluster, "" for none.
	ClusterAt string `json:"cluster_at,omitempty"`
}

// memberNotice says who sends a notice.
type memberNotice struct {
	ID         string `json:"id"`
	InstanceID string `json:"instance_id"`
	Address    string `json:"address"`
}

// founds tells that the node is a founder.
func (n *notice) founds() bool {
	return n.Pledge.Founder == n.Member.ID && n.Pledge.FounderInstance == n.Member.InstanceID
}

// round is what one round of notices has brought.
type round struct {
	// own is the notice that this node sent.
	own notice
	// heard are the notices of the seeds that have no cluster and agree with this node, by the address they were asked at.
	heard map[string]notice
	// clusterAt is a seed that is in a cluster, or that one of those heard has found in one.
	clusterAt string
	// faults say what keeps seeds from being counted.
	faults []string
}

// free counts the nodes heard that may promise: they have promised nothing, and have looked for a cluster first.
func (r *round) free() int {
	n := 0
	for _, other := range r.heard {
		if other.Pledge == (pledge{}) && other.Looked {
			n++
		}
	}
	return n
}

// backers counts the nodes heard that have promised what this node founds. One that has just been restarted has to look
// for a cluster again first.
func (r *round) backers() int {
	n := 0
	for _, other := range r.heard {
		if r.own.founds() && other.Pledge == r.own.Pledge && other.Looked {
			n++
		}
	}
	return n
}

// mayStand tells that this node should become the founder: there are enough nodes that have promised nothing, and its
// ID is the lowest of them.
func (r *round) mayStand() bool {
	if r.clusterAt != "" || r.own.Pledge != (pledge{}) || 1+r.free() < r.own.Expect {
		return false
	}
	for _, other := range r.heard {
		if other.Pledge == (pledge{}) && other.Member.ID < r.own.Member.ID {
			return false
		}
	}
	return true
}

// shouldYield tells that this founder can't win while a founder with a lower ID holds promises that it lacks.
func (r *round) shouldYield() bool {
	if !r.own.founds() || 1+r.backers()+r.free() >= r.own.Expect {
		return false
	}
	for _, other := range r.heard {
		if founder := other.Pledge.Founder; founder != "" && founder < r.own.Member.ID {
			return true
		}
	}
	return false
}

// hasWon tells that enough nodes have promised, and none knows of a cluster.
func (r *round) hasWon() bool {
	return r.clusterAt == "" && r.own.founds() && 1+r.backers() >= r.own.Expect
}

// isVoid tells that the cluster that this node has promised to found with another can't come into being any more: the
// founder answers, has no cluster, and does not hold the pledge. It never will again. The round's notices were sent
// after the promise was made, so the founder's answer is not one from before it.
func (r *round) isVoid() bool {
	p := r.own.Pledge
	if p.Founder == "" || r.own.founds() {
		return false
	}
	founder, ok := r.heard[p.FounderAddress]
	return ok && founder.Member.ID == p.Founder && founder.Pledge != p
}

// present lists the IDs of the nodes of the round, this one included, sorted.
func (r *round) present() []string {
	ids := []string{r.own.Member.ID}
	for _, other := range r.heard {
		ids = append(ids, other.Member.ID)
	}
	slices.Sort(ids)
	return ids
}
