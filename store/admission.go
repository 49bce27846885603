package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
	"aiproxy/store/peer"
)

// dialBackTimeout bounds the leader's attempt to reach a node that asks for admission.
const dialBackTimeout = 3 * time.Second

// serveJoin decides on admission. Only the leader does.
func (s *Store) serveJoin(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := callerContext(r, joinTimeout)
	defer cancel()
	var request joinRequest
	if err := decodeCall(r, &request); err != nil {
		refuse(w, &callError{Code: codeInvalid, Message: err.Error()})
		return
	}
	caller, _ := peer.IdentityFrom(r.Context())
	if refusal := s.admit(ctx, caller, request); refusal != nil {
		if refusal.Code.decided() && refusal.Code != codeQuorum {
			s.logger.Warn("node not admitted", "member", request.Member.ID, "address", request.Member.Address,
				"code", string(refusal.Code), "reason", refusal.Message)
		}
		refuse(w, refusal)
		return
	}
	answer(w, joinReply{ClusterID: s.node.Load().ClusterID, Leader: s.config.NodeID})
}

// admit makes the node that asks a member of the cluster as it describes itself, or says why not.
func (s *Store) admit(ctx context.Context, caller peer.Identity, request joinRequest) *callError {
	m := request.Member
	if refusal := s.precheck(caller, m); refusal != nil {
		return refusal
	}
	s.admission.Lock()
	defer s.admission.Unlock()
	if caller.ClusterID != "" && !hasServer(s.servers(), m.ID) {
		return &callError{Code: codeRemoved, Message: "node " + m.ID + " was removed from this cluster: move its data directory " +
			"away and start it with --seed-nodes to let it join anew"}
	}
	if refusal := s.dialBack(ctx, m); refusal != nil {
		return refusal
	}
	change, refusal := s.membershipChange(ctx, m)
	if refusal != nil {
		return refusal
	}
	if err := change(ctx); err != nil {
		return s.changeFailed(m, err)
	}
	if err := s.recordMember(ctx, m); err != nil {
		return s.changeFailed(m, err)
	}
	if request.NonVoter {
		return s.demote(ctx, m)
	}
	return nil
}

func (s *Store) changeFailed(m fsm.Member, err error) *callError {
	if errors.Is(classifyRaft(err), errNotLeader) {
		return s.notLeader()
	}
	return &callError{Code: codeIndeterminate, Message: fmt.Sprintf("admit %s: %v", m.ID, err)}
}

// precheck refuses what needs no look at the cluster.
func (s *Store) precheck(caller peer.Identity, m fsm.Member) *callError {
	switch {
	case !s.config.Clustered:
		return &callError{Code: codeAlone, Message: "node " + s.config.NodeID + " runs alone: start it with --cluster-enabled to let nodes join"}
	case s.node.Load().ClusterID == "":
		return &callError{Code: codeForming, Message: "node " + s.config.NodeID + " is not in a cluster itself yet"}
	case !s.leads():
		return s.notLeader()
	case !s.settled.Load():
		return &callError{Code: codeForming, Message: "node " + s.config.NodeID + " has just become the leader and is not ready to admit nodes yet"}
	case m.ID == "" || m.ID != caller.NodeID || m.InstanceID != caller.InstanceID:
		return &callError{Code: codeInvalid, Message: "a node can ask only for itself"}
	case m.ID == s.config.NodeID:
		return duplicateID(m.ID, s.config.Address)
	}
	if refusal := s.tooOld(m); refusal != nil {
		return refusal
	}
	host, _, err := net.SplitHostPort(m.Address)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		return &callError{
			Code:    codeInvalid,
			Message: fmt.Sprintf("node address %q can't be reached by others: use a host:port that they can dial", m.Address),
		}
	}
	return nil
}

