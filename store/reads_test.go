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
	var mu sync.Mutex
	acknowledged, seen, reads := 0, 0, 0
	var readers sync.WaitGroup
	for _, n := range append(nodes, nodes...) {
		readers.Go(func() {
			for range 20 {
				mu.Lock()
				least := max(acknowledged, seen)
				mu.Unlock()
				if err := n.AwaitLatest(t.Context()); err != nil {
					continue // A busy machine may be without a leader for a while; what counts is that no read is wrong.
				}
				got := weightOn(n)
				if got < least {
					t.Errorf("%s read %d after %d was written or read", n.config.NodeID, got, least)
				}
				mu.Lock()
				seen, reads = max(seen, got), reads+1
				mu.Unlock()
			}
		})
	}
	for i := range 30 {
		if _, err := setWeight(t, nodes[i%3], i+2); err != nil {
			continue
		}
		mu.Lock()
		acknowledged = i + 2
		mu.Unlock()
	}
	readers.Wait()
	if acknowledged == 0 || reads < 10 {
		t.Errorf("%d reads and the last write acknowledged %d: too few to prove anything", reads, acknowledged)
	}
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
