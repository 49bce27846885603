package peer

import (
	"errors"
	"fmt"
)

// What a dial can come to, for errors.Is. A refusal is a *RefusedError besides.
var (
	// ErrSelf means that a node has reached itself.
	ErrSelf = errors.New("this node has dialled itself")
	// ErrSecret means that the other node's certificate does not come from this node's cluster secret, or the
	// other way round.
	ErrSecret = errors.New("the cluster secrets of the two nodes probably differ")
	// ErrClock means that a certificate is outside its validity, which takes clocks that are half a day apart.
	ErrClock = errors.New("the clocks of the two nodes are too far apart")
	// ErrNotPeer means that something answered which is not a peer port of aiproxy.
	ErrNotPeer = errors.New("not a peer port of aiproxy")
	// ErrWrongNode means that another node answered than the one that Raft expects at this address.
	ErrWrongNode = errors.New("another node answers at this address")
	// ErrClosed means that the Transport, or the Raft stream layer, has been closed.
	ErrClosed = errors.New("peer transport is closed")
	// ErrPaused means that this node has paused its Raft streams.
	ErrPaused = errors.New("raft streams are paused")
)

// Codes of a RefusedError. They are part of the wire format.
const (
	// CodeProtocol: the two nodes speak different protocol versions.
	CodeProtocol = "protocol"
	// CodeCluster: the two nodes belong to different clusters.
	CodeCluster = "cluster"
	// CodeNoCluster: a Raft stream needs a cluster id at both ends.
	CodeNoCluster = "no_cluster"
	// CodeSelf: the dialling node is the answering one.
	CodeSelf = "self"
	// CodeKind: the answering node does not know this kind of connection.
	CodeKind = "kind"
	// CodeMalformed: the hello could not be decoded.
	CodeMalformed = "malformed"
	// CodeNotReady: the answering node does not take this kind of connection yet, or no longer.
	CodeNotReady = "not_ready"
	// CodeBusy: the answering node has as many connections between peers as it takes.
	CodeBusy = "busy"
)

// RefusedError is what a dialler gets when both nodes have authenticated themselves and one of them says no.
type RefusedError struct {
	// Code is one of the Code constants, for programs.
	Code string
	// Message is the reason, for people.
	Message string
	// Peer is the node at the other end.
	Peer Identity
}

// Error gives the reason.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("connection between peers refused (%s): %s", e.Code, e.Message)
}

// Is lets errors.Is(err, ErrSelf) find a refusal for that reason.
func (e *RefusedError) Is(target error) bool {
	return target == ErrSelf && e.Code == CodeSelf
}
