// Package peer carries everything that nodes of a cluster say to each other, on the port that clients use too.
//
// It owns the accept loop of that port, the way clients' and peers' connections are told apart, the mutual TLS
// that the cluster secret yields, the handshake that follows it, and what runs inside: Raft streams, peer calls
// (HTTP/1.1) and probes. DESIGN.md in this folder has the wire format and the reasons.
//
// It must not know what a peer call means, who is a member or what Raft decides, and it must not touch a client's
// connection after handing it over: no byte of a client's traffic passes through this package but the first one.
// It never logs a secret, and it logs a refused peer once per cause rather than once per connection.
//
// Concurrency: every method of Transport and of what it returns may be called from any goroutine. Serve and
// ServeCalls block and belong to the caller; all other goroutines are short, belong to Serve, and are awaited by
// Close. Config.Self, Config.NodeAt, Config.MovedTo, Config.Met, Config.Dial and Config.Now are called from many goroutines at once.
package peer
