// Package relay carries a request to an upstream and the answer back.
//
// It owns the routing table, built from the replicated state, and the path of a request from there on: pick an
// instance, call its provider, judge the outcome, try the next instance where that can help, and copy the answer to
// the client as it arrives. It must not authenticate, read a request's body, cache, know an upstream's protocol
// (that is the providers' part) or write replicated state.
//
// # Ownership
//
// A Request, its Header and its Body belong to the caller for as long as Serve runs; relay takes a reference of the
// Body for nothing that outlives Serve. A provider's Reply belongs to the attempt that got it, which closes its
// body. Header values go from the reply to the client's header map without a copy and are not changed by either.
// Buffers, attempts and exchanges come from pools of the Relay and go back when the attempt, or Serve, is over.
//
// # Concurrency
//
// A Relay, a Router and a Table serve any number of goroutines. A request runs on its caller's goroutine alone; no
// other is started for it. The one thing beside it is the timer of the attempt's watch, which guards the time-outs
// and keeps a silent stream alive:
//
//   - The client's side is written to under watch.mu: by the request's goroutine, and by the timer's when it writes a
//     comment. The timer never waits for that lock. If it is held for as long as the idle time-out allows, the
//     client has stopped reading, and the timer breaks its connection.
//   - watch.life makes the end of an attempt final: once stop has returned, the timer touches nothing any more, so
//     that client and exchange may be used again. Lock order: life before mu.
//   - The routing table is read through one atomic pointer. Balancer cursors and the instances' counters are atomics
//     that outlive a table.
//
// # Ends
//
// Nothing is tried again after the first byte has reached the client. To make use of that as long as possible, the
// header of a reply is not written before its first bytes are there (or, for a stream that is silent, before the
// first comment is due). Whoever gives up first ends everything: a client that goes away cancels the upstream call
// through the request's context in every phase, an upstream that fails or falls silent ends with an error in the
// client's dialect. Where that is too late, in a body that has begun or in the middle of an event, the client's
// connection is aborted by a panic with http.ErrAbortHandler, so that a part is never taken for the whole.
package relay
