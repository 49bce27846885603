//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"aiproxy/fsm"
	"aiproxy/store"
)

// storeShutdownLimit bounds the end of a store.
const storeShutdownLimit = 10 * time.Second

// writesByStore measures store.Apply in three stores of this process, which share no more than its processors.
func (b *bed) writesByStore(ctx context.Context) (rates []writeRate, err error) {
	stores, stop, err := b.openStores(ctx)
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return nil, err
	}
	nodes := map[string]write{}
	for _, s := range stores {
		via := "follower"
		if s.Status(ctx).State == "leader" {
			via = "leader"
		}
		nodes[via] = applyTo(s)
	}
	return b.writeEachWay(ctx, "store", nodes), nil
}

func applyTo(s *store.Store) write {
	return func(ctx context.Context, caller, i int) error {
		weight := i % (maxWeight + 1)
		command, err := fsm.NewCommand(fsm.InstanceUpdate, fsm.InstanceChange{Name: instanceName(caller), Weight: &weight})
		if err != nil {
			return err
		}
		_, err = s.Apply(ctx, command)
		return err
	}
}

// openStores starts a cluster of stores in this process. The caller calls stop in any case.
func (b *bed) openStores(ctx context.Context) (stores []*store.Store, stop func() error, err error) {
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeShutdownLimit)
		defer cancel()
		var faults []error
		for _, s := range stores {
			faults = append(faults, s.Shutdown(ctx))
		}
		return errors.Join(faults...)
	}
	var seeds []string
	for i := range clusterSize {
		s, address, err := b.openStore(ctx, i, seeds)
		if err != nil {
			return stores, stop, err
		}
		stores, seeds = append(stores, s), append(seeds, address)
	}
	return stores, stop, await(ctx, "all stores vote", func() bool {
		for _, s := range stores {
			if s.Status(ctx).Quorum.HealthyVoters != clusterSize || !s.Readiness().Ready() {
				return false
			}
		}
		return true
	})
}

func (b *bed) openStore(ctx context.Context, i int, seeds []string) (*store.Store, string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listen for a store: %w", err)
	}
	dir, err := os.MkdirTemp(b.dir, "store-")
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("make data directory: %w", err), listener.Close())
	}
	address := listener.Addr().String()
	s, err := store.Open(store.Config{
		Dir: dir, NodeID: fmt.Sprintf("store%d", i+1), Address: address, Clustered: true, Seeds: seeds,
		Secret: []byte(clientKey), Version: "bench", TimeoutScale: 1, Listener: listener,
		Init:    b.firstConfiguration,
		OnFault: func(err error) { fmt.Fprintln(b.progress, "  a store can't go on:", err) },
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, "", errors.Join(err, listener.Close())
	}
	return s, address, nil
}

func (b *bed) firstConfiguration(clusterID string) (fsm.Init, error) {
	first := fsm.Init{
		ClusterID: clusterID, FeatureLevel: fsm.FeatureLevel,
		Settings: fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"}},
	}
	for i := range maxCallers {
		first.Instances = append(first.Instances, fsm.Instance{
			Name: instanceName(i), Provider: "openai-custom", BaseURL: "http://" + b.upstream + "/v1", Weight: 1, Enabled: true,
		})
	}
	return first, nil
}
