package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"aiproxy/fsm"
	"aiproxy/store"
	"aiproxy/store/seal"
)

// resealPause is how often a node looks for secrets that are sealed with a previous cluster secret.
const resealPause = time.Second

// rotation says how far the rotation of the cluster secret is, as this node sees it. IDs name secrets and give nothing
// of them away.
type rotation struct {
	// ID names the secret that this node uses, PreviousIDs those that it accepts besides.
	ID          string   `json:"id"`
	PreviousIDs []string `json:"previous_ids"`
	// SealedWith names the secret that the cluster seals with.
	SealedWith string `json:"sealed_with"`
	// SealedWithOthers counts what is sealed with another secret than the one that this node uses.
	SealedWithOthers int `json:"sealed_with_others"`
	// Next says what is to be done, empty where nothing is.
	Next string `json:"next,omitempty"`
}

// rotation looks at the replicated state and at what the nodes say.
func (s *secrets) rotation(v *fsm.View, nodes []store.MemberStatus) rotation {
	ids := s.ring.KeyIDs()
	r := rotation{ID: ids[0], PreviousIDs: ids[1:], SealedWith: seal.KeyIDOf(v.SealCheck), SealedWithOthers: s.countOthers(v)}
	lacking, silent := withoutSecret(nodes, ids[0])
	switch {
	case len(s.previous) == 0 && r.SealedWithOthers == 0:
	case len(lacking) > 0:
		r.Next = "restart with the new secret, and the one before as --cluster-secret-previous: " + strings.Join(lacking, ", ")
	case len(silent) > 0:
		r.Next = "start the nodes that do not answer, with the new secret: " + strings.Join(silent, ", ")
	case r.SealedWithOthers > 0:
		r.Next = "wait: the leader seals everything with the new secret"
	default:
		r.Next = "restart each node without --cluster-secret-previous"
	}
	return r
}

// countOthers counts the values that are sealed with another secret than this node's.
func (s *secrets) countOthers(v *fsm.View) int {
	n := 0
	count := func(sealed fsm.Sealed) {
		if len(sealed) > 0 && seal.KeyIDOf(sealed) != s.ring.KeyID() {
			n++
		}
	}
	count(v.SealCheck)
	for i := range v.Instances {
		for _, sealed := range v.Instances[i].Secrets() {
			count(sealed)
		}
	}
	for i := range v.ClientKeys {
		count(v.ClientKeys[i].Key)
	}
	return n
}

// withoutSecret lists the nodes that use another secret than the one named id, and those that did not say.
func withoutSecret(nodes []store.MemberStatus, id string) (lacking, silent []string) {
	for i := range nodes {
		switch n := &nodes[i]; {
		case len(n.SecretIDs) == 0:
			silent = append(silent, n.ID)
		case n.SecretIDs[0] != id:
			lacking = append(lacking, n.ID)
		}
	}
	return lacking, silent
}

// sealAnew has the leader seal what is sealed with a previous secret, once every node has said that it uses the new one.
// It looks again for as long as the node runs: a write may have been sealed just before.
func (n *node) sealAnew(ctx context.Context) {
	ticker := time.NewTicker(resealPause)
	defer ticker.Stop()
	var clean *fsm.View
	var told string
	for {
		switch v := n.store.View(); {
		case v == clean:
		case n.secrets.countOthers(v) == 0:
			clean = v
		default:
			if err := n.resealOnce(ctx, v); err != nil && ctx.Err() == nil && err.Error() != told {
				told = err.Error()
				n.logger.Warn("secrets are still sealed with a previous cluster secret", "reason", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// errNotAllRotated means that a node could not open what would be sealed with the new secret.
var errNotAllRotated = errors.New("not every node uses this node's cluster secret")

// resealOnce proposes what is to be sealed anew in v. It does nothing on a node that does not lead.
func (n *node) resealOnce(ctx context.Context, v *fsm.View) error {
	if v.ClusterID == "" {
		return nil
	}
	status := n.store.Status(ctx)
	if status.Leader == nil || status.Leader.NodeID != status.NodeID {
		return nil
	}
	lacking, silent := withoutSecret(status.Nodes, n.secrets.ring.KeyID())
	if len(lacking)+len(silent) > 0 {
		return fmt.Errorf("%w: %s", errNotAllRotated, strings.Join(slices.Concat(lacking, silent), ", "))
	}
	change, err := n.secrets.reseal(v)
	if err != nil {
		n.logger.Error("a secret can't be sealed anew", "error", err)
	}
	if seal.KeyIDOf(v.SealCheck) == n.secrets.ring.KeyID() && len(change.Instances)+len(change.ClientKeys) == 0 {
		return nil
	}
	command, err := fsm.NewCommand(fsm.ClusterReseal, change)
	if err != nil {
		return err
	}
	// A write that comes between would be undone, so the revision must still be the one looked at.
	command.IfRevision, command.By = v.Revision, "leader"
	if _, err := n.store.Apply(ctx, command); err != nil {
		return fmt.Errorf("seal secrets anew: %w", err)
	}
	n.logger.Info("secrets sealed with the new cluster secret", "secret_id", n.secrets.ring.KeyID(),
		"instances", len(change.Instances), "client_keys", len(change.ClientKeys))
	return nil
}

// reseal seals with this node's secret what is sealed with another. What can't be opened is left as it is and named by
// the error.
func (s *secrets) reseal(v *fsm.View) (fsm.Reseal, error) {
	change := fsm.Reseal{SealCheck: s.ring.Seal([]byte(sealCheck), sealCheckPurpose)}
	var faults []error
	again := func(name, field, purpose string, sealed fsm.Sealed, into *[]fsm.Resealed) {
		if len(sealed) == 0 || seal.KeyIDOf(sealed) == s.ring.KeyID() {
			return
		}
		plaintext, err := s.ring.Open(sealed, purpose)
		if err != nil {
			faults = append(faults, fmt.Errorf("secret of %s: %w", name, err))
			return
		}
		*into = append(*into, fsm.Resealed{Name: name, Field: field, Sealed: s.ring.Seal(plaintext, purpose)})
	}
	for i := range v.Instances {
		in := &v.Instances[i]
		held := in.Secrets()
		for _, field := range slices.Sorted(maps.Keys(held)) {
			again(in.Name, field, apiKeyPurpose, held[field], &change.Instances)
		}
	}
	for i := range v.ClientKeys {
		again(v.ClientKeys[i].Name, "", clientKeyPurpose, v.ClientKeys[i].Key, &change.ClientKeys)
	}
	return change, errors.Join(faults...)
}
