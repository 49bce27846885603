package store

import (
	"context"
	"net/http"

	"aiproxy/store/peer"
)

// notify shows a node this node's notice and returns that node's.
func (c *caller) notify(ctx context.Context, address string, own notice) (notice, error) {
	var reply notice
	_, err := c.call(ctx, http.MethodPost, address, pathNotify, own, &reply)
	return reply, err
}

// serveNotify hears the notice of a node that forms a cluster, and answers with this node's own.
func (s *Store) serveNotify(w http.ResponseWriter, r *http.Request) {
	var other notice
	if err := decodeCall(r, &other); err != nil {
		refuse(w, &callError{Code: codeInvalid, Message: err.Error()})
		return
	}
	caller, _ := peer.IdentityFrom(r.Context())
	if other.Member.ID != caller.NodeID || other.Member.InstanceID != caller.InstanceID {
		refuse(w, &callError{Code: codeInvalid, Message: "a node can speak only for itself"})
		return
	}
	if refusal := s.heed(other); refusal != nil {
		refuse(w, refusal)
		return
	}
	answer(w, s.ownNotice())
}

// heed promises the node's cluster to it if it founds one and nothing speaks against that. The answer shows whether it
// does, and if not, why.
func (s *Store) heed(other notice) *callError {
	own := s.ownNotice()
	if s.node.Load().ClusterID != "" {
		return s.clustered()
	}
	if text := disagreement(own, other); text != "" {
		s.tellOnce(other.Member.Address, text)
		return nil
	}
	if !s.config.together() || !other.founds() || !own.Looked || own.ClusterAt != "" || other.Member.ID == own.Member.ID {
		return nil
	}
	promised, joined := false, false
	err := s.changeNode(func(n *nodeFile) {
		joined = n.ClusterID != ""
		// A founder makes way for one with a lower ID; the others keep their word.
		yields := n.Pledge.FounderInstance == n.InstanceID && other.Member.ID < n.NodeID
		if promised = !joined && (n.Pledge == pledge{} || yields); promised {
			n.Pledge = other.Pledge
		}
	})
	switch {
	case err != nil:
		return &callError{Code: codeIndeterminate, Message: "promise to found a cluster: " + err.Error()}
	case joined:
		return s.clustered()
	case promised:
		s.logger.Info("promised to found a cluster together", "founder", other.Member.ID, "address", other.Member.Address)
	}
	return nil
}

// clustered refuses to form a cluster with a node that should ask for admission to this node's.
func (s *Store) clustered() *callError {
	return &callError{Code: codeClustered, Message: "node " + s.config.NodeID + " is in a cluster"}
}
