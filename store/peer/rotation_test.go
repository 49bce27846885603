package peer_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"aiproxy/store/peer"
)

// withSecrets gives a node a secret and those before it.
func withSecrets(current string, previous ...string) option {
	return withConfig(func(c *peer.Config) {
		c.Secret = []byte(current)
		for _, s := range previous {
			c.PreviousSecrets = append(c.PreviousSecrets, []byte(s))
		}
	})
}

// TestSecretsInRotation has every kind of node that a rotation makes call every other, both ways.
func TestSecretsInRotation(t *testing.T) {
	t.Parallel()
	const first, second, third = "the first secret of three", "the second secret of three", "the third secret of three"
	for _, tt := range []struct {
		name     string
		one, two option
		talk     bool
	}{
		{"not begun, and with both", withSecrets(first), withSecrets(second, first), true},
		{"both with both", withSecrets(second, first), withSecrets(second, first), true},
		{"with both, and ended", withSecrets(second, first), withSecrets(second), true},
		{"not begun, and ended", withSecrets(first), withSecrets(second), false},
		{"begun twice, and not begun", withSecrets(third, second, first), withSecrets(first), true},
		{"begun twice, and begun once", withSecrets(third, second, first), withSecrets(second, first), true},
		{"second rotation, and the first not begun", withSecrets(third, second), withSecrets(first), false},
		{"the other way round", withSecrets(second, first), withSecrets(first, second), true},
		{"the same twice", withSecrets(first, first), withSecrets(first), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, two := startNode(t, "one", tt.one), startNode(t, "two", tt.two)
			for _, pair := range [][2]*node{{one, two}, {two, one}} {
				_, err := pair[0].call(t.Context(), pair[1], "")
				switch {
				case tt.talk && err != nil:
					t.Errorf("%s calls %s: %v", pair[0].self().NodeID, pair[1].self().NodeID, err)
				case !tt.talk && !errors.Is(err, peer.ErrSecret):
					t.Errorf("%s calls %s: %v, want ErrSecret", pair[0].self().NodeID, pair[1].self().NodeID, err)
				}
			}
		})
	}
}

// TestRotatedLeafIsRenewedWithItsBridges lets certificates of a node in rotation grow old.
func TestRotatedLeafIsRenewedWithItsBridges(t *testing.T) {
	t.Parallel()
	var now time.Time
	clock := withConfig(func(c *peer.Config) { c.Now = func() time.Time { return now } })
	for day := range 3 {
		now = time.Date(2030, 1, 1+day, 0, 0, 0, 0, time.UTC)
		t.Run(fmt.Sprintf("day %d", day), func(t *testing.T) {
			old := startNode(t, "old", withSecrets("an old secret"), clock)
			rotated := startNode(t, "rotated", withSecrets("a new secret", "an old secret"), clock)
			if _, err := old.call(t.Context(), rotated, ""); err != nil {
				t.Error(err)
			}
		})
	}
}
