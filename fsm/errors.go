package fsm

import "errors"

// The outcomes of a write that are about the cluster rather than about the command.
var (
	// ErrNoLeader means that nothing was written because no leader could be reached in time. It is safe to try again.
	ErrNoLeader = errors.New("the cluster has no leader")
	// ErrIndeterminate means that the write may or may not take effect. Only the same idempotency key may be tried again.
	ErrIndeterminate = errors.New("the outcome of the write is not known")
)

// ErrBehind means that a node has not applied as much of the log in time as a read asked for.
var ErrBehind = errors.New("this node is not up to date")

// The reasons for which a command is not encoded, or does not belong into a log.
var (
	// ErrCommandTooLarge means that an encoded command exceeds MaxCommandSize.
	ErrCommandTooLarge = errors.New("the command is too large")
	// ErrUnknownType means that this build does not know the type of a command. In a log it was put there by a newer one.
	ErrUnknownType = errors.New("the command type is not known to this build")
	// ErrFeatureLevel means that a state was written by a newer build and needs commands that this one does not know.
	ErrFeatureLevel = errors.New("the feature level is not known to this build")
	// ErrLevelTooLow means that a command was not proposed because not all nodes of the cluster understand it yet. What
	// wraps it names the nodes.
	ErrLevelTooLow = errors.New("the feature level of the cluster is too low")
)

// The reasons for which a file is refused. Both kinds are wrapped with what exactly is wrong.
var (
	// ErrMirrorDamaged means that the mirror is ours and broken. The log and the snapshots can rebuild it.
	ErrMirrorDamaged = errors.New("the mirror is damaged")
	// ErrMirrorForeign means that the file is no mirror, or one of another format.
	ErrMirrorForeign = errors.New("the file is not a mirror of this format")
	// ErrSnapshotDamaged means that a snapshot is ours and broken.
	ErrSnapshotDamaged = errors.New("the snapshot is damaged")
	// ErrSnapshotForeign means that the bytes are no snapshot, or one of another format.
	ErrSnapshotForeign = errors.New("the data is not a snapshot of this format")
)

// ErrClosed is returned by the methods of an FSM that was closed.
var ErrClosed = errors.New("the state machine is closed")
