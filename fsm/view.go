package fsm

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
)

// View is the replicated state at one index. A published View and everything it refers to never changes, so any
// number of goroutines may read it without a lock; nobody may write to it, nor copy the struct.
type View struct {
	// Index and Term are those of the last entry applied. 0 means that nothing was.
	Index uint64
	Term  uint64
	// ConfigurationIndex is that of the last change of Raft's own configuration: of who votes and where.
	ConfigurationIndex uint64
	// Revision counts the changes of settings, instances and client keys. A write that changes nothing does not count.
	Revision uint64
	// ClusterID is empty as long as the cluster is not initialised.
	ClusterID string
	// FeatureLevel is the highest command level that the whole cluster understands.
	FeatureLevel int
	Settings     Settings
	// Instances are sorted by name.
	Instances []Instance
	// Members are sorted by ID.
	Members []Member
	// ClientKeys are sorted by name.
	ClientKeys []ClientKey
	// SealCheck is the sealed constant that came with ClusterInit.
	SealCheck Sealed

	memory []remembered
	// audit is oldest first, history as well: see kept.
	audit    []Change
	history  []*kept
	hashOnce sync.Once
	hash     string
}

// Instance returns the instance of that name.
func (v *View) Instance(name string) (Instance, bool) {
	i, ok := findInstance(v.Instances, name)
	if !ok {
		return Instance{}, false
	}
	return v.Instances[i], true
}

// Member returns the member with that ID.
func (v *View) Member(id string) (Member, bool) {
	i, ok := findMember(v.Members, id)
	if !ok {
		return Member{}, false
	}
	return v.Members[i], true
}

// ClientKey returns the client key of that name.
func (v *View) ClientKey(name string) (ClientKey, bool) {
	i, ok := findClientKey(v.ClientKeys, name)
	if !ok {
		return ClientKey{}, false
	}
	return v.ClientKeys[i], true
}

// Hash returns the SHA-256 of the canonical state in hexadecimal: everything that replicas must agree on, which
// includes the idempotency table, the audit trail and the kept revisions, and excludes the indexes and Term. Two replicas with equal indexes and different hashes
// have diverged. The first call costs an encoding of the whole state, further ones nothing.
func (v *View) Hash() string {
	v.hashOnce.Do(func() {
		h := sha256.New()
		canonical := head{ClusterID: v.ClusterID, FeatureLevel: v.FeatureLevel, Revision: v.Revision, SealCheck: v.SealCheck}
		if err := writeRows(h, canonical, v); err != nil {
			// A hash never fails to take bytes and every value of the state has a JSON form.
			panic("hash the state: " + err.Error())
		}
		v.hash = hex.EncodeToString(h.Sum(nil))
	})
	return v.hash
}

func findInstance(all []Instance, name string) (int, bool) {
	return slices.BinarySearchFunc(all, name, func(in Instance, name string) int { return cmp.Compare(in.Name, name) })
}

func findClientKey(all []ClientKey, name string) (int, bool) {
	return slices.BinarySearchFunc(all, name, func(k ClientKey, name string) int { return cmp.Compare(k.Name, name) })
}

func findMember(all []Member, id string) (int, bool) {
	return slices.BinarySearchFunc(all, id, func(m Member, id string) int { return cmp.Compare(m.ID, id) })
}
