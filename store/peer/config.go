package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Defaults of the Config fields that may be left zero.
const (
	DefaultMaxConns          = 4096
	DefaultHandshakeTimeout  = 10 * time.Second
	DefaultPreconnectTimeout = time.Minute
)

// Config says how a Transport behaves. Secret and Self are required.
type Config struct {
	// Secret is the cluster secret. All nodes of a cluster have the same, and who has it is a peer. It should be
	// hard to guess: what a node shows in a TLS handshake lets anybody test guesses at leisure.
	Secret []byte
	// PreviousSecrets are those whose holders are accepted as well, and accept this node, while the secret is rotated.
	PreviousSecrets [][]byte
	// Self returns who this node is now; it is asked again for every handshake, because a node learns its cluster
	// id while it joins. A Protocol of 0 stands for the Protocol of this package.
	Self func() Identity
	// ClientTLS is what clients get on an HTTPS listener; nil means that clients speak plain HTTP. Without
	// NextProtos they are offered h2 and http/1.1. Its GetConfigForClient, if any, is asked for clients only.
	ClientTLS *tls.Config
	// Logger receives what is worth telling, nil for nothing.
	Logger *slog.Logger
	// MaxConns bounds the connections that have been accepted but are neither a client's handed to the HTTP
	// server nor an authenticated peer's: beyond it the ones that have been silent longest are closed. As many
	// authenticated connections between peers are taken, beyond which they are refused. Zero means DefaultMaxConns.
	MaxConns int
	// HandshakeTimeout bounds a TLS handshake together with the handshake of this package, and a dial with both.
	// Zero means DefaultHandshakeTimeout.
	HandshakeTimeout time.Duration
	// PreconnectTimeout is how long a connection may stay silent before its first byte: browsers and HTTP clients
	// open connections ahead of need. Zero means DefaultPreconnectTimeout.
	PreconnectTimeout time.Duration
	// NodeAt returns the node id that the Raft configuration has for an address, or "". A Raft stream to an address
	// that another node answers is refused, because acknowledgements would count for the wrong voter. Nil means
	// that no node id is expected.
	NodeAt func(address string) string
	// MovedTo returns where the node with the id was last seen, if that is not the address that the Raft configuration
	// has for it, or "". A Raft stream goes there first, and to the configuration's address if the node is not there.
	// Nil means that nodes do not move.
	MovedTo func(nodeID string) string
	// Met is told who was at the other end of every handshake that both ends agreed to, whoever dialled. It must not
	// block. Nil means that nobody wants to know.
	Met func(Identity)
	// Dial opens outgoing TCP connections; nil means a net.Dialer, which resolves names at every dial.
	// It is a place to cut or delay links in a test.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock by which certificates are issued and checked; nil means time.Now.
	Now func() time.Time
}

// withDefaults checks the configuration and fills in what was left zero. All faults are reported at once.
func (c Config) withDefaults() (Config, error) {
	var faults []error
	if len(c.Secret) == 0 {
		faults = append(faults, errors.New("the cluster secret is empty"))
	}
	if c.Self == nil {
		faults = append(faults, errors.New("the identity of this node is missing"))
	}
	if c.MaxConns < 0 || c.HandshakeTimeout < 0 || c.PreconnectTimeout < 0 {
		faults = append(faults, errors.New("limits and timeouts cannot be negative"))
	}
	if len(faults) > 0 {
		return c, fmt.Errorf("configure peer transport: %w", errors.Join(faults...))
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxConns == 0 {
		c.MaxConns = DefaultMaxConns
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = DefaultHandshakeTimeout
	}
	if c.PreconnectTimeout == 0 {
		c.PreconnectTimeout = DefaultPreconnectTimeout
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.NodeAt == nil {
		c.NodeAt = func(string) string { return "" }
	}
	if c.MovedTo == nil {
		c.MovedTo = func(string) string { return "" }
	}
	if c.Met == nil {
		c.Met = func(Identity) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}
