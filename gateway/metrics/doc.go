// Package metrics owns the Prometheus collectors of the gateway: requests from clients, calls to providers,
// tokens and the state of the process. docs/metrics.md lists them and is held against this package by a test.
//
// It must not know how a request is served. Callers tell it in basic types what happened; it bounds every label
// value, so that nothing a client or an upstream sends can make the number of series grow without end. It keeps
// a registry of its own and never touches the client library's global one.
//
// Concurrency: every method is safe for concurrent use. What a request touches is resolved to a handle at the
// first use, so that counting costs a few atomic operations and no allocation.
package metrics
