package config

import (
	"time"

	"aiproxy/providers"
)

// Config is the effective configuration of one node. Load makes it; nothing changes it afterwards.
type Config struct {
	// File is the path of the configuration file, empty for none.
	File string
	// Host is the address to listen on; see ListenAddress.
	Host string
	// Port is the port to listen on, for clients and peers.
	Port int
	// APIKeys are the keys that clients may use. Empty means that no key is asked for.
	APIKeys []Secret
	// ModelProviders are canonical names, in the order in which providers are considered where a request names none.
	ModelProviders []string
	// ModelAliases map names that clients use to other names of models, for all instances.
	ModelAliases map[string]string
	// Translation is "lenient" or "strict": whether requests are refused of which a translation would drop something.
	Translation string
	// CORSAllowedOrigins are the origins of web pages that browsers may let ask the gateway, "*" for all.
	CORSAllowedOrigins []string
	// Instances are the entries of the file, followed by those derived from the providers' own settings.
	Instances []Instance

	OpenAI Provider
	Claude Provider
	Gemini Provider
	Kiro   Provider
	Qwen   Provider

	Cache        Cache
	Redis        Redis
	Metrics      Metrics
	WebSocket    WebSocket
	LoadBalancer LoadBalancer
	Cluster      Cluster
	TLS          TLS
	Log          Log
	Timeouts     Timeouts
	Limits       Limits
	// DataDir is where the node keeps its state.
	DataDir string

	sources map[string]Source
	// warnings are those found while loading.
	warnings []string
}

// Secret is a value that is never shown: printing, logging and encoding give a mask.
type Secret = providers.Secret

// Provider holds the settings of one provider, from which an instance is derived when the file lists none for it.
type Provider struct {
	BaseURL         string
	APIKey          Secret
	CredentialsFile string
	// ProjectID is a Google Cloud project; only Gemini has one.
	ProjectID string
}

// Instance is one upstream endpoint with one account.
type Instance struct {
	Name string
	// Provider is a canonical name, such as "openai-custom".
	Provider string
	// BaseURL has no trailing slash.
	BaseURL         string
	APIKey          Secret
	CredentialsFile string
	// Models are the model names served, each of which may end in "*". Empty means every model.
	Models []string
	// Weight is the share of traffic against that of the other candidates, 0 to 1000.
	Weight int
	// Priority is the tier: lower goes first.
	Priority int
	Enabled  bool
	// Auth says how the key is presented: "", "bearer" or "oauth".
	Auth string
	// ProjectID is a Google Cloud project, Region one of AWS.
	ProjectID, Region string
	// Headers are sent with every request, by canonical name.
	Headers       map[string]Secret
	ProxyURL      string
	ProxyPassword Secret
	// FirstByteTimeout and IdleTimeout are in place of the node's own, 0 for those.
	FirstByteTimeout, IdleTimeout time.Duration
	// CAFile holds certificates in PEM.
	CAFile string
	// ModelAliases map names that clients use to the upstream's.
	ModelAliases map[string]string
	// Responses tells that the upstream has OpenAI's Responses API.
	Responses bool
	// Derived tells that the instance follows from its provider's settings and has no entry in the file.
	Derived bool

	// path is the entry's place in the file's keys, such as "instances[0]".
	path    string
	source  Source
	sources map[string]Source
}

// Cache configures the response cache.
type Cache struct {
	Enabled bool
	// MaxSizeMB bounds the memory cache, in MiB.
	MaxSizeMB int
	TTL       time.Duration
}

// Redis names the server that the cache shares. An empty Addr means none.
type Redis struct {
	Addr     string
	Password Secret
	DB       int
}

// Metrics configures the Prometheus endpoint.
type Metrics struct {
	Enabled bool
	// Port is that of a listener for metrics alone; 0 means that only the main port serves them.
	Port int
}

// WebSocket configures the WebSocket endpoint.
type WebSocket struct {
	Enabled        bool
	MaxConnections int
}

// LoadBalancer says how an instance is picked.
type LoadBalancer struct {
	Enabled             bool
	Algorithm           string
	HealthCheckInterval time.Duration
}

// Cluster configures the node's part in a cluster.
type Cluster struct {
	Enabled bool
	// NodeID is the node's name, unique in the cluster.
	NodeID string
	// NodeAddress is the host:port at which clients and peers reach the node.
	NodeAddress string
	// SeedNodes are host:port addresses of nodes to join through.
	SeedNodes []string
	// BootstrapExpect is the number of nodes that start a new cluster together; less than 2 means none do.
	BootstrapExpect int
	// NonVoter makes a node that serves traffic and reads but has no vote.
	NonVoter bool
	// SecretPrevious are the secrets before it, while it is rotated.
	SecretPrevious []Secret
	// Secret is the one that was set; see Config.ClusterSecret.
	Secret Secret
	// RaftTimeoutScale multiplies Raft's timeouts.
	RaftTimeoutScale float64
}

// TLS names the certificate of the listener for clients. Both are empty or neither is.
type TLS struct {
	CertFile string
	KeyFile  string
}

// Enabled tells whether clients speak HTTPS.
func (t TLS) Enabled() bool { return t.CertFile != "" }

// Log configures the log.
type Log struct {
	// Level is debug, info, warn or error.
	Level string
	// Format is text or json.
	Format string
}

// Timeouts bound what the gateway waits for.
type Timeouts struct {
	// FirstByte is the longest wait for an upstream's reply to begin.
	FirstByte time.Duration
	// Idle is the longest silence in the middle of an upstream's reply.
	Idle time.Duration
	// Shutdown is the longest wait for requests in flight when the node stops.
	Shutdown time.Duration
}

// Limits bound what a client may send.
type Limits struct {
	// MaxBodyMB bounds a request body, in MiB.
	MaxBodyMB int
}

// MaxBodyBytes is MaxBodyMB in bytes.
func (l Limits) MaxBodyBytes() int64 { return int64(l.MaxBodyMB) << 20 }

// Source says where the value of the option with the given key comes from.
func (c *Config) Source(key string) Source { return c.sources[key] }

// Source says where the instance was defined: the file's line, or the default for a derived one.
func (in Instance) Source() Source { return in.source }

// ClusterSecret is the secret that the nodes of a cluster share: the one set, else the first API key, else empty.
func (c *Config) ClusterSecret() Secret {
	if c.Cluster.Secret == "" && len(c.APIKeys) > 0 {
		return c.APIKeys[0]
	}
	return c.Cluster.Secret
}
