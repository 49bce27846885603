package config

import (
	"time"

	"aiproxy/fsm"
)

// The capabilities that options wait for.
const (
	cacheToCome     = "the response cache"
	webSocketToCome = "WebSocket sessions"
	healthToCome    = "active health checks"
)

// options is the one table of options. Its order is that of the help, the documentation and the printed configuration.
func options() []option[Config] {
	var all []option[Config]
	for _, part := range [][]option[Config]{generalOptions(), providerOptions(), serviceOptions(), clusterOptions(), operationOptions()} {
		all = append(all, part...)
	}
	for i := range all {
		if all[i].Flag != "" {
			all[i].Env = append([]string{environmentName(all[i].Flag)}, all[i].Env...)
		}
	}
	return all
}

func generalOptions() []option[Config] {
	return []option[Config]{
		{Option{Flag: "config", Help: "YAML file with settings"}, text(func(c *Config) *string { return &c.File })},
		{
			Option{Flag: "host", Key: "host", DefaultNote: "every address with an API key, else loopback", Help: "address to listen on"},
			text(func(c *Config) *string { return &c.Host }, hostOnly),
		},
		{
			Option{Flag: "port", Key: "port", Default: "3000", Help: "port to listen on"},
			integer(func(c *Config) *int { return &c.Port }, between(1, 65535)),
		},
		{
			Option{Flag: "api-key", Key: "api_key", Secret: true, Help: "key that clients must present, repeatable; without one everybody is served"},
			secrets(func(c *Config) *[]Secret { return &c.APIKeys }, notEmpty),
		},
		{
			Option{
				Flag: "model-provider", Key: "model_providers", DefaultNote: "the providers that have settings, else openai-custom",
				Help: "provider to serve, repeatable; the first one answers requests that name none",
			},
			texts(func(c *Config) *[]string { return &c.ModelProviders }, knownProvider),
		},
		{
			Option{Key: "model_aliases", Help: "other names for models, each of which may end in *, such as {fast: gpt-4o-mini}"},
			names[Config, string]{textCodec, func(c *Config) *map[string]string { return &c.ModelAliases }, modelPattern},
		},
		{
			Option{Flag: "translation", Key: "translation", Default: fsm.TranslationLenient, Help: "lenient drops what only tunes an answer and the upstream's protocol lacks, and tells of it; strict refuses it"},
			text(func(c *Config) *string { return &c.Translation }, oneOf(fsm.TranslationLenient, fsm.TranslationStrict)),
		},
		{
			Option{Flag: "cors-allowed-origin", Key: "cors_allowed_origins", DefaultNote: "none", Help: "origin of web pages that browsers may let ask the gateway, such as https://app.example.com, repeatable; * for all"},
			texts(func(c *Config) *[]string { return &c.CORSAllowedOrigins }, originOnly),
		},
		{Option{Key: "instances", Type: "list of instances", Help: "upstream accounts and endpoints"}, nil},
	}
}

func providerOptions() []option[Config] {
	return []option[Config]{
		{
			Option{Flag: "openai-api-key", Env: []string{"OPENAI_API_KEY"}, Key: "openai.api_key", Secret: true, Help: "API key of openai-custom"},
			secret(func(c *Config) *Secret { return &c.OpenAI.APIKey }),
		},
		{
			Option{Flag: "openai-base-url", Env: []string{"OPENAI_BASE_URL"}, Key: "openai.base_url", Default: openAIBaseURL, Help: "endpoint of openai-custom"},
			text(func(c *Config) *string { return &c.OpenAI.BaseURL }, httpURL),
		},
		{
			Option{
				Flag: "claude-api-key", Env: []string{"CLAUDE_API_KEY", "ANTHROPIC_API_KEY"}, Key: "claude.api_key", Secret: true,
				Help: "API key of claude-custom",
			},
			secret(func(c *Config) *Secret { return &c.Claude.APIKey }),
		},
		{
			Option{
				Flag: "claude-base-url", Env: []string{"CLAUDE_BASE_URL"}, Key: "claude.base_url", Default: claudeBaseURL,
				Help: "endpoint of claude-custom",
			},
			text(func(c *Config) *string { return &c.Claude.BaseURL }, httpURL),
		},
		{
			Option{Flag: "gemini-oauth-creds-file", Key: "gemini.oauth_creds_file", Help: "OAuth credentials of gemini-cli"},
			text(func(c *Config) *string { return &c.Gemini.CredentialsFile }),
		},
		{
			Option{
				Flag: "gemini-api-key", Env: []string{"GEMINI_API_KEY"}, Key: "gemini.api_key", Secret: true,
				Help: "API key of gemini-cli",
			},
			secret(func(c *Config) *Secret { return &c.Gemini.APIKey }),
		},
		{
			Option{Flag: "gemini-base-url", Key: "gemini.base_url", Default: geminiBaseURL, Help: "endpoint of gemini-cli"},
			text(func(c *Config) *string { return &c.Gemini.BaseURL }, httpURL),
		},
		{
			Option{Flag: "project-id", Key: "gemini.project_id", Help: "Google Cloud project of gemini-cli"},
			text(func(c *Config) *string { return &c.Gemini.ProjectID }),
		},
		{
			Option{Flag: "kiro-oauth-creds-file", Key: "kiro.oauth_creds_file", Help: "OAuth credentials of kiro-api"},
			text(func(c *Config) *string { return &c.Kiro.CredentialsFile }),
		},
		{
			Option{Flag: "kiro-base-url", Key: "kiro.base_url", Default: kiroBaseURL, Help: "endpoint of kiro-api; with a path, a server that speaks Anthropic"},
			text(func(c *Config) *string { return &c.Kiro.BaseURL }, httpURL),
		},
		{
			Option{Flag: "qwen-oauth-creds-file", Key: "qwen.oauth_creds_file", Help: "OAuth credentials of qwen-api"},
			text(func(c *Config) *string { return &c.Qwen.CredentialsFile }),
		},
		{
			Option{Flag: "qwen-api-key", Key: "qwen.api_key", Secret: true, Help: "API key of qwen-api"},
			secret(func(c *Config) *Secret { return &c.Qwen.APIKey }),
		},
		{
			Option{Flag: "qwen-base-url", Key: "qwen.base_url", Default: qwenBaseURL, Help: "endpoint of qwen-api"},
			text(func(c *Config) *string { return &c.Qwen.BaseURL }, httpURL),
		},
	}
}

