package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"aiproxy/store/peer"
)

// founding is what a node that forms a cluster together with others keeps in memory. The zero value is ready for use.
type founding struct {
	mu sync.Mutex
	// looked tells that a round has ended since the start.
	looked bool
	// clusterAt is the seed that the last round found in a cluster.
	clusterAt string
	// told is what was last said of each node, so that it is said once.
	told map[string]string
	// waiting is what was last said of what the cluster waits for.
	waiting string
}

// foundTogether makes one attempt at starting a cluster together with the seeds, after none has granted admission. It
// tells whether forming ends here: this node has started the cluster, or can't go on.
func (s *Store) foundTogether(ctx context.Context) bool {
	if !s.config.together() {
		return false
	}
	founded, err := s.tryFounding(ctx)
	if err != nil && ctx.Err() == nil {
		s.config.OnFault(fmt.Errorf("start a new cluster: %w", err))
	}
	if founded {
		s.joinFault.Store(nil)
	}
	return founded || err != nil
}

// tryFounding hears all seeds, promises or takes back what follows from it, and bootstraps once enough have promised.
func (s *Store) tryFounding(ctx context.Context) (bool, error) {
	r := s.hearSeeds(ctx)
	stands, err := s.reposition(&r)
	if err != nil {
		return false, err
	}
	if stands {
		s.logger.Info("founding a cluster", "nodes", r.present())
		r = s.hearSeeds(ctx)
	}
	won, err := s.claim(&r)
	if err != nil {
		return false, err
	}
	if !won {
		s.tellWaiting(&r)
		return false, nil
	}
	s.logger.Info("nodes have agreed, this one starts the cluster", "nodes", r.present())
	return true, s.bootstrapRaft()
}

// reposition changes this node's promise if the round calls for it, and tells whether it has become the founder. A
// promise that was made meanwhile stands.
func (s *Store) reposition(r *round) (stands bool, err error) {
	err = s.changeNode(func(n *nodeFile) {
		if n.Pledge != r.own.Pledge || n.ClusterID != "" {
			return
		}
		switch {
		case r.isVoid() || r.shouldYield():
			n.Pledge = pledge{}
		case r.mayStand():
			stands = true
			n.Pledge = pledge{
				ClusterID: newID(), Founder: n.NodeID, FounderInstance: n.InstanceID, FounderAddress: s.config.Address,
			}
		}
	})
	return stands && err == nil, err
}

// claim makes the cluster that enough nodes have promised to found this node's own, on disk, if it still holds the
// pledge: from there on it can't be given up.
func (s *Store) claim(r *round) (won bool, err error) {
	err = s.changeNode(func(n *nodeFile) {
		won = r.hasWon() && n.Pledge == r.own.Pledge && n.ClusterID == ""
		if won {
			n.ClusterID, n.Founding, n.Pledge = n.Pledge.ClusterID, true, pledge{}
		}
	})
	return won && err == nil, err
}

// ownNotice is this node's notice as of now.
func (s *Store) ownNotice() notice {
	s.founding.mu.Lock()
	looked, clusterAt := s.founding.looked, s.founding.clusterAt
	s.founding.mu.Unlock()
	n := s.node.Load()
	return notice{
		Member: memberNotice{ID: n.NodeID, InstanceID: n.InstanceID, Address: s.config.Address},
		Expect: s.config.Expect, NonVoter: s.config.NonVoter, Seeds: s.config.allSeeds(), Pledge: n.Pledge,
		Looked: looked, ClusterAt: clusterAt,
	}
}

// sighting is what asking one seed has brought.
type sighting struct {
	address   string
	notice    notice
	clustered bool
	err       error
}

// hearSeeds exchanges notices with all other seeds at the same time.
func (s *Store) hearSeeds(ctx context.Context) round {
	own := s.ownNotice()
	seeds := s.config.otherSeeds()
	sightings := make([]sighting, len(seeds))
	var asking sync.WaitGroup
	for i, address := range seeds {
		asking.Go(func() { sightings[i] = s.exchange(ctx, address, own) })
	}
	asking.Wait()
	r := collect(own, sightings)
	for _, seen := range sightings {
		if text := disagreement(own, seen.notice); seen.err == nil && !seen.clustered && text != "" {
			s.tellOnce(seen.address, text)
		}
	}
	clusterAt := ""
	if i := slices.IndexFunc(sightings, func(seen sighting) bool { return seen.clustered }); i >= 0 {
		clusterAt = sightings[i].address
	}
	s.noteCluster(clusterAt)
	return r
}

// noteCluster notes at which seed a cluster has been found, "" for at none of them.
func (s *Store) noteCluster(address string) {
	s.founding.mu.Lock()
	defer s.founding.mu.Unlock()
	s.founding.looked, s.founding.clusterAt = true, address
}

