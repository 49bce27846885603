package store

import (
	"context"
	"sync"
	"time"

	"aiproxy/store/peer"
)

const (
	// probeTimeout bounds a probe, and with it an answer on the cluster's state.
	probeTimeout = 700 * time.Millisecond
	// probeFresh is how long a probe's result serves.
	probeFresh = time.Second
)

// probes asks other nodes how they are, each at most once a second however many want to know.
type probes struct {
	ping func(ctx context.Context, address string) (pingReply, error)
	// commit is the commit index that this node knows of.
	commit func() uint64
	tasks  *tasks

	mu    sync.Mutex
	nodes map[string]*probe
}

// probe is the last or the running question to one address. done is closed once reply and err are there.
type probe struct {
	begun time.Time
	// commit is the commit index when the probe began: what the other node has to have. The index at the time of
	// reading would make a healthy node look late by all that was written since.
	commit uint64
	done   chan struct{}
	reply  pingReply
	err    error
}

func newProbes(ping func(context.Context, string) (pingReply, error), commit func() uint64, tasks *tasks) *probes {
	return &probes{ping: ping, commit: commit, tasks: tasks, nodes: map[string]*probe{}}
}

// all probes the addresses at the same time and returns what is known of each after probeTimeout at the latest.
func (p *probes) all(ctx context.Context, addresses []string) []probe {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	running := make([]*probe, len(addresses))
	for i, address := range addresses {
		running[i] = p.start(address)
	}
	results := make([]probe, len(addresses))
	for i, r := range running {
		select {
		case <-r.done:
		case <-ctx.Done():
		}
		select {
		case <-r.done: // Looked at again: when time is up as well, chance must not make a node unreachable.
			results[i] = *r
		default:
			results[i] = probe{begun: r.begun, err: context.DeadlineExceeded}
		}
	}
	return results
}

// start returns the fresh or running probe of the address, or begins one.
func (p *probes) start(address string) *probe {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.nodes[address]; r != nil && time.Since(r.begun) < probeFresh {
		return r
	}
	r := &probe{begun: time.Now(), commit: p.commit(), done: make(chan struct{})}
	p.nodes[address] = r
	if !p.tasks.start(func() {
		ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
		defer cancel()
		r.reply, r.err = p.ping(ctx, address)
		close(r.done)
	}) {
		r.err = peer.ErrClosed
		close(r.done)
	}
	return r
}