func serviceOptions() []option[Config] {
	return []option[Config]{
		{
			Option{Flag: "cache-enabled", Key: "cache.enabled", Default: "false", Help: "cache responses", Pending: cacheToCome},
			boolean(func(c *Config) *bool { return &c.Cache.Enabled }),
		},
		{
			Option{Flag: "cache-max-size", Key: "cache.max_size_mb", Default: "100", Help: "size of the memory cache in MiB", Pending: cacheToCome},
			integer(func(c *Config) *int { return &c.Cache.MaxSizeMB }, between(1, 1<<20)),
		},
		{
			Option{Flag: "cache-ttl", Key: "cache.ttl_seconds", Default: "300", Help: "lifetime of a cached response", Pending: cacheToCome},
			seconds(func(c *Config) *time.Duration { return &c.Cache.TTL }, lasting(time.Second, 30*24*time.Hour)),
		},
		{
			Option{Flag: "redis-addr", Env: []string{"REDIS_ADDR"}, Key: "redis.addr", Help: "address (host:port) of a Redis server that nodes share as a cache", Pending: cacheToCome},
			text(func(c *Config) *string { return &c.Redis.Addr }, optional(hostPort)),
		},
		{
			Option{Flag: "redis-password", Key: "redis.password", Secret: true, Help: "password of the Redis server", Pending: cacheToCome},
			secret(func(c *Config) *Secret { return &c.Redis.Password }),
		},
		{
			Option{Flag: "redis-db", Key: "redis.db", Default: "0", Help: "database number in the Redis server", Pending: cacheToCome},
			integer(func(c *Config) *int { return &c.Redis.DB }, between(0, 1<<16)),
		},
		{
			Option{Flag: "metrics-enabled", Key: "metrics.enabled", Default: "true", Help: "serve Prometheus metrics at /metrics"},
			boolean(func(c *Config) *bool { return &c.Metrics.Enabled }),
		},
		{
			Option{Flag: "metrics-port", Key: "metrics.port", Default: "0", Help: "port of a second listener for metrics alone; 0 for none"},
			integer(func(c *Config) *int { return &c.Metrics.Port }, between(0, 65535)),
		},
		{
			Option{Flag: "websocket-enabled", Key: "websocket.enabled", Default: "true", Help: "serve WebSocket sessions at /ws", Pending: webSocketToCome},
			boolean(func(c *Config) *bool { return &c.WebSocket.Enabled }),
		},
		{
			Option{
				Flag: "websocket-max-connections", Key: "websocket.max_connections", Default: "1000",
				Help: "WebSocket sessions at one time", Pending: webSocketToCome,
			},
			integer(func(c *Config) *int { return &c.WebSocket.MaxConnections }, between(1, 1<<24)),
		},
		{
			Option{Flag: "load-balancer-enabled", Key: "load_balancer.enabled", Default: "true", Help: "spread requests over instances"},
			boolean(func(c *Config) *bool { return &c.LoadBalancer.Enabled }),
		},
		{
			Option{Flag: "load-balancer-algorithm", Key: "load_balancer.algorithm", Default: roundRobin, Help: algorithmHelp()},
			text(func(c *Config) *string { return &c.LoadBalancer.Algorithm }, oneOf(algorithms()...)),
		},
		{
			Option{
				Flag: "health-check-interval", Key: "load_balancer.health_check_interval", Default: "30s",
				Help: "time between active health checks", Pending: healthToCome,
			},
			duration(func(c *Config) *time.Duration { return &c.LoadBalancer.HealthCheckInterval }, lasting(time.Second, 24*time.Hour)),
		},
	}
}
