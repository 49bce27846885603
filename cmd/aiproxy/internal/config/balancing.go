package config

import (
	"slices"

	"aiproxy/gateway/balance"
)

const roundRobin = balance.RoundRobin

// pendingAlgorithms are accepted already, while round_robin stands in for them.
func pendingAlgorithms() []string {
	ready := balance.Algorithms()
	return slices.DeleteFunc([]string{"least_requests", "ip_hash"}, func(name string) bool {
		return slices.Contains(ready, name)
	})
}

// algorithms are the names that load_balancer.algorithm may have.
func algorithms() []string { return append(balance.Algorithms(), pendingAlgorithms()...) }
