//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// observePause is the wait between two looks at a node.
const observePause = 50 * time.Millisecond

// sample is one look at a node's status.
type sample struct {
	At   time.Duration `json:"at"`
	Node string        `json:"node"`
	Boot int64         `json:"boot"`
	status
}

// observer looks at every node's status all the time, and notes what must never be seen.
type observer struct {
	w      *world
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu      sync.Mutex
	samples []sample
	faults  []string
	// leaders is who led a cluster in a term, hashes the state at an index of a cluster, indexes how far a node's boot was.
	leaders map[termOf]string
	hashes  map[indexOf]sample
	indexes map[bootOf]uint64
	// compared counts states of one index seen on several nodes.
	compared int
}

type (
	termOf struct {
		cluster string
		term    uint64
	}
	indexOf struct {
		cluster string
		index   uint64
	}
	bootOf struct {
		node string
		boot int64
	}
)

func (w *world) startObserver() *observer {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	o := &observer{
		w: w, cancel: cancel,
		leaders: map[termOf]string{}, hashes: map[indexOf]sample{}, indexes: map[bootOf]uint64{},
	}
	o.group.Go(func() { o.watchAll(ctx) })
	w.t.Cleanup(o.stop)
	return o
}

// watchAll watches the nodes that are there and those that come.
func (o *observer) watchAll(ctx context.Context) {
	watched := map[*node]bool{}
	for ctx.Err() == nil {
		for _, n := range o.w.members() {
			if !watched[n] {
				watched[n] = true
				o.group.Go(func() { o.watch(ctx, n) })
			}
		}
		pause(ctx, observePause)
	}
}

func (o *observer) watch(ctx context.Context, n *node) {
	for ctx.Err() == nil {
		boot := n.boots.Load()
		s, err := n.askStatus(ctx)
		if err == nil && boot == n.boots.Load() && s.NodeID == n.id {
			o.note(sample{At: time.Since(o.w.history.start), Node: n.id, Boot: boot, status: s})
		}
		pause(ctx, observePause)
	}
}

// note keeps a sample and holds it against the others.
func (o *observer) note(s sample) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.samples = append(o.samples, s)
	if s.State == "leader" {
		term := termOf{s.ClusterID, s.Term}
		if was := o.leaders[term]; was != "" && was != s.Node {
			o.fault("%s and %s both led in term %d", was, s.Node, s.Term)
		}
		o.leaders[term] = s.Node
	}
	boot := bootOf{s.Node, s.Boot}
	if s.Raft.FSMIndex < o.indexes[boot] {
		o.fault("the state of %s went back from index %d to %d at %s", s.Node, o.indexes[boot], s.Raft.FSMIndex, s.At)
	}
	o.indexes[boot] = s.Raft.FSMIndex
	if s.ClusterID == "" || s.Raft.FSMIndex == 0 {
		return
	}
	index := indexOf{s.ClusterID, s.Raft.FSMIndex}
	was, seen := o.hashes[index]
	switch {
	case !seen:
		o.hashes[index] = s
	case was.StateHash != s.StateHash:
		o.fault("the states of %s and %s at index %d differ", was.Node, s.Node, s.Raft.FSMIndex)
	case was.Node != s.Node:
		o.compared++
	}
}

func (o *observer) fault(format string, args ...any) {
	o.faults = append(o.faults, fmt.Sprintf(format, args...))
}

// since returns the looks at a node from a moment on.
func (o *observer) since(at time.Duration, n *node) []sample {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []sample
	for _, s := range o.samples {
		if s.Node == n.id && s.At >= at {
			found = append(found, s)
		}
	}
	return found
}

// stop ends the observer. It may be called again.
func (o *observer) stop() {
	o.cancel()
	o.group.Wait()
}

// check fails the scenario for what the observer saw.
func (o *observer) check() {
	o.w.t.Helper()
	o.stop()
	o.w.t.Logf("observer: %d looks, %d terms with a leader, %d equal states compared", len(o.samples), len(o.leaders), o.compared)
	for _, fault := range o.faults {
		o.w.t.Error(fault)
	}
	if o.compared == 0 {
		o.w.t.Error("no two nodes were ever seen at the same index: nothing was compared")
	}
}
