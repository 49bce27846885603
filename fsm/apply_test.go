package fsm_test

import (
	"testing"

	"aiproxy/fsm"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t), keyed(command(t, fsm.AlgorithmSet, fsm.AlgorithmChange{Algorithm: "weighted"}), "k1"),
		command(t, fsm.MemberSet, member("n1")),
		command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: new(7)}))
	h := m.View().Hash()
	m.reopen()
	if got := m.View().Hash(); got != h {
		t.Errorf("hash after reopening = %s, want %s", got, h)
	}
	if m.View().Index != 4 || m.View().Revision != 3 {
		t.Errorf("index %d revision %d", m.View().Index, m.View().Revision)
	}
}
