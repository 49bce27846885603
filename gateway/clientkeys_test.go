package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
	"aiproxy/gateway"
	"aiproxy/providers"
)

// changingViews is a source of views that the test changes.
type changingViews struct {
	mu    sync.Mutex
	view  *fsm.View
	newer chan struct{}
}

func newChangingViews(v *fsm.View) *changingViews {
	return &changingViews{view: v, newer: make(chan struct{})}
}

func (c *changingViews) Watch() (*fsm.View, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view, c.newer
}

func (c *changingViews) publish(v *fsm.View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.view = v
	close(c.newer)
	c.newer = make(chan struct{})
}

// keysView is a state with client keys, given as name and sealed key.
func keysView(pairs ...string) *fsm.View {
	v := &fsm.View{ClusterID: "c1"}
	for i := 0; i < len(pairs); i += 2 {
		v.ClientKeys = append(v.ClientKeys, fsm.ClientKey{Name: pairs[i], Key: fsm.Sealed(pairs[i+1])})
	}
	return v
}

// statusWith is the status of a chat with the key, "" for none.
func statusWith(g http.Handler, key string) int {
	return ask(g, http.MethodPost, "/v1/chat/completions", chatBody, "X-Api-Key", key).Code
}

// follow runs the gateway's own work until the test ends.
func follow(t *testing.T, g *gateway.Gateway) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = g.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func awaitStatus(t *testing.T, g http.Handler, key string, status int) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for statusWith(g, key) != status {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("key %q: status %d, want %d", key, statusWith(g, key), status)
		}
	}
}

func TestReplicatedKeysAreAcceptedBesideLocalOnes(t *testing.T) {
	t.Parallel()
	views := newChangingViews(keysView("ci", "box:key-of-ci"))
	g := newGateway(t, setup{keys: []providers.Secret{"own"}, views: views})
	follow(t, g)
	for key, want := range map[string]int{"own": 200, "key-of-ci": 200, "box:key-of-ci": 401, "ci": 401, "": 401} {
		if got := statusWith(g, key); got != want {
			t.Errorf("key %q: status %d, want %d", key, got, want)
		}
	}
	views.publish(keysView("bot", "box:key-of-bot", "ci", "box:rotated"))
	awaitStatus(t, g, "key-of-bot", http.StatusOK)
	for key, want := range map[string]int{"own": 200, "rotated": 200, "key-of-ci": 401} {
		if got := statusWith(g, key); got != want {
			t.Errorf("key %q after the change: status %d, want %d", key, got, want)
		}
	}
	views.publish(keysView())
	awaitStatus(t, g, "key-of-bot", http.StatusUnauthorized)
	if got := statusWith(g, "own"); got != http.StatusOK {
		t.Errorf("the node's own key: status %d", got)
	}
}

// TestWithoutOwnKeysTheClusterDecides is about a node that was given no key: whether it stands open is the cluster's to
// say, and until it has spoken nobody gets in.
func TestWithoutOwnKeysTheClusterDecides(t *testing.T) {
	t.Parallel()
	views := newChangingViews(&fsm.View{})
	g := newGateway(t, setup{views: views})
	follow(t, g)
	if got := statusWith(g, ""); got != http.StatusServiceUnavailable {
		t.Errorf("before it has joined: status %d, want 503", got)
	}
	views.publish(keysView())
	awaitStatus(t, g, "", http.StatusOK)
	views.publish(keysView("ci", "box:key-of-ci"))
	awaitStatus(t, g, "", http.StatusUnauthorized)
	awaitStatus(t, g, "key-of-ci", http.StatusOK)
}

func TestAKeyThatCannotBeOpenedLetsNobodyIn(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	g := newGateway(t, setup{views: newChangingViews(keysView("ci", "foreign")), log: &log})
	for _, key := range []string{"", "foreign", "ci"} {
		if got := statusWith(g, key); got != http.StatusUnauthorized {
			t.Errorf("key %q: status %d, want 401", key, got)
		}
	}
	if !strings.Contains(log.String(), "client key can't be used on this node") || strings.Contains(log.String(), "foreign") {
		t.Errorf("log:\n%s", log.String())
	}
}

// TestWritesTellWhoMadeThem looks at the commands, which get the name of the key and never the key.
func TestWritesTellWhoMadeThem(t *testing.T) {
	t.Parallel()
	var by []string
	applied := func(c fsm.Command) { by = append(by, c.By) }
	g := newGateway(t, setup{keys: []providers.Secret{"one", "two"}, views: newChangingViews(keysView("ci", "box:three")), applied: applied})
	open := newGateway(t, setup{applied: applied})
	const path, body = "/loadbalancer/algorithm", `{"algorithm": "weighted"}`
	for _, key := range []string{"one", "two", "three", "four"} {
		ask(g, http.MethodPut, path, body, "Authorization", "Bearer "+key)
	}
	ask(open, http.MethodPut, path, body)
	if diff := cmp.Diff([]string{"local-1", "local-2", "ci", "anonymous"}, by); diff != "" {
		t.Errorf("made by (-want +got):\n%s", diff)
	}
}
