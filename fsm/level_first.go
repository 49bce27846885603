//go:build aiproxy_level1

package fsm

// FeatureLevel is 1 in a build with the tag aiproxy_level1. It stands for the first release in tests of an upgrade.
const FeatureLevel = 1
