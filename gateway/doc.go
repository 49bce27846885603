// Package gateway is the HTTP surface of a node: routes, authentication, request ids, error shapes, the list of
// models, health endpoints and the servers that carry them. One handler decodes one inbound API as far as routing
// needs it and hands the request to the relay.
//
// It must not pick an instance, call an upstream for an inference or know Raft: the relay, the store and the
// cluster's status arrive as small interfaces. It never logs a key, a prompt or a completion. DESIGN.md beside
// this file tells a request's way and the decisions taken.
//
// Concurrency: a Gateway is made once and serves any number of requests at the same time. A request is served on
// one goroutine; only the list of models asks upstreams on goroutines of its own and waits for all of them.
package gateway
