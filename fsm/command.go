package fsm

import (
	"encoding/json"
	"fmt"
	"time"
)

// MaxCommandSize bounds an encoded command in bytes: larger log entries delay Raft's heartbeats. MaxConfigSize is the
// bound of the two that carry a whole configuration, ClusterInit and ConfigApply, which are rare.
const (
	MaxCommandSize = 256 << 10
	MaxConfigSize  = 8 << 20
)

// commandVersion is the version of the envelope, not of the types in it.
const commandVersion = 1

// Type names what a command does.
type Type string

// The command types of feature level 1.
const (
	// ClusterInit (payload Init) gives a new cluster its identity and first configuration. It is accepted once.
	ClusterInit Type = "cluster.init"
	// SettingsSet (payload Settings) replaces the settings.
	SettingsSet Type = "settings.set"
	// AlgorithmSet (payload AlgorithmChange) changes only the balancing algorithm.
	AlgorithmSet Type = "settings.algorithm"
	// InstanceSet (payload Instance) adds or replaces an instance.
	InstanceSet Type = "instance.set"
	// InstanceUpdate (payload InstanceChange) changes the named fields of an existing instance.
	InstanceUpdate Type = "instance.update"
	// InstanceDelete (payload Name) removes an instance.
	InstanceDelete Type = "instance.delete"
	// MemberSet (payload Member) adds or replaces a member.
	MemberSet Type = "member.set"
	// MemberDelete (payload Name) removes a member.
	MemberDelete Type = "member.delete"
)

// The command types of feature level 2.
const (
	// ConfigApply (payload ConfigChange) changes any part of the configuration at once, or nothing.
	ConfigApply Type = "config.apply"
	// ConfigRollback (payload Rollback) puts the configuration of an earlier revision back, as a new revision.
	ConfigRollback Type = "config.rollback"
	// LevelRaise (payload Level) raises the feature level of the cluster. It is accepted if every member has the level.
	LevelRaise Type = "cluster.level"
	// ClusterReseal (payload Reseal) replaces sealed secrets by the same ones sealed under another cluster secret.
	ClusterReseal Type = "cluster.reseal"
)

// Init is the payload of ClusterInit.
type Init struct {
	ClusterID    string     `json:"cluster_id"`
	FeatureLevel int        `json:"feature_level"`
	Settings     Settings   `json:"settings"`
	Instances    []Instance `json:"instances"`
	// ClientKeys need feature level 2.
	ClientKeys []ClientKey `json:"client_keys,omitempty"`
	// SealCheck is a sealed constant: a node that cannot open it was started with another cluster secret.
	SealCheck Sealed `json:"seal_check"`
}

// AlgorithmChange is the payload of AlgorithmSet.
type AlgorithmChange struct {
	Algorithm string `json:"algorithm"`
}

// InstanceChange is the payload of InstanceUpdate. A nil field stays as it is.
type InstanceChange struct {
	Name    string `json:"name"`
	Weight  *int   `json:"weight,omitempty"`
	Enabled *bool  `json:"enabled,omitempty"`
}

// Name is the payload of the commands that delete.
type Name struct {
	Name string `json:"name"`
}

// Level is the payload of LevelRaise.
type Level struct {
	Level int `json:"level"`
}

// Command is the versioned envelope of one change, as it stands in the Raft log.
type Command struct {
	Version int  `json:"v"`
	Type    Type `json:"type"`
	// Key is the idempotency key, at most 255 printable ASCII characters: a command whose key was applied before is
	// answered from memory. Empty means that the command is not remembered.
	Key string `json:"key,omitempty"`
	// At is the leader's clock when it proposed the command.
	At time.Time `json:"at"`
	// IfRevision, when not 0, makes the command conditional on the current revision.
	IfRevision uint64 `json:"if_revision,omitempty"`
	// By says who wants the change, for the audit trail: the name of a client key, "cli", "leader". At most 128 printable
	// ASCII characters, never a secret. It came with feature level 2: at a lower one it must be empty.
	By      string          `json:"by,omitempty"`
	Payload json.RawMessage `json:"payload"`
}

// NewCommand makes a command of type t with the payload that the type's documentation names.
func NewCommand(t Type, payload any) (Command, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return Command{}, fmt.Errorf("encode payload of %s: %w", t, err)
	}
	return Command{Version: commandVersion, Type: t, Payload: raw}, nil
}

// Receipt tells where a write stands once a quorum holds it.
type Receipt struct {
	// Index is the write's index in the Raft log.
	Index uint64 `json:"index"`
	// Revision is the configuration's revision after the write.
	Revision uint64 `json:"revision"`
	// Applied lists the IDs of the nodes known to have applied it, sorted.
	Applied []string `json:"applied"`
}
