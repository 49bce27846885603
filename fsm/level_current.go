//go:build !aiproxy_level1

package fsm

// FeatureLevel is the highest command level that this build understands. A command type has the level of the
// release that brought it; a type above the replicated level of the cluster is never proposed.
const FeatureLevel = 2
