package config

import (
	"time"

	"aiproxy/gateway/admin/document"
)

func clusterOptions() []option[Config] {
	return []option[Config]{
		{
			Option{Flag: "cluster-enabled", Key: "cluster.enabled", Default: "false", Help: "be a node of a cluster"},
			boolean(func(c *Config) *bool { return &c.Cluster.Enabled }),
		},
		{
			Option{
				Flag: "node-id", Env: []string{"NODE_ID"}, Key: "cluster.node_id", DefaultNote: "the machine's host name",
				Help: "name of the node, unique in the cluster",
			},
			text(func(c *Config) *string { return &c.Cluster.NodeID }, identifier),
		},
		{
			Option{
				Flag: "node-address", Env: []string{"NODE_ADDRESS"}, Key: "cluster.node_address",
				Help: "address (host:port) at which clients and peers reach the node",
			},
			text(func(c *Config) *string { return &c.Cluster.NodeAddress }, optional(hostPort)),
		},
		{
			Option{
				Flag: "seed-nodes", Env: []string{"SEED_NODES"}, Key: "cluster.seed_nodes",
				Help: "addresses (host:port) of nodes to join through; the node's own may be among them",
			},
			texts(func(c *Config) *[]string { return &c.Cluster.SeedNodes }, namedHost),
		},
		{
			Option{
				Flag: "bootstrap-expect", Key: "cluster.bootstrap_expect", Default: "0",
				Help: "number of nodes that start a new cluster together, the same on all of them and with the same seeds, of which " +
					"each is one; less than 2 for a node that starts one alone or joins",
			},
			integer(func(c *Config) *int { return &c.Cluster.BootstrapExpect }, between(0, 99)),
		},
		{
			Option{
				Flag: "non-voter", Key: "cluster.non_voter", Default: "false",
				Help: "serve traffic and reads without a vote: the node never leads, counts for no quorum and starts no cluster",
			},
			boolean(func(c *Config) *bool { return &c.Cluster.NonVoter }),
		},
		{
			Option{
				Flag: "cluster-secret", Key: "cluster.secret", Secret: true, DefaultNote: "the first API key",
				Help: "secret that the nodes of a cluster share",
			},
			secret(func(c *Config) *Secret { return &c.Cluster.Secret }),
		},
		{
			Option{
				Flag: "cluster-secret-previous", Key: "cluster.secret_previous", Secret: true,
				Help: "secrets that the cluster had before, accepted besides while the secret is rotated; see the runbook",
			},
			secrets(func(c *Config) *[]Secret { return &c.Cluster.SecretPrevious }),
		},
		{
			Option{
				Flag: "raft-timeout-scale", Key: "cluster.raft_timeout_scale", Default: "1",
				Help: "factor for Raft's timeouts; more for slow links and disks",
			},
			number(func(c *Config) *float64 { return &c.Cluster.RaftTimeoutScale }, within(0.1, 100)),
		},
	}
}

func operationOptions() []option[Config] {
	return []option[Config]{
		{
			Option{Flag: "data-dir", Key: "data_dir", DefaultNote: "aiproxy-data/ and the node id", Help: "directory of the node's state"},
			text(func(c *Config) *string { return &c.DataDir }),
		},
		{
			Option{Flag: "tls-cert-file", Key: "tls.cert_file", Help: "PEM certificate chain; clients then speak HTTPS"},
			text(func(c *Config) *string { return &c.TLS.CertFile }),
		},
		{
			Option{Flag: "tls-key-file", Key: "tls.key_file", Help: "PEM private key of the certificate"},
			text(func(c *Config) *string { return &c.TLS.KeyFile }),
		},
		{
			Option{Flag: "log-level", Key: "log.level", Default: "info", Help: "least level that is logged: debug, info, warn or error"},
			text(func(c *Config) *string { return &c.Log.Level }, oneOf("debug", "info", "warn", "error")),
		},
		{
			Option{Flag: "log-format", Key: "log.format", Default: "text", Help: "form of the log: text or json"},
			text(func(c *Config) *string { return &c.Log.Format }, oneOf("text", "json")),
		},
		{
			Option{
				Flag: "upstream-first-byte-timeout", Key: "timeouts.first_byte", Default: "5m",
				Help: "longest wait for an upstream's reply to begin",
			},
			duration(func(c *Config) *time.Duration { return &c.Timeouts.FirstByte }, lasting(time.Millisecond, 24*time.Hour)),
		},
		{
			Option{
				Flag: "upstream-idle-timeout", Key: "timeouts.idle", Default: "5m",
				Help: "longest silence inside an upstream's reply",
			},
			duration(func(c *Config) *time.Duration { return &c.Timeouts.Idle }, lasting(time.Millisecond, 24*time.Hour)),
		},
		{
			Option{
				Flag: "shutdown-timeout", Key: "timeouts.shutdown", Default: "30s",
				Help: "longest wait for requests in flight when the node stops",
			},
			duration(func(c *Config) *time.Duration { return &c.Timeouts.Shutdown }, lasting(0, 24*time.Hour)),
		},
		{
			Option{Flag: "max-body-mb", Key: "limits.max_body_mb", Default: "32", Help: "largest request body in MiB"},
			integer(func(c *Config) *int { return &c.Limits.MaxBodyMB }, between(1, 4096)),
		},
	}
}

