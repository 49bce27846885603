package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// storeShutdownTimeout bounds handing over leadership and closing the databases. It is apart from the time for
// requests in flight: a slow client must not cost the cluster an election.
const storeShutdownTimeout = 10 * time.Second

// farewell is how long a node that stops still serves. A client that uses its connection within that time is told with
// the answer to leave it; one that is closed under a request just sent would look like a failure. Load balancers that
// ask /readyz more seldom need a pause of their own before the signal.
const farewell = 500 * time.Millisecond

// run serves until ctx ends or a fault shows, then stops in order.
func (n *node) run(ctx context.Context) error {
	// What runs beside the servers ends after they have drained, not with the signal.
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	tasks.Go(func() { n.serve() })
	tasks.Go(func() { n.serveOperations() })
	tasks.Go(func() {
		// Its only error is that its context ended.
		_ = n.router.Run(background)
	})
	tasks.Go(func() {
		// The same.
		_ = n.gateway.Run(background)
	})
	tasks.Go(func() { n.tellDrift(background) })
	tasks.Go(func() { n.sealAnew(background) })

	var fault error
	select {
	case <-ctx.Done():
		n.logger.Info("stopping", "drain_timeout", n.config.Timeouts.Shutdown)
	case <-n.left:
		n.logger.Info("stopping, the node has left its cluster", "drain_timeout", n.config.Timeouts.Shutdown)
	case fault = <-n.faults:
		n.logger.Error("node can't go on", "error", fault)
	}
	err := n.stop(context.WithoutCancel(ctx))
	cancel()
	tasks.Wait()
	if err == nil && fault == nil {
		n.logger.Info("stopped")
	}
	return errors.Join(fault, err)
}

func (n *node) serve() {
	if err := n.server.Serve(n.store.Clients()); err != nil {
		n.fault(err)
	}
}

func (n *node) serveOperations() {
	if n.operations == nil {
		return
	}
	if err := n.operations.Serve(n.metricsListener); err != nil {
		n.fault(err)
	}
}

// stop ends the node in an order that costs clients and the cluster least. Every step is bounded.
func (n *node) stop(ctx context.Context) error {
	// 1. Load balancers look elsewhere, and connections in use are given up by their clients.
	n.gateway.SetReady(false)
	n.bidFarewell(ctx)
	// 2. Requests in flight end, and new connections are refused.
	drainCtx, cancel := context.WithTimeout(ctx, n.config.Timeouts.Shutdown)
	defer cancel()
	drained := n.server.Drain(drainCtx)
	// 3. Leadership goes to another node, Raft stops, databases close.
	closed := n.closeStore(ctx)
	// 4. Monitoring has watched all that.
	var operations error
	if n.operations != nil {
		operations = n.operations.Drain(drainCtx)
	}
	n.upstream.CloseIdleConnections()
	return errors.Join(drained, closed, operations)
}

// bidFarewell lets the servers go on for a moment after the node has said that it is not ready.
func (n *node) bidFarewell(ctx context.Context) {
	timer := time.NewTimer(min(farewell, n.config.Timeouts.Shutdown))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (n *node) closeStore(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeShutdownTimeout)
	defer cancel()
	if err := n.store.Shutdown(ctx); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// tellDrift says once, when the node has caught up, where its configuration differs from the cluster's.
func (n *node) tellDrift(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for !n.store.Readiness().CaughtUp {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
	file := cmp.Or(n.config.File, "FILE")
	advice := fmt.Sprintf("look at all of it with `aiproxy config diff -f %s`, put it into the cluster with `aiproxy config apply -f %s`", file, file)
	for _, line := range drift(n.config, n.secrets, n.store.View()) {
		n.logger.Warn("configuration differs from the cluster's, which wins", "difference", line, "advice", advice)
	}
}
