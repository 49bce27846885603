package fsm

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
)

const (
	// maxRevisions is how many changes of the configuration can be taken back. It is part of the replicated behaviour.
	maxRevisions = 100
	// maxUndo bounds what is kept to take changes back, in bytes. The newest change can always be taken back.
	maxUndo = 8 << 20
)

// kept is a revision that can be rolled back to. It never changes.
type kept struct {
	Change Change `json:"change"`
	// Undo is the ConfigChange that leads to the revision before, nil in the oldest that is kept. It stays encoded: few
	// are ever read, and its length counts.
	Undo json.RawMessage `json:"undo,omitempty"`
}

// Revisions returns the changes that led to the revisions that can be rolled back to, the current one first.
func (v *View) Revisions() []Change {
	all := make([]Change, 0, len(v.history))
	for _, k := range slices.Backward(v.history) {
		all = append(all, k.Change)
	}
	return all
}

// At returns the configuration of a revision. It returns false for one that is not kept.
func (v *View) At(revision uint64) (Configuration, bool) {
	back, ok := v.changeBackTo(revision)
	if !ok {
		return Configuration{}, false
	}
	d := newDraft(v)
	d.change(back)
	return Configuration{Settings: d.next.Settings, Instances: d.next.Instances, ClientKeys: d.next.ClientKeys}, true
}

// firstKept is the oldest revision that can be rolled back to.
func (v *View) firstKept() uint64 {
	if len(v.history) == 0 {
		return v.Revision
	}
	return v.history[0].Change.Revision
}

// changeBackTo returns the change that leads from the current configuration back to that of a kept revision.
func (v *View) changeBackTo(revision uint64) (ConfigChange, bool) {
	if revision < v.firstKept() || revision > v.Revision {
		return ConfigChange{}, false
	}
	var back undoing
	for _, k := range slices.Backward(v.history) {
		if k.Change.Revision == revision {
			break
		}
		var undo ConfigChange
		if err := decodeStrict(k.Undo, &undo); err != nil {
			return ConfigChange{}, false // check has made sure that there is none.
		}
		back.before(undo)
	}
	return back.change(), true
}

// keep adds the revision that a change led to, if it led to one, and forgets the oldest where they are too many.
func (d *draft) keep(c Change) {
	last := len(d.next.history) - 1
	if last >= 0 && d.next.history[last].Change.Revision == c.Revision {
		return
	}
	k := &kept{Change: c}
	if last >= 0 {
		raw, err := json.Marshal(d.undo)
		if err != nil {
			// Every value of the state has a JSON form.
			panic("encode undo: " + err.Error())
		}
		k.Undo = raw
	}
	if !d.ownHistory {
		d.next.history = slices.Clone(d.next.history)
		d.ownHistory = true
	}
	d.next.history = trimHistory(append(d.next.history, k))
}

// trimHistory returns the newest revisions that fit the bounds, the oldest of them without its undo. It depends on the
// newest alone, so a list that holds some too many ends up the same. It may change the list.
func trimHistory(all []*kept) []*kept {
	first, size := len(all)-1, 0
	for ; first > 0 && all[first].Undo != nil; first-- {
		size += len(all[first].Undo)
		newest := first == len(all)-1
		if !newest && (size > maxUndo || len(all)-first > maxRevisions) {
			break
		}
	}
	all = all[max(0, first):]
	if len(all) > 0 && all[0].Undo != nil {
		all[0] = &kept{Change: all[0].Change}
	}
	return all
}

// check makes sure that a revision read from a file is one that keep could have made.
func (k *kept) check() error {
	if k.Undo == nil {
		return nil
	}
	var undo ConfigChange
	if err := decodeStrict(k.Undo, &undo); err != nil {
		return err
	}
	if raw, err := json.Marshal(undo); err != nil || string(raw) != string(k.Undo) {
		return errors.New("its undo is not in the canonical form")
	}
	return nil
}

// undoing puts undos together, from the newest change to the oldest: what is older wins.
type undoing struct {
	settings   *Settings
	instances  map[string]*Instance
	clientKeys map[string]*ClientKey
}

func (u *undoing) before(c ConfigChange) {
	if u.instances == nil {
		u.instances, u.clientKeys = map[string]*Instance{}, map[string]*ClientKey{}
	}
	if c.Settings != nil {
		u.settings = c.Settings
	}
	for i := range c.Instances {
		u.instances[c.Instances[i].Name] = &c.Instances[i]
	}
	for _, name := range c.DeletedInstances {
		u.instances[name] = nil
	}
	for i := range c.ClientKeys {
		u.clientKeys[c.ClientKeys[i].Name] = &c.ClientKeys[i]
	}
	for _, name := range c.DeletedClientKeys {
		u.clientKeys[name] = nil
	}
}

// change returns the sum in its normal form. It may delete what does not exist any more.
func (u *undoing) change() ConfigChange {
	c := ConfigChange{Settings: u.settings}
	for name, in := range u.instances {
		if in == nil {
			c.DeletedInstances = append(c.DeletedInstances, name)
			continue
		}
		c.Instances = append(c.Instances, *in)
	}
	for name, k := range u.clientKeys {
		if k == nil {
			c.DeletedClientKeys = append(c.DeletedClientKeys, name)
			continue
		}
		c.ClientKeys = append(c.ClientKeys, *k)
	}
	return c.normal()
}

// writeTo appends the revision's row to the canonical form, without another look at the undo.
func (k *kept) writeTo(w io.Writer) error {
	change, err := json.Marshal(k.Change)
	if err != nil {
		return err
	}
	parts := [][]byte{[]byte(`{"revision":{"change":`), change}
	if k.Undo != nil {
		parts = append(parts, []byte(`,"undo":`), k.Undo)
	}
	for _, part := range append(parts, []byte("}}\n")) {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
