package config

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"aiproxy/providers"
)

// resolve fills in what depends on more than one setting.
func (l *loader) resolve() {
	c := l.config
	l.resolveProviders()
	l.resolveInstances()
	if c.Cluster.NodeID == "" {
		c.Cluster.NodeID = hostID()
	}
	if c.DataDir == "" {
		c.DataDir = filepath.Join("aiproxy-data", c.Cluster.NodeID)
	}
	l.resolveListener()
}

// resolveProviders makes the list of providers canonical, or derives it when nobody gave one.
func (l *loader) resolveProviders() {
	c := l.config
	for _, p := range knownProviders() {
		s := p.settings(c)
		s.BaseURL = strings.TrimRight(s.BaseURL, "/")
	}
	for i, name := range c.ModelProviders {
		c.ModelProviders[i] = canonical(name)
	}
	for i := range c.Instances {
		c.Instances[i].Provider = canonical(c.Instances[i].Provider)
	}
	if len(c.ModelProviders) > 0 {
		return
	}
	for _, in := range c.Instances {
		if !slices.Contains(c.ModelProviders, in.Provider) {
			c.ModelProviders = append(c.ModelProviders, in.Provider)
		}
	}
	for _, p := range knownProviders() {
		if l.hasSettings(p) && !slices.Contains(c.ModelProviders, p.name) {
			c.ModelProviders = append(c.ModelProviders, p.name)
		}
	}
	if len(c.ModelProviders) == 0 {
		c.ModelProviders = []string{knownProviders()[0].name}
	}
}

// hasSettings tells whether anything was said about the provider.
func (l *loader) hasSettings(p provider) bool {
	return slices.ContainsFunc(l.table, func(o option[Config]) bool {
		return o.group() == p.group && l.config.sources[o.Key].Explicit()
	})
}

// resolveInstances completes the entries of the file and derives an instance for every provider that has none.
func (l *loader) resolveInstances() {
	c := l.config
	for i := range c.Instances {
		in := &c.Instances[i]
		if p, ok := findProvider(in.Provider); ok && in.BaseURL == "" {
			in.BaseURL = p.baseURL
		}
		in.resolveAccount()
		in.BaseURL = strings.TrimRight(in.BaseURL, "/")
	}
	for _, name := range c.ModelProviders {
		has := slices.ContainsFunc(c.Instances, func(in Instance) bool { return in.Provider == name })
		p, known := findProvider(name)
		if has || !known {
			continue
		}
		s := p.settings(c)
		c.Instances = append(c.Instances, Instance{
			Name: name, Provider: name, BaseURL: s.BaseURL, APIKey: s.APIKey, CredentialsFile: s.CredentialsFile, ProjectID: s.ProjectID,
			Weight: 1, Enabled: true, Derived: true,
		})
		c.Instances[len(c.Instances)-1].resolveAccount()
	}
}

// resolveAccount gives an OAuth account of Google's the endpoint that such accounts have.
func (in *Instance) resolveAccount() {
	account := in.CredentialsFile != "" && in.APIKey == "" || in.Auth == "oauth"
	if account && in.Provider == providers.GeminiCLI && in.BaseURL == geminiBaseURL {
		in.BaseURL = assistBaseURL
	}
}

// DefaultBaseURL tells whether the instance has its provider's public endpoint.
func (in Instance) DefaultBaseURL() bool {
	p, ok := findProvider(in.Provider)
	return ok && in.BaseURL == p.baseURL
}

// resolveListener decides where to listen when nobody said so.
func (l *loader) resolveListener() {
	c := l.config
	address := c.Cluster.NodeAddress
	clustered := c.Cluster.Enabled && address != "" && !l.faulty["cluster.node_address"]
	if clustered && !c.sources["port"].Explicit() {
		c.Port = portOf(address)
	}
	if c.sources["host"].Explicit() {
		return
	}
	switch host := hostOf(address); {
	case clustered && strings.EqualFold(host, "localhost"):
		c.Host = "127.0.0.1"
	case clustered && loopback(host):
		c.Host = host
	case len(c.APIKeys) == 0:
		c.Host = "127.0.0.1"
	case clustered && strings.Contains(host, ":"):
		c.Host = "::"
	default:
		c.Host = "0.0.0.0"
	}
}

// hostID is the machine's name as a node id.
func hostID() string {
	name, err := os.Hostname()
	if err != nil || identifier(name) != nil {
		return "node"
	}
	return name
}

// ListenAddress is the host:port to listen on, for clients and peers.
func (c *Config) ListenAddress() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// MetricsAddress is the host:port of the listener for metrics alone, empty when there is none.
func (c *Config) MetricsAddress() string {
	if !c.Metrics.Enabled || c.Metrics.Port == 0 {
		return ""
	}
	return net.JoinHostPort(c.Host, strconv.Itoa(c.Metrics.Port))
}

// AdvertisedAddress is the host:port at which others reach the node: the node address in a cluster, else where it
// listens.
func (c *Config) AdvertisedAddress() string {
	if c.Cluster.Enabled {
		return c.Cluster.NodeAddress
	}
	return c.ListenAddress()
}
