//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	writers = 4
	readers = 2
	// keys are the registers, of the names reg-0, reg-1 and so on.
	keys = 8
	// maxWeight is the largest value of a register; values are unique until it is reached.
	maxWeight = 1000
	// maxOpen is the number of writes to a key that may stay unresolved.
	maxOpen = 3
	// clientPause is the mean pause of a client between two operations.
	clientPause = 20 * time.Millisecond
	// repeats bound how often a client asks again for the outcome of a write.
	repeats = 20
)

// clients write and read the registers through all nodes, whatever state those are in, and note what they see.
type clients struct {
	w      *world
	cancel context.CancelFunc
	group  sync.WaitGroup
	// values are the last value written to each key.
	values [keys]atomic.Int64
}

// startClients begins the load of writes and reads.
func (w *world) startClients() *clients {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	c := &clients{w: w, cancel: cancel}
	for i := range writers + readers {
		source := rand.New(rand.NewPCG(w.seed, uint64(i)))
		one := &client{clients: c, number: i, random: source}
		act := one.write
		if i >= writers {
			act = one.read
		}
		c.group.Go(func() {
			for ctx.Err() == nil {
				act()
				pause(ctx, clientPause/2+rand.N(clientPause))
			}
		})
	}
	w.t.Cleanup(c.stop)
	return c
}

// stop ends the clients, which finish what they are at. It may be called again.
func (c *clients) stop() {
	c.cancel()
	c.group.Wait()
}

// client is one of them. It does one thing at a time.
type client struct {
	*clients
	number int
	random *rand.Rand
}

// node is one of the members, be it up or down.
func (c *client) node() *node {
	members := slices.DeleteFunc(c.w.members(), func(n *node) bool { return n.foreign.Load() })
	return members[c.random.IntN(len(members))]
}

// write writes one register, every third time only if nothing else was written meanwhile.
func (c *client) write() {
	number := c.random.IntN(keys)
	o := operation{Client: c.number, Kind: kindWrite, Key: registerName(number)}
	n := c.node()
	if c.random.IntN(3) == 0 {
		seen, err := n.readWeights(context.Background(), false)
		if err != nil || seen.Revision == 0 { // A node that has yet to join has no state.
			return
		}
		o.Kind, o.IfMatch = kindCAS, seen.Revision
	}
	// A client that may not leave one more write unresolved repeats it until it knows.
	insist := c.random.IntN(2) == 0 || c.w.history.open(o.Key) >= maxOpen-writers+1
	o.Value = int(c.values[number].Add(1)) % (maxWeight + 1)
	o.Node, o.Call = n.id, c.w.history.now()
	repeatKey := fmt.Sprintf("%d-%d-%d", c.w.seed, c.number, o.Call)
	var r receipt
	r, o.Verdict, o.Note = n.setWeight(context.Background(), o.Key, o.Value, o.IfMatch, repeatKey)
	for range repeats {
		if o.Verdict != unknown || !insist {
			break
		}
		pause(context.Background(), 10*clientPause)
		r, o.Verdict, o.Note = c.repeat(&o, repeatKey)
	}
	o.Revision, o.Index, o.Return = r.Revision, r.Index, c.w.history.now()
	if o.Verdict != nothing {
		c.w.history.add(o)
	}
}

// repeat asks any node for the outcome of a write by sending it again with its key. That nothing was written this time says nothing of
// the first time.
func (c *client) repeat(o *operation, repeatKey string) (receipt, verdict, string) {
	n := c.node()
	r, v, note := n.setWeight(context.Background(), o.Key, o.Value, o.IfMatch, repeatKey)
	if v == nothing {
		v = unknown
	}
	return r, v, o.Note + "; at " + n.id + ": " + note
}

// read reads all registers at once, linearizably.
func (c *client) read() {
	n := c.node()
	call := c.w.history.now()
	seen, err := n.readWeights(context.Background(), true)
	if err != nil {
		return
	}
	c.w.noteRead(c.number, n, call, seen)
}

// noteRead adds what was read to the history.
func (w *world) noteRead(client int, n *node, call int64, seen registers) {
	returned := w.history.now()
	for _, in := range seen.Instances {
		if isRegister(in.Name) {
			w.history.add(operation{
				Client: client, Node: n.id, Kind: kindRead, Key: in.Name, Value: in.Weight, Verdict: applied,
				Revision: seen.Revision, Call: call, Return: returned,
			})
		}
	}
}

// pause waits, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
