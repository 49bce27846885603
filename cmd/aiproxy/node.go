package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
	"aiproxy/gateway"
	"aiproxy/gateway/admin"
	"aiproxy/gateway/admin/document"
	"aiproxy/gateway/balance"
	"aiproxy/gateway/metrics"
	"aiproxy/gateway/relay"
	"aiproxy/providers"
	"aiproxy/providers/upstream"
	"aiproxy/store"
)

// node is a running aiproxy: the store, the gateway on top of it, and the servers.
type node struct {
	config  *config.Config
	secrets *secrets
	logger  *slog.Logger

	store    *store.Store
	router   *relay.Router
	gateway  *gateway.Gateway
	server   *gateway.Server
	upstream *upstream.Transport
	// metricsListener is nil where only the main port serves metrics.
	metricsListener net.Listener
	operations      *gateway.Server
	// left is closed when the node has left its cluster, which ends it without a fault.
	left chan struct{}
	// faults gets what ends the node. Later ones are dropped: the first is the cause.
	faults chan error
}

// runNode runs a node until ctx ends or it can't go on.
func runNode(ctx context.Context, c *config.Config, logger *slog.Logger) error {
	logger = logger.With("node", c.Cluster.NodeID)
	tell(c, logger)
	n, err := openNode(ctx, c, logger)
	if err != nil {
		return err
	}
	logger.Info("node started", "version", buildVersion(), "address", c.AdvertisedAddress(), "listen", c.ListenAddress(),
		"clustered", c.Cluster.Enabled, "data_dir", c.DataDir)
	return n.run(ctx)
}

// tell says at start what the configuration holds that an operator should know.
func tell(c *config.Config, logger *slog.Logger) {
	for _, line := range slices.Concat(c.Warnings(), config.UnknownVariables(os.Environ())) {
		logger.Warn("configuration", "warning", line)
	}
	for _, line := range c.Pending() {
		logger.Warn("configuration", "not_yet", line)
	}
}

// openNode builds a node from its configuration, from the disk upwards.
func openNode(ctx context.Context, c *config.Config, logger *slog.Logger) (*node, error) {
	n := &node{config: c, logger: logger, left: make(chan struct{}), faults: make(chan error, 1)}
	if err := store.PrepareDir(c.DataDir); err != nil {
		return nil, err
	}
	var err error
	if n.secrets, err = newSecrets(c); err != nil {
		return nil, err
	}
	if err := n.openStore(ctx); err != nil {
		return nil, err
	}
	if err := n.openGateway(ctx); err != nil {
		return nil, errors.Join(err, n.closeStore(context.WithoutCancel(ctx)))
	}
	return n, nil
}

func (n *node) openStore(ctx context.Context) error {
	clientTLS, err := loadClientTLS(n.config.TLS)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, n.config.ListenAddress(), "--host and --port, or --node-address")
	if err != nil {
		return err
	}
	c := n.config
	settings := store.Config{
		Dir: c.DataDir, NodeID: c.Cluster.NodeID, Address: c.AdvertisedAddress(),
		Clustered: c.Cluster.Enabled, Seeds: c.Cluster.SeedNodes, Expect: c.Cluster.BootstrapExpect,
		NonVoter: c.Cluster.NonVoter,
		Secret:   n.secrets.cluster, PreviousSecrets: n.secrets.previous, SecretIDs: n.secrets.ring.KeyIDs(),
		Version: buildVersion(), TimeoutScale: c.Cluster.RaftTimeoutScale,
		Listener: listener, ClientTLS: clientTLS,
		Init:    func(clusterID string) (fsm.Init, error) { return initial(c, n.secrets, clusterID) },
		OnFault: n.fault,
		Logger:  n.logger,
	}
	injectFaults(&settings)
	if n.store, err = store.Open(settings); err != nil {
		return errors.Join(err, listener.Close())
	}
	n.secrets.view = n.store.View
	if err := n.secrets.check(n.store.View()); err != nil {
		return errors.Join(err, n.closeStore(context.WithoutCancel(ctx)))
	}
	return nil
}

// openGateway builds what serves clients.
func (n *node) openGateway(ctx context.Context) error {
	n.upstream = upstream.NewTransport(upstream.Options{})
	registry := newRegistry(n.upstream, n.logger)
	n.router = relay.NewRouter(n.store, n.secrets.openAPIKey, registry, n.logger)
	collectors := metrics.New(metrics.Config{Version: buildVersion(), KnownModel: n.knownModel, Logger: n.logger})
	if err := collectors.Register(newRaftMetrics(n.store.Stats)); err != nil {
		return fmt.Errorf("register raft metrics: %w", err)
	}
	seals := sealer{n.secrets}
	api, err := admin.New(admin.Config{
		Store: n.store, Cluster: newMembership(n.store, n.left), Status: n.status, Counters: n.counters, Sealer: seals,
		Rules: document.Rules{Algorithms: balance.Algorithms(), Providers: registry.Names()}, Logger: n.logger,
		Origin: admin.BackupOrigin{NodeID: n.config.Cluster.NodeID, Version: buildVersion(), SealKey: sealKeyID},
	})
	if err != nil {
		return err
	}
	n.gateway, err = gateway.New(
		gateway.Config{NodeID: n.config.Cluster.NodeID, APIKeys: apiKeys(n.config), MaxBodySize: n.config.Limits.MaxBodyBytes(), CORSOrigins: n.config.CORSAllowedOrigins},
		gateway.Deps{
			Relay: relay.New(relay.Config{
				Router: n.router, Recorder: collectors, NodeID: n.config.Cluster.NodeID,
				FirstByteTimeout: n.config.Timeouts.FirstByte, IdleTimeout: n.config.Timeouts.Idle, Logger: n.logger,
			}),
			Providers: registry,
			Instances: func() []*providers.Instance { return n.router.Table().Instances() },
			Views:     n.store, OpenClientKey: seals.OpenClientKey,
			Admin:   api,
			Checks:  n.checks,
			Metrics: collectors,
			Logger:  n.logger,
		})
	if err != nil {
		return err
	}
	n.server = gateway.NewServer(n.gateway, n.logger)
	return n.openMetrics(ctx)
}

// openMetrics opens the listener for monitoring alone, if there is to be one.
func (n *node) openMetrics(ctx context.Context) error {
	address := n.config.MetricsAddress()
	if address == "" {
		return nil
	}
	var err error
	if n.metricsListener, err = listen(ctx, address, "--metrics-port"); err != nil {
		return err
	}
	n.operations = gateway.NewServer(n.gateway.Operations(), n.logger)
	return nil
}

// fault notes why the node can't go on.
func (n *node) fault(err error) {
	select {
	case n.faults <- err:
	default:
	}
}

func apiKeys(c *config.Config) []providers.Secret {
	keys := make([]providers.Secret, len(c.APIKeys))
	for i, key := range c.APIKeys {
		keys[i] = providers.Secret(key.Reveal())
	}
	return keys
}

func loadClientTLS(c config.TLS) (*tls.Config, error) {
	if !c.Enabled() {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("load --tls-cert-file and --tls-key-file: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

// listen opens a port, or says which one is taken and what sets it.
func listen(ctx context.Context, address, setting string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s (set by %s): %w", address, setting, err)
	}
	return listener, nil
}
