package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"aiproxy/fsm"
)

const (
	// progressWait bounds how long a write waits for the nodes beyond the quorum.
	progressWait = time.Second
	// progressBan is how long writes do not wait for a node that did not answer.
	progressBan = 2 * time.Second
)

// progress learns how far other nodes have applied. It asks a node only while a write waits for it, and one question
// serves all writes that wait at the time.
type progress struct {
	ask   func(ctx context.Context, address string, index uint64) (uint64, error)
	tasks *tasks

	mu    sync.Mutex
	nodes map[string]*nodeProgress
}

// nodeProgress is what is known of one node. The owner's mutex guards it.
type nodeProgress struct {
	applied uint64
	waiters []waiter
	asking  bool
	banned  time.Time
}

type waiter struct {
	index uint64
	// done gets one value: whether the node has applied index.
	done chan bool
}

func newProgress(ask func(context.Context, string, uint64) (uint64, error), tasks *tasks) *progress {
	return &progress{ask: ask, tasks: tasks, nodes: map[string]*nodeProgress{}}
}

// await returns the IDs of the members that have applied index, sorted. self has.
func (p *progress) await(ctx context.Context, index uint64, self string, members []fsm.Member) []string {
	ctx, cancel := context.WithTimeout(ctx, progressWait)
	defer cancel()
	applied := []string{self}
	answered := func(id string, ok bool) {
		if ok {
			applied = append(applied, id)
		}
	}
	waiting := map[string]chan bool{}
	for _, m := range members {
		if m.ID != self {
			waiting[m.ID] = p.wait(m, index)
		}
	}
	for id, done := range waiting {
		select {
		case ok := <-done:
			answered(id, ok)
			continue
		case <-ctx.Done():
		}
		select {
		case ok := <-done: // Looked at again: when time is up as well, chance must not leave out a node that answered.
			answered(id, ok)
		default:
		}
	}
	slices.Sort(applied)
	return applied
}

// wait registers a waiter for the member and sees to it that somebody asks.
func (p *progress) wait(m fsm.Member, index uint64) chan bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	node := p.nodes[m.ID]
	if node == nil {
		node = &nodeProgress{}
		p.nodes[m.ID] = node
	}
	done := make(chan bool, 1)
	switch {
	case node.applied >= index:
		done <- true
	case time.Now().Before(node.banned):
		done <- false
	default:
		node.asking = node.asking || p.tasks.start(func() { p.follow(m.Address, node) })
		if !node.asking {
			done <- false
			break
		}
		node.waiters = append(node.waiters, waiter{index: index, done: done})
	}
	return done
}

// follow asks the node until nobody waits for it any more, or it does not answer.
func (p *progress) follow(address string, node *nodeProgress) {
	for index, ok := p.wanted(node); ok; index, ok = p.wanted(node) {
		ctx, cancel := context.WithTimeout(context.Background(), progressWait)
		applied, err := p.ask(ctx, address, index)
		cancel()
		p.settle(node, applied, err == nil && applied >= index)
	}
}

// wanted returns the lowest index that somebody waits for. When nobody does, asking ends.
func (p *progress) wanted(node *nodeProgress) (uint64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(node.waiters) == 0 {
		node.asking = false
		return 0, false
	}
	lowest := node.waiters[0].index
	for _, w := range node.waiters[1:] {
		lowest = min(lowest, w.index)
	}
	return lowest, true
}

// settle answers the waiters that applied satisfies, or all of them when the node fell short.
func (p *progress) settle(node *nodeProgress, applied uint64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	node.applied = max(node.applied, applied)
	if !ok {
		node.banned = time.Now().Add(progressBan)
	}
	node.waiters = slices.DeleteFunc(node.waiters, func(w waiter) bool {
		reached := node.applied >= w.index
		if reached || !ok {
			w.done <- reached
			return true
		}
		return false
	})
}
