package gateway

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"aiproxy/fsm"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// clientKeys keeps the ring of keys in step with the replicated state. Any number of goroutines may call ring; run
// belongs to one.
type clientKeys struct {
	local   []clientKey
	views   Views
	open    func(fsm.Sealed) (string, error)
	logger  *slog.Logger
	current atomic.Pointer[keyring]

	// built is the view that current was made of. It belongs to newClientKeys and then to run.
	built *fsm.View
}

// newClientKeys returns the keys of the current view.
func newClientKeys(own []providers.Secret, d Deps) *clientKeys {
	k := &clientKeys{open: d.OpenClientKey, logger: d.Logger}
	for i, key := range own {
		k.local = append(k.local, newClientKey("local-"+strconv.Itoa(i+1), key.Reveal()))
	}
	if d.Views == nil || d.OpenClientKey == nil {
		k.current.Store(&keyring{keys: k.local, access: accessWith(len(k.local), true)})
		return k
	}
	k.views = d.Views
	v, _ := k.views.Watch()
	k.follow(v)
	return k
}

func newClientKey(name, key string) clientKey {
	return clientKey{name: name, sum: sha256.Sum256([]byte(key))}
}

// accessWith is the access with so many keys on a node that knows of its cluster's, or does not yet.
func accessWith(keys int, known bool) access {
	switch {
	case keys > 0:
		return keyed
	case known:
		return openToAll
	default:
		return undecided
	}
}

// ring returns the keys that hold now.
func (k *clientKeys) ring() *keyring { return k.current.Load() }

// run follows the views until ctx is done, whose error it returns.
func (k *clientKeys) run(ctx context.Context) error {
	if k.views == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	for {
		v, newer := k.views.Watch()
		k.follow(v)
		select {
		case <-newer:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// follow opens the keys of the view once, unless they are those that are open already. A key that can't be opened lets
// nobody in, and still counts as one: the gateway must not stand open because of it.
func (k *clientKeys) follow(v *fsm.View) {
	if k.built != nil && sameClientKeys(k.built, v) {
		return
	}
	k.built = v
	ring := &keyring{
		keys:   append([]clientKey(nil), k.local...),
		access: accessWith(len(k.local)+len(v.ClientKeys), v.ClusterID != ""),
	}
	for _, key := range v.ClientKeys {
		plain, err := k.open(key.Key)
		if err != nil || plain == "" {
			k.logger.Warn("client key can't be used on this node", "key", key.Name, "error", err)
			continue
		}
		ring.keys = append(ring.keys, newClientKey(key.Name, plain))
	}
	k.current.Store(ring)
}

// sameClientKeys tells whether two views have the same keys. Views share what has not changed, so that looking at where
// the keys stand in memory is enough.
func sameClientKeys(a, b *fsm.View) bool {
	return (a.ClusterID == "") == (b.ClusterID == "") && len(a.ClientKeys) == len(b.ClientKeys) &&
		(len(a.ClientKeys) == 0 || &a.ClientKeys[0] == &b.ClientKeys[0])
}

// errKeysUnknown refuses a request that nobody can judge yet.
func errKeysUnknown() error {
	return &dialect.Error{
		Status: http.StatusServiceUnavailable,
		Type:   "server_error",
		Code:   "starting",
		Message: "This node does not know yet which keys clients may present: it is joining its cluster. " +
			"GET /cluster/status tells how far it is.",
		RetryAfter: time.Second,
	}
}
