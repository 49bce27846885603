package peer_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"aiproxy/store/peer"
)

// TestPauseRaft cuts a node's Raft streams off, both ways, while calls go on, and lets them be again.
func TestPauseRaft(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "a"), startNode(t, "b")
	fromA, fromB := a.Raft(a.addr), b.Raft(b.addr)
	out, err := fromA.Dial(raftAddress(b), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := fromB.Accept()
	if err != nil {
		t.Fatal(err)
	}
	in, err := fromB.Dial(raftAddress(a), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fromA.Accept(); err != nil {
		t.Fatal(err)
	}

	a.PauseRaft("its disk hangs")
	for name, stream := range map[string]io.Reader{"dialled": accepted, "accepted": in} {
		if _, err := stream.Read(make([]byte, 1)); err == nil {
			t.Errorf("the stream that was %s is alive", name)
		}
	}
	if _, err := out.Write([]byte("x")); err == nil {
		t.Error("a severed stream takes data")
	}
	if _, err := fromA.Dial(raftAddress(b), time.Minute); !errors.Is(err, peer.ErrPaused) {
		t.Errorf("dial while paused: %v, want ErrPaused", err)
	}
	_, err = fromB.Dial(raftAddress(a), time.Minute)
	refused, ok := errors.AsType[*peer.RefusedError](err)
	if !ok || refused.Code != peer.CodeNotReady || !strings.Contains(refused.Message, "its disk hangs") {
		t.Errorf("dial of a paused node: %v, want a refusal with the reason", err)
	}
	if _, err := b.Probe(t.Context(), a.addr); err != nil {
		t.Errorf("probe of a paused node: %v", err)
	}

	a.ResumeRaft()
	if _, err := fromA.Dial(raftAddress(b), time.Minute); err != nil {
		t.Errorf("dial after the pause: %v", err)
	}
	if _, err := fromB.Dial(raftAddress(a), time.Minute); err != nil {
		t.Errorf("dial of the node after the pause: %v", err)
	}
}
