package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"aiproxy/fsm"
)

// TestReadsSeeWhatWasAcknowledged writes on one node and reads on another at once, without waiting for it to catch up.
func TestReadsSeeWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	for i := range 30 {
		writer, reader := nodes[i%3], nodes[(i+1)%3]
		receipt, err := setWeight(t, writer, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := reader.AwaitLatest(t.Context()); err != nil {
			t.Fatalf("read on %s: %v", reader.config.NodeID, err)
		}
		if got := weightOn(reader); got != i+1 {
			t.Fatalf("weight %d on %s after the write of %d was acknowledged", got, reader.config.NodeID, i+1)
		}
		other := nodes[(i+2)%3]
		if err := other.AwaitIndex(t.Context(), receipt.Index); err != nil || weightOn(other) != i+1 {
			t.Fatalf("weight %d on %s at the write's index, error %v", weightOn(other), other.config.NodeID, err)
		}
	}
	if err := nodes[0].AwaitLatest(t.Context()); err != nil {
		t.Errorf("a read with no write before it: %v", err)
	}
}

// TestConcurrentReadsNeverGoBack reads on all nodes while weights rise: what one read has seen, later ones see.
func TestConcurrentReadsNeverGoBack(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	acknowledged, seen := 0, 0
	var readers sync.WaitGroup
	for _, n := range append(nodes, nodes...) {
		readers.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				least := max(acknowledged, seen)
				mu.Unlock()
				if err := n.AwaitLatest(ctx); err != nil {
					if ctx.Err() == nil {
						t.Errorf("read on %s: %v", n.config.NodeID, err)
					}
					return
				}
				got := weightOn(n)
				if got < least {
					t.Errorf("%s read %d after %d was written or read", n.config.NodeID, got, least)
				}
				mu.Lock()
				seen = max(seen, got)
				mu.Unlock()
			}
		})
	}
	for i := range 100 {
		if _, err := setWeight(t, nodes[i%3], i+2); err != nil {
			t.Error(err)
			break
		}
		mu.Lock()
		acknowledged = i + 2
		mu.Unlock()
	}
	cancel()
	readers.Wait()
}

func TestLatestStateNeedsAQuorum(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3)
	leader := leaderOf(t, nodes)
	rest := without(nodes, leader)
	for _, n := range rest {
		n.shutdown(t)
	}
	begun := time.Now()
	err := leader.AwaitLatest(t.Context())
	if took := time.Since(begun); took > 7*time.Second {
		t.Errorf("the refusal took %s", took)
	}
	if !errors.Is(err, fsm.ErrNoLeader) {
		t.Fatalf("read without quorum: %v, want ErrNoLeader", err)
	}
	back := rest[0].reopen(t)
	for _, n := range []*node{leader, back} {
		if err := n.AwaitLatest(t.Context()); err != nil {
			t.Errorf("read on %s once there is a quorum: %v", n.config.NodeID, err)
		}
	}
}

func TestIndexThatIsNotReachedIsTold(t *testing.T) {
	t.Parallel()
	n := form(t, 1)[0]
	if err := n.AwaitLatest(t.Context()); err != nil {
		t.Errorf("a lone node's read: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := n.AwaitIndex(ctx, 1<<40)
	if !errors.Is(err, fsm.ErrBehind) || !strings.Contains(err.Error(), "wait for index 1099511627776, at ") {
		t.Errorf("error %v", err)
	}
}
