package peer

import "fmt"

// Protocol is the version of what runs inside an authenticated connection: the peer calls and the Raft messages.
const Protocol = 1

// Identity is who a node says it is. The cluster secret vouches for it: a node that has it is believed.
type Identity struct {
	Protocol int `json:"protocol"`
	// ClusterID is empty while a node is joining.
	ClusterID string `json:"cluster_id,omitempty"`
	NodeID    string `json:"node_id"`
	// InstanceID is minted with the node's data directory.
	InstanceID string `json:"instance_id"`
	// Version is the program's version, for people.
	Version string `json:"version"`
	// Address is where the node can be reached, as it advertises it.
	Address string `json:"address"`
}

// maxField is the most that a field of another node's identity may take, since they are quoted in logs and answers.
const maxField = 256

// tooLong reports whether a field is longer than that.
func (id Identity) tooLong() bool {
	return max(len(id.ClusterID), len(id.NodeID), len(id.InstanceID), len(id.Version), len(id.Address)) > maxField
}

// kind is what a connection is for.
type kind string

const (
	kindRaft  kind = "raft"
	kindCall  kind = "call"
	kindProbe kind = "probe"
)

// hello is the dialling node's frame.
type hello struct {
	Kind     kind     `json:"kind"`
	Identity Identity `json:"identity"`
}

// answer is the answering node's frame.
type answer struct {
	OK       bool     `json:"ok"`
	Identity Identity `json:"identity"`
	Code     string   `json:"code,omitempty"`
	Message  string   `json:"message,omitempty"`
}

// judge says whether two nodes may talk to each other as k wants it, and why not.
// Both ends ask it, so that neither relies on the other's being right.
func judge(k kind, self, other Identity) *RefusedError {
	refuse := func(code, format string, args ...any) *RefusedError {
		return &RefusedError{Code: code, Message: fmt.Sprintf(format, args...), Peer: other}
	}
	switch {
	case self.InstanceID != "" && self.InstanceID == other.InstanceID:
		return refuse(CodeSelf, "both ends of the connection are node %q", self.NodeID)
	case self.Protocol != other.Protocol:
		return refuse(CodeProtocol, "node %q speaks peer protocol %d, node %q speaks %d: run versions that go together",
			self.NodeID, self.Protocol, other.NodeID, other.Protocol)
	case self.ClusterID != "" && other.ClusterID != "" && self.ClusterID != other.ClusterID:
		return refuse(CodeCluster, "node %q belongs to cluster %q, node %q to cluster %q: a node changes its cluster, or follows one "+
			"that was recovered, by joining anew with an empty data directory",
			self.NodeID, self.ClusterID, other.NodeID, other.ClusterID)
	case k == kindRaft && self.ClusterID == "":
		return refuse(CodeNoCluster, "node %q is in no cluster yet and takes no part in Raft", self.NodeID)
	case k == kindRaft && other.ClusterID == "":
		return refuse(CodeNoCluster, "node %q is in no cluster yet and takes no part in Raft", other.NodeID)
	}
	return nil
}
