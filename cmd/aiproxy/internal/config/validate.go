package config

import (
	"os"
	"slices"
	"strconv"
)

// validate checks what depends on more than one setting. A setting that has a fault of its own is left alone.
func (l *loader) validate() {
	l.validateProviders()
	l.validateInstances()
	l.validateMetrics()
	l.validateTLS()
	if l.config.Cluster.Enabled {
		l.validateCluster()
		l.validateExpected()
	}
}

// cross reports a fault of the option with the given key, unless it has one already.
func (l *loader) cross(key, problem, remedy string) {
	if !l.faulty[key] {
		l.fault(l.config.sources[key], key, problem, remedy)
	}
}

func (l *loader) validateProviders() {
	names := l.config.ModelProviders
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			l.cross("model_providers", name+" is listed twice", "name each provider once, by name or by alias")
		}
	}
}

func (l *loader) validateInstances() {
	first := make(map[string]Instance)
	for _, in := range l.config.Instances {
		for _, key := range []string{"name", "provider"} {
			if _, set := in.sources[key]; !set && !in.Derived && !l.faulty[joinKey(in.path, key)] {
				l.fault(in.source, in.path, "an instance has no "+key, "add "+key+": …")
			}
		}
		other, taken := first[in.Name]
		switch {
		case in.Name == "":
		case taken && in.Derived:
			l.nameTaken(other, "the instance that "+in.Provider+" gets")
		case taken:
			l.nameTaken(in, "the instance in line "+strconv.Itoa(other.source.Line)+" too")
		default:
			first[in.Name] = in
		}
	}
}

func (l *loader) nameTaken(in Instance, by string) {
	l.fault(in.sources["name"], joinKey(in.path, "name"), in.Name+" is the name of "+by, "choose another name")
}

func (l *loader) validateMetrics() {
	c := l.config
	if c.Metrics.Enabled && c.Metrics.Port != 0 && c.Metrics.Port == c.Port {
		l.cross("metrics.port", "is the port of the gateway itself", "choose another one, or leave it out: the main port serves /metrics too")
	}
}

func (l *loader) validateTLS() {
	t := l.config.TLS
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		l.cross("tls.cert_file", "a certificate needs its key", "set --tls-key-file")
	case t.KeyFile != "" && t.CertFile == "":
		l.cross("tls.key_file", "a key needs its certificate", "set --tls-cert-file")
	}
	l.validateFile("tls.cert_file", t.CertFile)
	l.validateFile("tls.key_file", t.KeyFile)
}

func (l *loader) validateFile(key, path string) {
	if path == "" {
		return
	}
	f, err := os.Open(path)
	if err != nil {
		l.cross(key, "cannot read the file "+quote(path), "give the path of a PEM file that the gateway may read")
		return
	}
	f.Close()
}

func (l *loader) validateCluster() {
	c := l.config
	address := c.Cluster.NodeAddress
	if l.faulty["cluster.node_address"] {
		return
	}
	if unspecified(hostOf(address)) {
		l.cross("cluster.node_address", "names no host that the other nodes can dial", "set --node-address to this node's own host:port")
		return
	}
	open := len(c.APIKeys) == 0 && !l.faulty["api_key"]
	if open && c.ClusterSecret() == "" {
		l.validateOpenCluster()
		return
	}
	if open && !loopback(hostOf(address)) && !c.sources["host"].Explicit() {
		l.cross("cluster.node_address", "the other nodes cannot reach it: without an API key the gateway listens on loopback only",
			"set --api-key, or --host to serve everybody")
	}
}

// validateOpenCluster allows a cluster that nothing protects on this machine only.
func (l *loader) validateOpenCluster() {
	const remedy = "set --cluster-secret or --api-key, the same on every node"
	c := l.config.Cluster
	if !loopback(hostOf(c.NodeAddress)) {
		l.cross("cluster.node_address", "a cluster without a secret is for loopback addresses only", remedy)
	}
	if host := l.config.Host; !loopback(host) {
		l.cross("host", "a cluster without a secret is for loopback addresses only", remedy)
	}
	if slices.ContainsFunc(c.SeedNodes, func(s string) bool { return !loopback(hostOf(s)) }) {
		l.cross("cluster.seed_nodes", "a cluster without a secret is for loopback addresses only", remedy)
	}
}

// validateExpected compares the nodes that start a cluster together with those that are known. With twice as many seeds,
// two groups that can't reach each other could both be enough.
func (l *loader) validateExpected() {
	const key = "cluster.bootstrap_expect"
	c := l.config.Cluster
	if c.BootstrapExpect < 2 || l.faulty["cluster.seed_nodes"] || l.faulty["cluster.node_address"] {
		return
	}
	known := append(slices.Clone(c.SeedNodes), c.NodeAddress)
	slices.Sort(known)
	count := len(slices.Compact(known))
	said := strconv.Itoa(c.BootstrapExpect) + " nodes are to start the cluster together, but "
	switch {
	case count < c.BootstrapExpect:
		l.cross(key, said+"the seeds and this node are only "+strconv.Itoa(count),
			"list the addresses of all of them in --seed-nodes, the same list on every node")
	case count >= 2*c.BootstrapExpect:
		l.cross(key, said+"with "+strconv.Itoa(count)+" seeds there is room for two such groups",
			"set it to more than half of the seeds, or list fewer of them")
	}
}
