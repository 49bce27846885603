package main

import (
	"context"
	"slices"

	"aiproxy/gateway"
	"aiproxy/gateway/admin"
	"aiproxy/providers"
	"aiproxy/store"
)

// clusterStatus is the answer to GET /cluster/status.
type clusterStatus struct {
	store.Status
	// ConfigDrift lists where this node's own configuration differs from the cluster's, which wins.
	ConfigDrift []string `json:"config_drift"`
	// Secret says which secrets this node knows and how far a rotation is.
	Secret rotation `json:"secret"`
}

func (n *node) status(ctx context.Context) any {
	differences := drift(n.config, n.secrets, n.store.View())
	if differences == nil {
		differences = []string{}
	}
	status := n.store.Status(ctx)
	return clusterStatus{Status: status, ConfigDrift: differences, Secret: n.secrets.rotation(n.store.View(), status.Nodes)}
}

// checks are the lines of /readyz.
func (n *node) checks() []gateway.Check {
	r := n.store.Readiness()
	state := gateway.Check{Name: "state", OK: r.Ready()}
	switch {
	case r.Removed:
		state.Detail = r.Fault
	case r.CaughtUp:
	case r.Fault != "":
		state.Detail = "not admitted to the cluster: " + r.Fault
	case !r.Initialised:
		state.Detail = "no configuration yet: the node is joining or the cluster is forming"
	case r.Stale:
		state.Detail = "no cluster was found, the last state serves"
	default:
		state.Detail = "the last state is being brought up to date"
	}
	// A bad disk keeps the node from writing, not from serving.
	return []gateway.Check{{Name: "store", OK: true, Detail: r.Disk}, state, quorum(r)}
}

// quorum tells whether the cluster can be written to, as far as this node sees. Traffic does without.
func quorum(r store.Readiness) gateway.Check {
	c := gateway.Check{Name: "quorum", OnRequest: true, OK: r.Leader}
	if !c.OK {
		c.Detail = "no leader is known: nothing can be written, traffic goes on; see /cluster/status"
	}
	return c
}

// counters are this node's own figures for an instance.
func (n *node) counters(instance string) admin.Counters {
	load, ok := n.router.Load(instance)
	if !ok {
		return admin.Counters{}
	}
	return admin.Counters{Requests: load.Requests, Failures: load.Failures, InFlight: load.InFlight}
}

// knownModel tells whether an instance lists the model by name, which bounds the metrics' labels.
func (n *node) knownModel(model string) bool {
	return slices.ContainsFunc(n.router.Table().Instances(), func(in *providers.Instance) bool {
		return slices.Contains(in.Models, model)
	})
}
