package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"aiproxy/fsm"
)

// Config is what a node must know to open its store.
type Config struct {
	// Dir is the data directory. It is made with mode 0700 if missing and belongs to one process at a time.
	Dir string
	// NodeID names the node in the cluster, for good.
	NodeID string
	// Address is the advertised host:port at which peers and clients reach the node.
	Address string
	// Clustered false makes a cluster of one that admits nobody.
	Clustered bool
	// Seeds are addresses of nodes to ask for admission. Empty, or only Address, means: start a new cluster.
	Seeds []string
	// Expect is the number of nodes that start a new cluster together, if none of the seeds is in one yet: the same on
	// all nodes, and all with the same seeds, this node's own address included or not. Less than 2 means that a node
	// with other seeds only ever joins.
	Expect int
	// NonVoter makes a node that holds and serves the state but has no vote: it never leads and counts for no quorum. A
	// restart with the other value changes that, as soon as the leader finds it safe. It can't start a cluster.
	NonVoter bool
	// Secret authenticates peers. All nodes of a cluster share it.
	Secret []byte
	// PreviousSecrets are those whose holders are peers as well, while the secret is rotated.
	PreviousSecrets [][]byte
	// SecretIDs name the secret and the previous ones, for the status of the cluster. They must give nothing of them away.
	SecretIDs []string
	// Version of the program, shown to the other nodes.
	Version string
	// FeatureLevel is the highest command level that the node says it understands, 0 for the build's. Tests lower it.
	FeatureLevel int
	// TimeoutScale multiplies Raft's timeouts (1 s heartbeat and election, 0.5 s lease). 0 means 1.
	TimeoutScale float64
	// SnapshotBytes is how much the log may grow before a snapshot takes its place. 0 means 32 MiB.
	SnapshotBytes int64
	// Listener is the node's one port. The store closes it.
	Listener net.Listener
	// Dial opens connections to other nodes, nil for the usual way. It is a test's place to cut links.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// ClientTLS, when set, makes the port speak HTTPS to clients.
	ClientTLS *tls.Config
	// Init gives the first configuration of a new cluster. It is asked only of the node that starts one.
	Init func(clusterID string) (fsm.Init, error)
	// OnFault is called, possibly more than once, with the reason why the node can't go on safely. The process should end.
	OnFault func(error)
	Logger  *slog.Logger
	// Now is the clock by which commands are stamped and peers' certificates judged; nil means time.Now. Durations are
	// measured by the monotonic clock, whatever it says.
	Now func() time.Time
	// WrapDisk, when set, is put between Raft and its database. Tests inject a disk's faults with it.
	WrapDisk func(RaftDisk) RaftDisk
}

// Timeouts at scale 1. Raft's own defaults, see research in DESIGN.md.
const (
	heartbeatTimeout = time.Second
	electionTimeout  = time.Second
	leaseTimeout     = 500 * time.Millisecond
)

func (c *Config) validate() error {
	var faults []error
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New(text))
		}
	}
	fault(c.Dir == "", "data directory is missing")
	fault(c.NodeID == "", "node id is missing")
	fault(len(c.Secret) == 0, "cluster secret is missing")
	fault(c.Listener == nil, "listener is missing")
	fault(c.Init == nil || c.OnFault == nil || c.Logger == nil, "Init, OnFault and Logger must be set")
	fault(c.NonVoter && !c.Clustered, "a node that runs alone can't do without its vote: add --cluster-enabled and --seed-nodes, or leave out --non-voter")
	fault(c.TimeoutScale < 0, "timeout scale must not be negative")
	if seeds := len(c.allSeeds()); c.together() && (seeds < c.Expect || seeds >= 2*c.Expect) {
		faults = append(faults, fmt.Errorf("%d nodes can't be sure to start one cluster among %d seeds: that takes at least as "+
			"many seeds, and fewer than twice as many", c.Expect, seeds))
	}
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		faults = append(faults, fmt.Errorf("node address %q is not host:port: %w", c.Address, err))
	}
	return errors.Join(faults...)
}

// scaled multiplies a duration by the configured scale.
func (c *Config) scaled(d time.Duration) time.Duration {
	if c.TimeoutScale == 0 {
		return d
	}
	return time.Duration(float64(d) * c.TimeoutScale)
}

// now is the time of day.
func (c *Config) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// otherSeeds are the seeds that are not this node's own address, each once.
func (c *Config) otherSeeds() []string {
	var others []string
	seen := map[string]bool{c.Address: true}
	for _, seed := range c.Seeds {
		if !seen[seed] {
			seen[seed] = true
			others = append(others, seed)
		}
	}
	return others
}

// allSeeds are the seeds and this node's own address, each once, sorted.
func (c *Config) allSeeds() []string {
	all := append(c.otherSeeds(), c.Address)
	slices.Sort(all)
	return all
}

// together tells that this node may start a cluster together with its seeds.
func (c *Config) together() bool { return c.Clustered && c.Expect > 1 && !c.NonVoter }