// exchange shows the seed this node's notice and returns the seed's.
func (s *Store) exchange(ctx context.Context, address string, own notice) sighting {
	ctx, cancel := context.WithTimeout(ctx, dialBackTimeout)
	defer cancel()
	seen := sighting{address: address}
	// The handshake tells of a cluster whatever version of the program the seed runs.
	found, err := s.peers.Probe(ctx, address)
	switch {
	case err != nil:
		seen.err = err
		return seen
	case found.ClusterID != "":
		seen.clustered = true
		return seen
	}
	seen.notice, seen.err = s.caller.notify(ctx, address, own)
	if refused, ok := errors.AsType[*callError](seen.err); ok && refused.Code == codeClustered {
		seen.clustered = true
	}
	return seen
}

// collect sorts out who counts: nodes without a cluster that agree with this one, each once.
func collect(own notice, sightings []sighting) round {
	r := round{own: own, heard: map[string]notice{}}
	owners := map[string]string{own.Member.ID: own.Member.InstanceID}
	for _, seen := range sightings {
		other := seen.notice
		instance, known := owners[other.Member.ID]
		switch text := disagreement(own, other); {
		case seen.clustered:
			r.clusterAt = seen.address
		case errors.Is(seen.err, peer.ErrSelf), other.NonVoter:
		case seen.err != nil:
			r.faults = append(r.faults, fmt.Sprintf("seed %s: %v", seen.address, seen.err))
		case text != "":
			r.faults = append(r.faults, text)
		case known && instance != other.Member.InstanceID:
			r.faults = append(r.faults, fmt.Sprintf("two nodes have the id %s, one of them at %s: give each node a --node-id of its own",
				other.Member.ID, seen.address))
		case known:
			// Two seeds lead to the same node.
		default:
			owners[other.Member.ID] = other.Member.InstanceID
			r.heard[seen.address] = other
			if other.ClusterAt != "" {
				r.clusterAt = other.ClusterAt
			}
		}
	}
	return r
}

// disagreement says why two nodes can't found a cluster together, or "". Nodes with another list, or another number,
// might gather in another place without this node's knowledge.
func disagreement(own, other notice) string {
	where := fmt.Sprintf("node %s at %s", other.Member.ID, other.Member.Address)
	switch {
	case own.NonVoter || other.NonVoter:
		return "" // They need not agree: one of them founds nothing.
	case own.Expect != other.Expect:
		return fmt.Sprintf("%s has --bootstrap-expect %d, node %s has %d: restart the wrong one with the same number",
			where, other.Expect, own.Member.ID, own.Expect)
	case !slices.Equal(own.Seeds, other.Seeds):
		return fmt.Sprintf("%s knows the nodes %s, node %s knows %s: restart the wrong one with the same --seed-nodes",
			where, strings.Join(other.Seeds, ","), own.Member.ID, strings.Join(own.Seeds, ","))
	}
	return ""
}

// tellOnce warns of what keeps another node from founding a cluster with this one.
func (s *Store) tellOnce(about, text string) {
	s.founding.mu.Lock()
	known := s.founding.told[about] == text
	if s.founding.told == nil {
		s.founding.told = map[string]string{}
	}
	s.founding.told[about] = text
	s.founding.mu.Unlock()
	if !known {
		s.logger.Warn("can't found a cluster together", "reason", text)
	}
}

// tellWaiting makes the readiness say what a round lacks, and the log when it changes.
func (s *Store) tellWaiting(r *round) {
	if r.clusterAt != "" {
		return // Admission is asked for there, and its refusal says more.
	}
	text := strings.Join(r.lacks(s.node.Load().Pledge), "; ")
	s.joinFault.Store(&text)
	s.founding.mu.Lock()
	known := s.founding.waiting == text
	s.founding.waiting = text
	s.founding.mu.Unlock()
	if !known {
		s.logger.Info("waiting to form a cluster", "reason", text)
	}
}

// lacks says what keeps a node with the pledge p from being in a cluster after the round.
func (r *round) lacks(p pledge) []string {
	lines := []string{fmt.Sprintf("%d nodes are to start the cluster (--bootstrap-expect), %d are here: %s",
		r.own.Expect, len(r.heard)+1, strings.Join(r.present(), ", "))}
	switch {
	case p != (pledge{}) && p.Founder == "":
		lines[0] = fmt.Sprintf("this node was in cluster %s and has lost its state, so it waits for that cluster and founds no "+
			"other: if no node has that cluster's data any more, move the data directory away", p.ClusterID)
	case p.Founder != "" && p.Founder != r.own.Member.ID:
		lines = append(lines, fmt.Sprintf("waiting for node %s at %s, which starts it: if that node is gone for good, move this "+
			"node's data directory away", p.Founder, p.FounderAddress))
	}
	lines = append(lines, r.faults...)
	for _, address := range slices.Sorted(maps.Keys(r.heard)) {
		other := r.heard[address]
		if p := other.Pledge; p.Founder == "" && p.ClusterID != "" {
			lines = append(lines, fmt.Sprintf("node %s was in cluster %s and founds no other", other.Member.ID, p.ClusterID))
		}
	}
	return lines
}
