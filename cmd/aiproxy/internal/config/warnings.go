package config

import (
	"slices"
	"strconv"
	"strings"

	"aiproxy/gateway/spelling"
)

// Warnings says, one line each, what is allowed but hardly meant.
func (c *Config) Warnings() []string { return slices.Clone(c.warnings) }

const shortSecret = 16

func (l *loader) warn() {
	c := l.config
	add := func(line string) { c.warnings = append(c.warnings, line) }
	if l.file.secrets && l.file.mode.Perm()&0o004 != 0 {
		add(c.File + " holds secrets and everybody on this machine can read it; chmod 600 " + c.File)
	}
	if len(c.APIKeys) == 0 && !loopback(c.Host) {
		add("host " + c.Host + " without an API key serves everybody who reaches it; set --api-key")
	}
	if slices.Contains(c.APIKeys, exampleKey) {
		add("api_key is the one of the example; choose your own")
	}
	for _, in := range c.Instances {
		p, _ := findProvider(in.Provider)
		if in.Enabled && in.BaseURL == p.baseURL && in.APIKey == "" && in.CredentialsFile == "" {
			add("instance " + in.Name + " calls " + in.BaseURL + " without an API key, which it will refuse; set --" + p.group + "-api-key")
		}
	}
	for _, p := range knownProviders() {
		l.warnUnused(p, add)
	}
	if c.Cluster.Enabled {
		l.warnCluster(add)
	}
}

// warnUnused tells of a provider's settings that instances in the file take the place of. Variables are left out,
// since they may be set for other programs, or for references in the file.
func (l *loader) warnUnused(p provider, add func(string)) {
	listed := slices.ContainsFunc(l.config.Instances, func(in Instance) bool { return in.Provider == p.name && !in.Derived })
	if !listed {
		return
	}
	for _, o := range l.table {
		src := l.config.sources[o.name()]
		if o.group() == p.group && (src.Origin == FromFile || src.Origin == FromFlag) {
			add(o.Key + " (" + src.String() + ") is not used: the instances of " + p.name + " in the file have their own settings")
		}
	}
}

func (l *loader) warnCluster(add func(string)) {
	c := l.config
	if loopback(c.Host) && !loopback(hostOf(c.Cluster.NodeAddress)) {
		add("the other nodes dial " + c.Cluster.NodeAddress + ", but the gateway listens on " + c.Host + " only")
	}
	if port := portOf(c.Cluster.NodeAddress); port != c.Port {
		add("the other nodes dial port " + strconv.Itoa(port) + ", but the gateway listens on port " + strconv.Itoa(c.Port))
	}
	if c.ClusterSecret() == "" {
		add("the cluster has no secret: everybody on this machine can join it and read its keys; set --cluster-secret")
	}
	if s := c.ClusterSecret(); s != "" && len(s) < shortSecret && !loopback(hostOf(c.Cluster.NodeAddress)) {
		add("the cluster secret has fewer than 16 characters and may be guessed; set a longer --cluster-secret")
	}
	if len(c.Cluster.SecretPrevious) > 0 {
		add("a previous cluster secret is still accepted: remove --cluster-secret-previous once /cluster/status says that all is sealed anew")
	}
	if c.Cluster.Secret == "" && len(c.APIKeys) > 1 {
		add("the cluster secret is the first of several API keys: nodes need the same first key; set --cluster-secret to change keys freely")
	}
}

// exampleKey is the key in the documentation's example.
const exampleKey = "your-secret-key"

// UnknownVariables warns of variables that begin with AIPROXY_ and are no option's, each with the nearest name.
// The environment is given as "NAME=value" lines, as os.Environ returns it.
func UnknownVariables(environ []string) []string {
	var known, lines []string
	for _, o := range options() {
		known = append(known, o.Env...)
	}
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, environmentPrefix) || slices.Contains(known, name) {
			continue
		}
		message := "environment " + name + " is not a known variable"
		if near := spelling.Nearest(name, known); near != "" {
			message += "; did you mean " + near + "?"
		}
		lines = append(lines, message)
	}
	slices.Sort(lines)
	return lines
}
