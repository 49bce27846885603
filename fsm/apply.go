package fsm

import (
	"fmt"

	"github.com/hashicorp/raft"
)

// Result is the response of the state machine to every entry of the log, never a pointer to one.
type Result struct {
	// Index is the entry's index in the log; for a repeated command, that of the entry that was applied.
	Index uint64
	// Revision is the configuration's revision after the entry.
	Revision uint64
	// Rejection is not nil when the command was refused. It is the same on every replica.
	Rejection *Rejection
	// Repeated means that the command's idempotency key was known: the other fields tell of the first time.
	Repeated bool
	// Skipped means that the mirror already held the entry when the process started: its outcome is not known.
	Skipped bool
	// Fault is not nil when this replica could not apply the entry and is about to be stopped. The entry stays in
	// the log and takes effect on the other replicas, so a write that ends this way is indeterminate.
	Fault error
}

// Apply applies one entry of the log. See ApplyBatch.
func (f *FSM) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch applies entries of the log in their order: one transaction of the mirror, then one new View. It returns
// a Result for each. A mirror that can't be written is left behind, see RepairMirror. Entries that the state includes already are skipped. An entry that cannot be applied stops the
// state machine for good: the entries before it take effect, Options.OnFault is called, and neither this nor any
// later entry is applied. It blocks on the mirror's disk and is called by Raft alone.
func (f *FSM) ApplyBatch(logs []*raft.Log) []any {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]any, len(logs))
	fault := f.stopped()
	done := 0
	if fault == nil {
		done, fault = f.applyAll(logs, out)
	}
	for i := done; i < len(logs); i++ {
		out[i] = Result{Index: logs[i].Index, Fault: fault}
	}
	return out
}

// applyAll fills in the results and returns how many of them hold, and what stopped it before the end.
func (f *FSM) applyAll(logs []*raft.Log, out []any) (int, error) {
	d := newDraft(f.View())
	var fault error
	n := 0
	for ; n < len(logs); n++ {
		res, err := f.applyOne(d, logs[n])
		if err != nil {
			fault = fmt.Errorf("apply entry %d of term %d: %w", logs[n].Index, logs[n].Term, err)
			break
		}
		out[n] = res
	}
	if d.next.Index > f.View().Index {
		d.next.memory = f.memory.recent
		f.mirrorBatch(d)
		f.publish(d.next)
	}
	if fault != nil {
		return n, f.fail(fault)
	}
	return n, nil
}

func (f *FSM) applyOne(d *draft, l *raft.Log) (Result, error) {
	if l.Index <= d.next.Index {
		return Result{Index: l.Index, Revision: d.next.Revision, Skipped: true}, nil
	}
	res := Result{Index: l.Index, Revision: d.next.Revision}
	switch l.Type {
	case raft.LogCommand:
		var err error
		if res, err = f.applyCommand(d, l); err != nil {
			return Result{}, err
		}
	case raft.LogConfiguration:
		d.next.ConfigurationIndex = l.Index
	}
	d.next.Index, d.next.Term = l.Index, l.Term
	return res, nil
}

// applyCommand returns an error only for what no replica of this build can apply.
func (f *FSM) applyCommand(d *draft, l *raft.Log) (Result, error) {
	c, err := Decode(l.Data)
	if err != nil {
		return Result{}, err
	}
	s, err := parseStep(c.Type, c.Payload)
	if err != nil {
		return Result{}, err
	}
	if s.level > FeatureLevel {
		return Result{}, fmt.Errorf("%s to feature level %d where this build has %d: %w", c.Type, s.level, FeatureLevel, ErrFeatureLevel)
	}
	if res, ok := f.recall(d, l.Index, c, s); ok {
		return res, nil
	}
	rejection := d.admit(c)
	if rejection == nil {
		d.begin(c)
		rejection = s.run(d)
	}
	if rejection == nil {
		d.record(c, l.Index, s.target)
	}
	res := Result{Index: l.Index, Revision: d.next.Revision, Rejection: rejection}
	if c.Key != "" {
		f.memory.add(remembered{
			Key: c.Key, Type: c.Type, Target: clip(s.target),
			Index: res.Index, Revision: res.Revision, Rejection: res.Rejection,
		})
	}
	return res, nil
}

// recall answers a command whose idempotency key is known or unusable. Such an answer is not remembered.
func (f *FSM) recall(d *draft, index uint64, c Command, s step) (Result, bool) {
	refuse := func(r *Rejection) (Result, bool) {
		return Result{Index: index, Revision: d.next.Revision, Rejection: r}, true
	}
	if r := checkKey(c.Key); r != nil {
		return refuse(r)
	}
	first, ok := f.memory.lookup(c.Key)
	if !ok {
		return Result{}, false
	}
	if first.Type != c.Type || first.Target != clip(s.target) {
		return refuse(reject(RejectedConflict, "the idempotency key was used before, for another command"))
	}
	return first.result(), true
}

// admit judges a command by the state alone, before its own rules.
func (d *draft) admit(c Command) *Rejection {
	if d.next.ClusterID == "" && c.Type != ClusterInit {
		return reject(RejectedConflict, "the cluster is not initialised yet")
	}
	if level := c.Type.Level(); level > d.next.FeatureLevel && d.next.ClusterID != "" && c.Type != LevelRaise {
		return reject(RejectedConflict, "%s needs feature level %d and the cluster is at %d", c.Type, level, d.next.FeatureLevel)
	}
	if r := checkBy(c.By); r != nil {
		return r
	}
	if c.IfRevision != 0 && c.IfRevision != d.next.Revision {
		return reject(RejectedRevision, "the revision is %d, not %d", d.next.Revision, c.IfRevision)
	}
	return nil
}