// dialBack makes sure that the address leads to the node that asks. An unreachable voter would cost the quorum.
func (s *Store) dialBack(ctx context.Context, m fsm.Member) *callError {
	ctx, cancel := context.WithTimeout(ctx, dialBackTimeout)
	defer cancel()
	found, err := s.peers.Probe(ctx, m.Address)
	switch {
	case errors.Is(err, peer.ErrSelf):
		return &callError{Code: codeDuplicateAddress, Message: fmt.Sprintf("node address %s is the leader's own: "+
			"each node needs an address of its own in --node-address", m.Address)}
	case err != nil:
		return &callError{Code: codeUnreachable, Message: fmt.Sprintf("leader %s can't reach node %s at %s: %v: "+
			"check --node-address, the network and firewalls", s.config.NodeID, m.ID, m.Address, err)}
	case found.NodeID != m.ID || found.InstanceID != m.InstanceID:
		return &callError{Code: codeWrongNode, Message: fmt.Sprintf("address %s belongs to node %s, not to %s: "+
			"each node needs an address of its own in --node-address", m.Address, found.NodeID, m.ID)}
	}
	return nil
}

// membershipChange finds what has to be done to Raft's configuration for m.
func (s *Store) membershipChange(ctx context.Context, m fsm.Member) (func(context.Context) error, *callError) {
	var same *raft.Server
	for _, server := range s.servers() {
		switch {
		case server.ID == raft.ServerID(m.ID):
			same = &server
		case server.Address == raft.ServerAddress(m.Address):
			return nil, &callError{Code: codeDuplicateAddress, Message: fmt.Sprintf("address %s is that of member %s: "+
				"remove that member first if it is gone, or use another --node-address", m.Address, server.ID)}
		}
	}
	if same == nil {
		return func(ctx context.Context) error { return s.addNonvoter(ctx, m) }, nil
	}
	known, recorded := s.View().Member(m.ID)
	switch {
	case recorded && known.InstanceID != m.InstanceID:
		if refusal := s.duplicate(ctx, known, m); refusal != nil {
			return nil, refusal
		}
		return func(ctx context.Context) error { return s.replaceWiped(ctx, m) }, nil
	case same.Address == raft.ServerAddress(m.Address):
		return func(context.Context) error { return nil }, nil
	default:
		return func(ctx context.Context) error { return s.readdress(ctx, *same, m) }, nil
	}
}

// duplicate refuses m if the member known under its ID may still be alive. At the same address it can't be: the dial
// back has just found m there.
func (s *Store) duplicate(ctx context.Context, known, m fsm.Member) *callError {
	if known.Address == m.Address {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialBackTimeout)
	defer cancel()
	found, err := s.peers.Probe(ctx, known.Address)
	switch {
	case err == nil && found.InstanceID == known.InstanceID:
		return duplicateID(m.ID, known.Address)
	case err != nil:
		return &callError{Code: codeDuplicateID, Message: fmt.Sprintf("node id %s belongs to a member at %s that does not answer now: "+
			"if that node is gone for good, remove it first; else give this node another --node-id", m.ID, known.Address)}
	}
	return nil
}

func duplicateID(id, address string) *callError {
	return &callError{Code: codeDuplicateID, Message: fmt.Sprintf("node id %s is taken by the running node at %s: "+
		"give this node another --node-id", id, address)}
}

// addNonvoter admits m without a vote. It gets one when it has caught up: see promoteJoiners.
func (s *Store) addNonvoter(ctx context.Context, m fsm.Member) error {
	err := await(ctx, s.raft.AddNonvoter(raft.ServerID(m.ID), raft.ServerAddress(m.Address), 0, enqueueTimeout))
	if err == nil {
		s.logger.Info("node admitted", "member", m.ID, "address", m.Address)
	}
	return err
}

// replaceWiped admits a member that lost its disk: with its log it lost its promises, so its vote goes first.
func (s *Store) replaceWiped(ctx context.Context, m fsm.Member) error {
	s.logger.Warn("member comes back without its data, it starts over without a vote", "member", m.ID)
	if err := await(ctx, s.raft.RemoveServer(raft.ServerID(m.ID), 0, enqueueTimeout)); err != nil {
		return err
	}
	return s.addNonvoter(ctx, m)
}

// readdress changes a member's address in one entry, and leaves its vote as it is.
func (s *Store) readdress(ctx context.Context, was raft.Server, m fsm.Member) error {
	add := s.raft.AddNonvoter
	if was.Suffrage == raft.Voter {
		add = s.raft.AddVoter
	}
	if err := await(ctx, add(was.ID, raft.ServerAddress(m.Address), 0, enqueueTimeout)); err != nil {
		return err
	}
	s.logger.Info("member changed its address", "member", m.ID, "from", string(was.Address), "to", m.Address)
	return nil
}
