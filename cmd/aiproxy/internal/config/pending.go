package config

import "aiproxy/gateway/balance"

// Pending says, one line a setting, what was given explicitly but waits for a capability of a later build.
func (c *Config) Pending() []string {
	var lines []string
	tell := func(key string, src Source, meanwhile, what string) {
		lines = append(lines, key+" ("+src.String()+"): "+meanwhile+" until a later version brings "+what)
	}
	for _, o := range options() {
		if src := c.sources[o.name()]; o.Pending != "" && src.Explicit() {
			tell(o.name(), src, "has no effect", o.Pending)
		}
	}
	if a := c.LoadBalancer.Algorithm; a != c.ServedAlgorithm() {
		tell("load_balancer.algorithm", c.Source("load_balancer.algorithm"), c.ServedAlgorithm()+" stands in", a)
	}
	return lines
}

// ServedAlgorithm is the balancing algorithm, or the one that stands in for it until this build has it.
func (c *Config) ServedAlgorithm() string {
	if balance.Known(c.LoadBalancer.Algorithm) {
		return c.LoadBalancer.Algorithm
	}
	return roundRobin
}