// instanceOptions is the table of what an entry of "instances" may hold.
//
//nolint:funlen // A table.
func instanceOptions() []option[Instance] {
	return []option[Instance]{
		{
			Option{Key: "name", Help: "name of the instance, unique in the cluster; required"},
			text(func(in *Instance) *string { return &in.Name }, identifier),
		},
		{
			Option{Key: "provider", Help: "kind of upstream; required"},
			text(func(in *Instance) *string { return &in.Provider }, knownProvider),
		},
		{
			Option{Key: "base_url", DefaultNote: "the provider's public endpoint", Help: "endpoint"},
			text(func(in *Instance) *string { return &in.BaseURL }, httpURL),
		},
		{
			Option{Key: "api_key", Secret: true, Help: "API key"},
			secret(func(in *Instance) *Secret { return &in.APIKey }),
		},
		{
			Option{Key: "credentials_file", Help: "file with OAuth credentials, of which the access token is used in place of an API key"},
			text(func(in *Instance) *string { return &in.CredentialsFile }),
		},
		{
			Option{Key: "models", DefaultNote: "every model", Help: "model names served, each of which may end in *"},
			texts(func(in *Instance) *[]string { return &in.Models }, modelPattern),
		},
		{
			Option{Key: "weight", Default: "1", Help: "share of traffic against the others', 0 to 1000; 0 takes none"},
			integer(func(in *Instance) *int { return &in.Weight }, between(0, 1000)),
		},
		{
			Option{Key: "priority", Default: "0", Help: "tier: instances of a lower one go first"},
			integer(func(in *Instance) *int { return &in.Priority }, between(0, 1000)),
		},
		{
			Option{Key: "enabled", Default: "true", Help: "take traffic"},
			boolean(func(in *Instance) *bool { return &in.Enabled }),
		},
		{
			Option{Key: "auth", DefaultNote: "an API key, as the provider has it", Help: "how the key is presented: bearer for Authorization, oauth for an access token"},
			text(func(in *Instance) *string { return &in.Auth }, optional(oneOf("bearer", "oauth"))),
		},
		{
			Option{Key: "project_id", Help: "Google Cloud project of an OAuth account of gemini-cli"},
			text(func(in *Instance) *string { return &in.ProjectID }),
		},
		{
			Option{Key: "region", Help: "AWS region of kiro-api"},
			text(func(in *Instance) *string { return &in.Region }),
		},
		{
			Option{Key: "headers", Secret: true, Help: "header fields sent with every request"},
			names[Instance, Secret]{secretCodec, func(in *Instance) *map[string]Secret { return &in.Headers }, judged(document.CheckHeader)},
		},
		{
			Option{Key: "proxy_url", Help: "HTTP or SOCKS5 proxy on the way to the upstream"},
			text(func(in *Instance) *string { return &in.ProxyURL }, judged(document.CheckProxy)),
		},
		{
			Option{Key: "proxy_password", Secret: true, Help: "password of the proxy's user"},
			secret(func(in *Instance) *Secret { return &in.ProxyPassword }),
		},
		{
			Option{Key: "first_byte_timeout", DefaultNote: "timeouts.first_byte", Help: "longest wait for a reply to begin"},
			duration(func(in *Instance) *time.Duration { return &in.FirstByteTimeout }, lasting(time.Millisecond, 24*time.Hour)),
		},
		{
			Option{Key: "idle_timeout", DefaultNote: "timeouts.idle", Help: "longest silence inside a reply"},
			duration(func(in *Instance) *time.Duration { return &in.IdleTimeout }, lasting(time.Millisecond, 24*time.Hour)),
		},
		{
			Option{Key: "ca_file", Help: "PEM certificates to trust in place of the system's"},
			text(func(in *Instance) *string { return &in.CAFile }),
		},
		{
			Option{Key: "model_aliases", Help: "the upstream's names for models, by the names that clients use, each of which may end in *"},
			names[Instance, string]{textCodec, func(in *Instance) *map[string]string { return &in.ModelAliases }, modelPattern},
		},
		{
			Option{Key: "responses", Default: "false", Help: "the upstream of openai-custom has OpenAI's Responses API"},
			boolean(func(in *Instance) *bool { return &in.Responses }),
		},
	}
}

// judged is a check in the form that options have.
func judged(check func(string) (problem, remedy string)) func(string) error {
	return func(s string) error {
		if problem, remedy := check(s); problem != "" {
			return invalid(problem, remedy)
		}
		return nil
	}
}
