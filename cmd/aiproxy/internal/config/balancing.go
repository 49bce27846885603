package config

import (
	"slices"
	"strings"

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

func algorithmHelp() string {
	help := "how an instance is picked: " + strings.Join(balance.Algorithms(), ", ")
	if pending := pendingAlgorithms(); len(pending) > 0 {
		help += "; to come: " + strings.Join(pending, ", ")
	}
	return help
}
