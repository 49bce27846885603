package config

import (
	"slices"

	"aiproxy/gateway/balance"
)

// Pending says, one line a setting, what was given explicitly but waits for a capability of a later build.
func (c *Config) Pending() []string {
	var lines []string
	tell := func(key string, src Source, meanwhile, what string) {
		lines = append(lines, key+" ("+src.String()+"): "+meanwhile+" until a later version brings "+what)
	}
	const noEffect, notServed = "has no effect", "is not served"
	for _, o := range options() {
		if src := c.sources[o.name()]; o.Pending != "" && src.Explicit() {
			tell(o.name(), src, noEffect, o.Pending)
		}
	}
	if a := c.LoadBalancer.Algorithm; a != c.ServedAlgorithm() {
		tell("load_balancer.algorithm", c.Source("load_balancer.algorithm"), c.ServedAlgorithm()+" stands in", a)
	}
	for _, name := range c.ModelProviders {
		if src := c.Source("model_providers"); src.Explicit() && pendingProvider(name) != "" {
			tell("model_providers", src, name+" "+notServed, pendingProvider(name))
		}
	}
	for _, in := range c.Instances {
		if in.Derived {
			continue
		}
		if what := in.pending(); what != "" {
			tell("instance "+in.Name, in.source, notServed, what)
		}
	}
	return lines
}

// ServedInstances are the instances that this build can serve.
func (c *Config) ServedInstances() []Instance {
	return slices.DeleteFunc(slices.Clone(c.Instances), func(in Instance) bool { return in.pending() != "" })
}

// ServedProviders are the model providers that this build can serve, in order.
func (c *Config) ServedProviders() []string {
	return slices.DeleteFunc(slices.Clone(c.ModelProviders), func(name string) bool { return pendingProvider(name) != "" })
}

// ServedAlgorithm is the balancing algorithm, or the one that stands in for it until this build has it.
func (c *Config) ServedAlgorithm() string {
	if balance.Known(c.LoadBalancer.Algorithm) {
		return c.LoadBalancer.Algorithm
	}
	return roundRobin
}

// pending names the capability that the instance waits for, empty when it can be served.
func (in Instance) pending() string {
	return pendingProvider(in.Provider)
}

func pendingProvider(name string) string {
	p, _ := findProvider(name)
	return p.pending
}
