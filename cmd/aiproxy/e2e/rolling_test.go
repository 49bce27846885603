//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestRollingRestartUnderLoad stops and starts one node after the other while clients chat and write. Clients that go
// elsewhere when their connection is refused must not see a single failure, and no write may be lost.
func TestRollingRestartUnderLoad(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	crowd := startCrowd(t, c.nodes)
	crowd.awaitProgress(t)
	// The leader first and last, so that leadership is handed over at least twice.
	first := c.leader(t, c.nodes)
	order := append([]*node{first}, c.without(first)...)
	handovers := 0
	for _, n := range order {
		handovers += c.rollOver(t, n, crowd)
	}
	handovers += c.rollOver(t, c.leader(t, c.nodes), crowd)
	crowd.stop(t)

	if handovers < 2 {
		t.Errorf("leadership was handed over %d times, want 2 at least", handovers)
	}
	c.awaitEqualStates(t)
	for _, w := range crowd.writers {
		w.check(t, c.nodes[0])
	}
}

// rollOver stops the node as an init system does, starts it again and waits until the cluster is whole. It returns how
// often the node handed leadership over.
func (c *cluster) rollOver(t *testing.T, n *node, crowd *crowd) (handovers int) {
	t.Helper()
	n.signal(t, syscall.SIGTERM)
	if code := n.wait(t); code != 0 {
		t.Errorf("%s: exit status %d", n.id, code)
	}
	handovers = strings.Count(n.output.String(), "leadership handed over")
	crowd.awaitProgress(t)
	n.start(t)
	c.awaitVoters(t, 3, c.nodes...)
	crowd.awaitProgress(t)
	return handovers
}

// crowd is clients that go to the next node when one refuses them.
type crowd struct {
	cancel  context.CancelFunc
	group   sync.WaitGroup
	chats   atomic.Int64
	writers []*roamingWriter

	mu     sync.Mutex
	failed []string
}

// startCrowd starts three clients for each node, which is their first choice: two chat, one of them with streams, and one
// writes.
func startCrowd(t *testing.T, nodes []*node) *crowd {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	c := &crowd{cancel: cancel}
	for i := range nodes {
		choices := slices.Concat(nodes[i:], nodes[:i])
		for _, stream := range []bool{false, true} {
			c.group.Go(func() {
				c.repeat(ctx, func(ctx context.Context) error {
					err := elsewhere(choices, func(n *node) error {
						_, err := n.chat(ctx, "gpt-4o-mini", stream)
						return err
					})
					if err == nil {
						c.chats.Add(1)
					}
					return err
				})
			})
		}
		// The last writer shares an instance with the first, so only its answers are checked.
		w := &roamingWriter{choices: choices, instance: []string{"sim-a", "sim-b", ""}[i]}
		c.writers = append(c.writers, w)
		c.group.Go(func() { c.repeat(ctx, w.write) })
	}
	t.Cleanup(func() { cancel(); c.group.Wait() })
	return c
}

// repeat does it until ctx ends or it fails.
func (c *crowd) repeat(ctx context.Context, do func(context.Context) error) {
	for ctx.Err() == nil {
		if err := do(context.WithoutCancel(ctx)); err != nil {
			c.mu.Lock()
			c.failed = append(c.failed, err.Error())
			c.mu.Unlock()
			return
		}
	}
}

func (c *crowd) failures() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.failed)
}

// awaitProgress waits until every kind of client has got on.
func (c *crowd) awaitProgress(t *testing.T) {
	t.Helper()
	const requests = 30
	chats := c.chats.Load() + requests
	var writes []int64
	for _, w := range c.writers {
		writes = append(writes, w.acked.Load()+requests/10)
	}
	eventually(t, "all clients get on", func() bool {
		done := c.chats.Load() >= chats
		for i, w := range c.writers {
			done = done && w.acked.Load() >= writes[i]
		}
		return done || len(c.failures()) > 0
	})
}

func (c *crowd) stop(t *testing.T) {
	t.Helper()
	c.cancel()
	c.group.Wait()
	writes := int64(0)
	for _, w := range c.writers {
		writes += w.acked.Load()
	}
	if failures := c.failures(); len(failures) > 0 {
		t.Errorf("%d clients failed, first: %s", len(failures), failures[0])
	}
	t.Logf("%d chats and %d writes served", c.chats.Load(), writes)
}

// elsewhere asks one node after the other for as long as the connection is refused, or ends before a byte of the answer.
func elsewhere(choices []*node, ask func(n *node) error) error {
	var err error
	for _, n := range choices {
		if err = ask(n); err == nil || !refused(err) {
			return err
		}
	}
	return fmt.Errorf("all nodes refuse, last: %w", err)
}

func refused(err error) bool {
	for _, harmless := range []error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, io.EOF} {
		if errors.Is(err, harmless) {
			return true
		}
	}
	// net/http has no error value for a kept-alive connection that the server closed as the request left.
	return strings.Contains(err.Error(), "server closed idle connection")
}

// roamingWriter changes the weight of an instance of its own, again and again.
type roamingWriter struct {
	choices  []*node
	instance string
	weight   int
	acked    atomic.Int64
}

func (w *roamingWriter) write(ctx context.Context) error {
	path, weight := "/loadbalancer/instances/"+w.instance, w.weight%1000+1
	body := fmt.Sprintf(`{"weight": %d}`, weight)
	if w.instance == "" {
		path, body = "/loadbalancer/algorithm", `{"algorithm": "round_robin"}`
	}
	key := fmt.Sprintf("%s-%d", w.instance, w.acked.Load())
	err := elsewhere(w.choices, func(n *node) error { return put(ctx, n, path, body, key) })
	if err != nil {
		return err
	}
	w.weight = weight
	w.acked.Add(1)
	return nil
}

// put writes once. The key makes it harmless to repeat.
func put(ctx context.Context, n *node, path, body, key string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+n.address+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+clientKey)
	request.Header.Set("Idempotency-Key", key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return errors.New("the answer was cut: " + err.Error())
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("PUT %s on %s: %d %s", path, n.id, response.StatusCode, raw)
	}
	return nil
}

// check looks whether the node has what was last acknowledged.
func (w *roamingWriter) check(t *testing.T, n *node) {
	t.Helper()
	if w.instance == "" {
		return
	}
	code, raw := n.call(t, http.MethodGet, "/loadbalancer/instances", "")
	var list struct {
		Instances []struct {
			Name   string `json:"name"`
			Weight int    `json:"weight"`
		} `json:"instances"`
	}
	if err := json.Unmarshal(raw, &list); err != nil || code != http.StatusOK {
		t.Fatalf("instances of %s: %d %v", n.id, code, err)
	}
	for _, in := range list.Instances {
		if in.Name == w.instance && in.Weight != w.weight {
			t.Errorf("weight of %s is %d, acknowledged was %d", w.instance, in.Weight, w.weight)
		}
	}
}
