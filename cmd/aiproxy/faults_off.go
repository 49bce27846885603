//go:build !faults

package main

import "aiproxy/store"

// injectFaults does nothing: only a build with the tag faults, which no release is, can be made to fail on order.
func injectFaults(*store.Config) {}
